//! Work that blocks, as reading a folder or waiting for a worker does: never on a thread of the scheduler.

use bywash_core::{Error, Result};

/// Runs what blocks on a thread for it.
///
/// # Errors
/// As the work; a bug if it panics.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::bug("a thread ended without a result").caused_by(error))?
}
