//! Why a running statement failed: memory, disk, values that cannot be cast, files that are gone.

use arrow::error::ArrowError;
use bywash_core::{Code, Error};
use datafusion::common::DataFusionError;

use super::words::sentence;
use crate::sql::Source;

/// The error of a running statement that stands in `source`.
pub(crate) fn explain(source: &Source, error: DataFusionError) -> Error {
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => explain(source, *inner),
        DataFusionError::Collection(mut errors) if !errors.is_empty() => explain(source, errors.remove(0)),
        DataFusionError::Shared(shared) => by_reference(source, &shared),
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(inner) => match inner.downcast::<DataFusionError>() {
                Ok(inner) => explain(source, *inner),
                Err(inner) => by_reference(source, &DataFusionError::External(inner)),
            },
        },
        DataFusionError::ArrowError(arrow, context) => match *arrow {
            ArrowError::ExternalError(inner) => explain(source, DataFusionError::External(inner)),
            other => by_reference(source, &DataFusionError::ArrowError(Box::new(other), context)),
        },
        other => by_reference(source, &other),
    }
}

fn by_reference(source: &Source, error: &DataFusionError) -> Error {
    if let Some(own) = find_own(error) {
        return own;
    }
    let said = sentence(&error.strip_backtrace());
    if is_spill_limit(&said) {
        return exhausted(&said);
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(text) => exhausted(text),
        DataFusionError::ArrowError(arrow, _) => value(source, arrow, said),
        DataFusionError::ObjectStore(store) => files(store, &said),
        DataFusionError::ParquetError(_) => damaged(&said),
        DataFusionError::IoError(io) if io.kind() == std::io::ErrorKind::StorageFull => spill_disk_full(),
        DataFusionError::Internal(_) | DataFusionError::ExecutionJoin(_) => {
            Error::bug("a statement broke off").at(source.whole()).caused_by(said)
        }
        DataFusionError::External(inner) => match inner.downcast_ref::<object_store::Error>() {
            Some(store) => files(store, &said),
            None => Error::new(Code::QueryFailed, said).at(source.whole()),
        },
        _ => Error::new(Code::QueryFailed, said).at(source.whole()),
    }
}

/// An error of ours that travelled through the engine in a shared wrapper.
fn find_own(error: &DataFusionError) -> Option<Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(found) = cause {
        if let Some(own) = found.downcast_ref::<Error>() {
            return Some(own.clone());
        }
        cause = found.source();
    }
    None
}

/// Memory or disk ran out. The pool says
/// `Failed to allocate additional 1.0 MB for X with 2.0 MB already allocated … - 3.0 MB remain …`.
pub(super) fn exhausted(text: &str) -> Error {
    if is_spill_limit(text) {
        return Error::new(Code::SpillLimit, "a query needs more disk for its intermediate rows than it may take")
            .hint("raise `[engine] spill_limit`, or give it more memory with `[engine] memory_limit`")
            .caused_by(sentence(text));
    }
    let wanted = between(text, "Failed to allocate additional ", " for ");
    let who = between(text, " for ", " with ");
    let left = between(text, "this reservation - ", " remain");
    let message = match (wanted, who, left) {
        _ if text.contains("DiskManager is disabled") => {
            let doing = between(text, "while ", " (").unwrap_or("running").to_lowercase();
            format!("memory ran out while {doing}, and nothing may be kept on disk")
        }
        (Some(wanted), Some(who), Some(left)) => {
            format!("memory ran out: `{}` wanted {wanted} more, and {left} of the limit are left", operator(who))
        }
        _ => "memory ran out".to_owned(),
    };
    Error::new(Code::MemoryLimit, message)
        .hint("raise `[engine] memory_limit` (and `spill_limit`, which decides how much may go to disk instead)")
        .hint("or let the query keep less: fewer columns, filters before joins, the smaller table joined second")
        .maybe_hint(holders(text))
}

/// The pool lists who holds most, as `HashJoinInput#3(can spill: false) consumed 40.0 MB, peak 41.0 MB`.
fn holders(text: &str) -> Option<String> {
    let held = text.lines().filter_map(|line| {
        let (who, rest) = line.trim().split_once('#')?;
        Some(format!("`{}` {}", operator(who), rest.split_once(" consumed ")?.1.split(',').next()?))
    });
    let held: Vec<_> = held.collect();
    (!held.is_empty()).then(|| format!("most memory was held by {}", held.join(", ")))
}

fn is_spill_limit(text: &str) -> bool {
    text.contains("used disk space during the spilling")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}

/// `ExternalSorter[0]` → `ExternalSorter`
fn operator(consumer: &str) -> &str {
    consumer.split('[').next().unwrap_or(consumer)
}

fn value(source: &Source, arrow: &ArrowError, said: String) -> Error {
    let (message, hint) = match arrow {
        ArrowError::DivideByZero => ("a number is divided by zero".to_owned(), "use `nullif(x, 0)` as the divisor"),
        ArrowError::CastError(text) | ArrowError::ParseError(text) => {
            (sentence(text), "use `try_cast`, which gives null where a value does not fit")
        }
        ArrowError::ParquetError(_) => return damaged(&said),
        ArrowError::ArithmeticOverflow(text) => (sentence(text), "cast to a wider type first"),
        _ => (said, "the message comes from a function or operator of the query"),
    };
    Error::new(Code::QueryFailed, message).at(source.whole()).hint(hint)
}

fn files(store: &object_store::Error, said: &str) -> Error {
    match store {
        object_store::Error::NotFound { path, .. } => {
            Error::new(Code::ObjectMissing, format!("the data file `{path}` is missing"))
                .hint("`bywash doctor` lists what is missing; nothing but Bywash may delete files of the lake")
        }
        object_store::Error::PermissionDenied { path, .. } => {
            Error::new(Code::PermissionDenied, format!("the data file `{path}` may not be read"))
        }
        _ => Error::new(Code::FileSystem, "a data file cannot be read").caused_by(said),
    }
}

/// The bytes were there, and are no rows.
fn damaged(said: &str) -> Error {
    Error::new(Code::TableCorrupt, "the rows of a data file are damaged")
        .hint("restore the file from a backup, or `bywash revert` the commit that wrote it")
        .caused_by(said)
}

fn spill_disk_full() -> Error {
    Error::new(Code::DiskFull, "no space is left where queries keep intermediate rows")
        .hint("free some space, or give queries more memory with `[engine] memory_limit`")
}
