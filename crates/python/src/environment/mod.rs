//! Environments: requirements → a lock with hashes, beside the project → a virtual environment, kept by lock.

mod lock;
mod requirements;
mod sdk;

use std::fs;
use std::path::{Path, PathBuf};

use bywash_core::{Error, Result};

pub use lock::{Lock, LockFile};
pub use requirements::Requirements;

pub(crate) use sdk::unpack;

/// A virtual environment that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Environment {
    /// Its interpreter.
    pub(crate) python: PathBuf,
}

impl Environment {
    /// The environment of this interpreter, which has pyarrow: for tests, and for who makes environments otherwise.
    #[must_use]
    pub fn of_interpreter(python: impl Into<PathBuf>) -> Self {
        Self { python: python.into() }
    }

    /// Its interpreter.
    #[must_use]
    pub fn python(&self) -> &Path {
        &self.python
    }
}

/// Makes environments and keeps them, for every project of this user.
#[derive(Clone, Debug)]
pub struct Environments {
    cache: PathBuf,
}

impl Environments {
    /// Environments below this folder.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self { cache: cache.into() }
    }

    /// The lock of these requirements: from the file, else resolved now and written into it. Blocks on the network.
    ///
    /// # Errors
    /// The packages cannot be had together, or the interpreter is missing (`python-environment`, `python-missing`).
    pub fn lock(&self, requirements: &Requirements, file: &Path) -> Result<Lock> {
        match LockFile::read(file)?.find(requirements) {
            Some(lock) => Ok(lock.clone()),
            None => Err(Error::bug("environments are being built")),
        }
    }

    /// The environment of a lock: kept from an earlier run, else made now. Blocks on the network.
    ///
    /// # Errors
    /// The interpreter is missing, or a package cannot be installed.
    pub fn prepare(&self, lock: &Lock) -> Result<Environment> {
        let _ = (lock, &self.cache);
        Err(Error::bug("environments are being built"))
    }
}

/// Makes a folder that appears with everything in it, or not at all. Whoever is second takes what the first one made.
fn put_whole(folder: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = folder.parent().unwrap_or(folder);
    let failed = |error| Error::io("create", folder, &error);
    fs::create_dir_all(parent).map_err(failed)?;
    let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent).map_err(failed)?;
    fill(unfinished.path())?;
    match fs::rename(unfinished.path(), folder) {
        Ok(()) => {
            drop(unfinished.keep());
            Ok(())
        }
        Err(_) if folder.exists() => Ok(()),
        Err(error) => Err(failed(error)),
    }
}
