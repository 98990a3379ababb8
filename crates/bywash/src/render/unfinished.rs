//! Files under temporary names: whatever ends the process before they are finished must not leave them behind.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static FILES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file that [`remove_all`] removes, until this is dropped.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// The file of this name.
    #[must_use]
    pub fn new(file: &Path) -> Self {
        lock().insert(file.to_owned());
        Self(file.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        lock().remove(&self.0);
    }
}

/// Removes them all; for a process that ends without its destructors.
pub fn remove_all() {
    for file in std::mem::take(&mut *lock()) {
        // Nobody is left to whom a failure would matter.
        let _ = std::fs::remove_file(file);
    }
}

fn lock() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}
