//! Code of others that asserts what it reads: where a file is damaged it panics, and that is the file's fault.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// How many calls of [`guarded`] this thread is inside.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// What `work` gives, or nothing if it panics. It must not leave anything half changed that outlives it.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    DEPTH.set(DEPTH.get() + 1);
    let found = catch_unwind(AssertUnwindSafe(work)).ok();
    DEPTH.set(DEPTH.get() - 1);
    found
}

/// Whether a panic of this thread would be caught by [`guarded`], so that nobody is to be told of it.
#[must_use]
pub fn is_guarded() -> bool {
    DEPTH.get() > 0
}
