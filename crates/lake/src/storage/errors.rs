//! What the object store, Parquet or the file system said, as an error that a person can act on.

use std::error::Error as StdError;
use std::io;
use std::path::Path;

use bywash_core::{Code, Error};

use super::remote::remote_error;

/// The error of an operation on a file, whatever library reported it. `path` of a file in an object store is its
/// whole address.
///
/// The error of the operating system is looked for below all wrappers, so that a full disk, a missing file and a
/// missing permission get their own codes.
#[must_use]
pub fn storage_error(doing: &str, path: &Path, error: &(dyn StdError + 'static)) -> Error {
    if let Some(place) = path.to_str().filter(|place| place.contains("://")) {
        let absent = || Error::io(doing, path, &io::Error::from(io::ErrorKind::NotFound));
        return remote_error(doing, place, error).unwrap_or_else(absent);
    }
    let mut wrapper = Some(error);
    let mut system = None;
    while let Some(current) = wrapper {
        if let Some(found) = current.downcast_ref::<io::Error>() {
            system = Some(found);
        }
        if let Some(inner) = current.downcast_ref::<io::Error>().and_then(|found| found.get_ref()) {
            wrapper = Some(inner);
            continue;
        }
        if let Some(object_store::Error::AlreadyExists { .. }) = current.downcast_ref::<object_store::Error>() {
            return Error::new(Code::FileSystem, format!("cannot {doing} `{}`: it exists already", path.display()));
        }
        if let Some(object_store::Error::NotFound { .. }) = current.downcast_ref::<object_store::Error>() {
            return Error::io(doing, path, &io::Error::from(io::ErrorKind::NotFound));
        }
        wrapper = current.source();
    }
    match system {
        Some(system) => Error::io(doing, path, system),
        None => Error::new(Code::FileSystem, format!("cannot {doing} `{}`: {error}", path.display())),
    }
}
