//! `bywash.lock`: for each set of requirements of a project, the exact packages with their hashes.
//!
//! The file lies beside the project and belongs into git, so that colleagues and servers compute the same. Each section
//! is what `uv` resolved, below a line that says for what:
//!
//! ```text
//! [python any; scikit-learn==1.7.2 -> 3.12]
//! scikit-learn==1.7.2 \
//!     --hash=sha256:…
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bywash_core::{Code, Error, ObjectId, Place, Result};

use super::Requirements;

const HEAD: &str = "# Written by Bywash: the packages of this project's Python functions, with their hashes.\n\
                    # Keep it in git. A section that is deleted is resolved anew by the next run.\n";

/// Exact packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The version of Python that they were resolved for, like `3.12`.
    pub(crate) python: String,
    /// As `uv` reads and writes it.
    pub(crate) text: String,
}

impl Lock {
    /// Stands for the lock in keys: equal locks, equal ids.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId::of(format!("python {}\n{}", self.python, self.text).as_bytes())
    }

    /// The version of Python, like `3.12`.
    #[must_use]
    pub fn python(&self) -> &str {
        &self.python
    }
}

/// The locks of a project.
#[derive(Clone, Debug, Default)]
pub struct LockFile {
    path: PathBuf,
    locks: BTreeMap<String, Lock>,
}

impl LockFile {
    /// Reads the file; one that does not exist is empty.
    ///
    /// # Errors
    /// It cannot be read, or is not a lock file.
    pub fn read(path: &Path) -> Result<Self> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Error::io("read", path, &error)),
        };
        let mut locks = BTreeMap::new();
        let mut current: Option<(String, Lock)> = None;
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(head) = line.strip_prefix('[') {
                let head = head.strip_suffix(']').and_then(|head| head.rsplit_once(" -> "));
                let Some((requirements, python)) = head else { return Err(wrong(path, number)) };
                locks.extend(current.take());
                let lock = Lock { python: python.to_owned(), text: String::new() };
                current = Some((requirements.to_owned(), lock));
            } else if let Some((_, lock)) = &mut current {
                if !line.is_empty() {
                    lock.text.extend([line, "\n"]);
                }
            } else if !line.is_empty() && !line.starts_with('#') {
                return Err(wrong(path, number));
            }
        }
        locks.extend(current);
        Ok(Self { path: path.to_owned(), locks })
    }

    /// The lock of these requirements, if they were resolved.
    #[must_use]
    pub fn find(&self, requirements: &Requirements) -> Option<&Lock> {
        self.locks.get(&requirements.to_string())
    }

    /// Adds a lock and writes the file, whole or not at all.
    pub(crate) fn add(&mut self, requirements: &Requirements, lock: Lock) -> Result<()> {
        self.locks.insert(requirements.to_string(), lock);
        let mut text = HEAD.to_owned();
        for (requirements, lock) in &self.locks {
            text.push_str(&format!("\n[{requirements} -> {}]\n{}", lock.python, lock.text));
        }
        let failed = |error| Error::io("write", &self.path, &error);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

fn wrong(path: &Path, line: u64) -> Error {
    Error::new(Code::PythonEnvironment, format!("`{}` is not a lock file of Bywash", path.display()))
        .at(Place::line(path, line))
        .hint("take it from git again, or delete it: the next run resolves the packages anew")
}
