//! Environments: requirements → a lock with hashes, beside the project → a virtual environment, kept by lock.

mod lock;
mod requirements;
mod sdk;
mod uv;

use std::fs;
use std::path::{Path, PathBuf};

use bywash_core::{Code, Error, ObjectId, Result};

use self::uv::Uv;

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
        if let Some(lock) = LockFile::read(file)?.find(requirements) {
            return Ok(lock.clone());
        }
        let uv = Uv::get(&self.cache)?;
        let python = uv.find_python(requirements.python())?;
        let version = requirements.python().unwrap_or(&python.version);
        let mut packages = requirements.packages().join("\n");
        // What a worker itself needs; a function may ask for a certain one.
        packages.push_str("\npyarrow\n");
        let text = uv.resolve(&packages, &python, version).map_err(|said| {
            let message = format!("the packages of `{requirements}` cannot be had together: {said}");
            Error::new(Code::PythonEnvironment, message).hint("change the versions in `pip=` of the decorator")
        })?;
        let lock = Lock { python: version.to_owned(), text };
        // Read again: another process may have added its own meanwhile.
        let mut locks = LockFile::read(file)?;
        locks.add(requirements, lock.clone())?;
        Ok(lock)
    }

    /// The environment of a lock: kept from an earlier run, else made now. Blocks on the network.
    ///
    /// # Errors
    /// The interpreter is missing, or a package cannot be installed.
    pub fn prepare(&self, lock: &Lock) -> Result<Environment> {
        let folder = self.folder(lock);
        let environment = Environment { python: folder.join("venv/bin/python") };
        // The link leads to an interpreter that may have been removed since.
        if environment.python.exists() {
            return Ok(environment);
        }
        let uv = Uv::get(&self.cache)?;
        let python = uv.find_python(Some(&lock.python))?;
        drop(fs::remove_dir_all(&folder));
        put_whole(&folder, |unfinished| {
            let file = unfinished.join("lock.txt");
            fs::write(&file, &lock.text).map_err(|error| Error::io("write", &file, &error))?;
            uv.install(&unfinished.join("venv"), &python, &file).map_err(|said| {
                let message = format!("the packages of Python functions cannot be installed: {said}");
                Error::new(Code::PythonEnvironment, message).hint(
                    "the exact packages are in the project's lock file; deleting their section resolves them anew",
                )
            })
        })?;
        Ok(environment)
    }

    /// Environments of one system: two may share a home.
    fn folder(&self, lock: &Lock) -> PathBuf {
        let system = format!("{} {} {}", std::env::consts::OS, std::env::consts::ARCH, lock.id());
        self.cache.join("environments").join(ObjectId::of(system.as_bytes()).to_string())
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
