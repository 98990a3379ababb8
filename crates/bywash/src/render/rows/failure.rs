//! What the writers of Arrow, Parquet and JSON say, as one kind of failure about one place.

use std::io;
use std::path::Path;

use arrow::error::ArrowError;
use bywash_core::{Code, Error};
use parquet::errors::ParquetError;

/// The failure of a place, with what to do about it.
pub(super) fn explain(error: &io::Error, place: &Path) -> Error {
    if error.kind() == io::ErrorKind::Unsupported {
        return Error::new(Code::UnsupportedType, format!("cannot write `{}`: {error}", place.display()))
            .hint("cast the column, or choose another format with `-o`");
    }
    Error::io("write", place, error)
}

/// The input/output failure inside an Arrow error, or the error as one.
pub(super) fn from_arrow(error: ArrowError) -> io::Error {
    match error {
        ArrowError::IoError(_, inner) => inner,
        ArrowError::ExternalError(inner) => inner.downcast::<io::Error>().map_or_else(io::Error::other, |inner| *inner),
        ArrowError::NotYetImplemented(text) => io::Error::new(io::ErrorKind::Unsupported, text),
        other => io::Error::other(other),
    }
}

/// The same for Parquet.
pub(super) fn from_parquet(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => inner.downcast::<io::Error>().map_or_else(io::Error::other, |inner| *inner),
        ParquetError::NYI(text) => io::Error::new(io::ErrorKind::Unsupported, text),
        other => io::Error::other(other),
    }
}
