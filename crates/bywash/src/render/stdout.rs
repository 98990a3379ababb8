//! Standard output as the place for data. A reader that went away (`bywash query … | head`) is no failure: it is
//! remembered here, and the program ends quietly with success.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Standard output; clones share what they know of its reader.
#[derive(Clone, Debug, Default)]
pub struct Stdout {
    closed: Arc<AtomicBool>,
}

impl Stdout {
    /// Whether the reader of the pipe has gone away.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    fn watch<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.closed.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.watch(io::stdout().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.watch(io::stdout().lock().flush())
    }
}
