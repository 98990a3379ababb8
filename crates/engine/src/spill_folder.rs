//! A folder of this engine's own for what its queries put on disk, and the end of folders whose owners died.
//!
//! A process that is killed cannot remove its files. Each owner holds a lock in its folder as long as it lives, so
//! whoever starts next can tell which folders nobody owns any more, and removes them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use bywash_core::{Error, ObjectId, Result};

const LOCK: &str = "bywash-spill.lock";

/// The folder; dropping it removes it with everything in it.
#[derive(Debug)]
pub(crate) struct SpillFolder {
    path: PathBuf,
    _lock: File,
}

impl SpillFolder {
    /// A new folder in `parent`, which is made when it is missing; or among the machine's temporary files, for those
    /// who may only read.
    ///
    /// # Errors
    /// It can be made in neither.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        Self::within(parent).or_else(|error| Self::within(&std::env::temp_dir()).map_err(|_| error))
    }

    fn within(parent: &Path) -> Result<Self> {
        let failed = |error: std::io::Error| Error::io("create the folder for spilling", parent, &error);
        fs::create_dir_all(parent).map_err(failed)?;
        sweep(parent);
        let path = parent.join(ObjectId::unique().short());
        fs::create_dir(&path).map_err(failed)?;
        let lock = File::create(path.join(LOCK)).map_err(failed)?;
        // Where files cannot be locked nobody else can lock this one either, and it stays.
        let _ = lock.try_lock();
        Ok(Self { path, _lock: lock })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillFolder {
    fn drop(&mut self) {
        // What stays is removed by the next engine.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes folders that nobody owns. One without a lock is being made right now.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for folder in entries.flatten().map(|entry| entry.path()) {
        let is_dead = match File::open(folder.join(LOCK)).map(|lock| (lock.try_lock(), lock)) {
            Ok((Ok(()), _lock)) => true,
            Ok((Err(TryLockError::WouldBlock | TryLockError::Error(_)), _)) | Err(_) => false,
        };
        if is_dead {
            // Another engine may be removing it too.
            let _ = fs::remove_dir_all(folder);
        }
    }
}
