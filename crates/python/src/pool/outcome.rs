//! What a call came to: tables that are sealed and as declared, or one error.

use bywash_core::{Code, Error, Result};

use super::ending::Failed;
use super::job::declared;
use super::session::{End, Session, Told};
use super::words::Ended;
use crate::handover::{Mapped, has_columns, normal_schema};
use crate::{Call, Expected, Output};

/// What a run gave that has ended, or why it gave nothing.
pub(super) fn outcome(call: &Call, session: &Session, told: &mut Told, end: End) -> Result<Vec<Output>> {
    if told.failure.is_some() || told.done.is_none() || end != End::By(Ended::Code(0)) {
        return Err(failure(call, session, told, end));
    }
    outputs(&call.expected, told)
}

/// Why a run failed that has ended.
pub(super) fn failure(call: &Call, session: &Session, told: &mut Told, end: End) -> Error {
    let failed = Failed { function: &call.function, project: &call.project, file: &call.file, session };
    match told.failure.take() {
        Some(failure) => failed.by_failure(failure),
        None => failed.by_end(end),
    }
}

/// The tables that were written, sealed, with the columns that were declared.
pub(super) fn outputs(expected: &Expected, told: &mut Told) -> Result<Vec<Output>> {
    let tables = told.done.as_mut().map(|done| std::mem::take(&mut done.tables)).unwrap_or_default();
    let declared = declared(expected);
    let mut outputs = Vec::new();
    for (index, written) in tables.into_iter().enumerate() {
        let file = told.take(&written).ok_or_else(|| damaged("a table that it did not write"))?;
        let (file, bytes) = file.seal()?;
        let file = Mapped::open(file, bytes)?;
        if let Some(declared) = declared.get(index) {
            let schema = normal_schema(&declared.schema);
            if declared.name != written.name || !has_columns(file.schema(), &schema) {
                return Err(damaged("other columns than it said"));
            }
        }
        outputs.push(Output { name: written.name, rows: written.rows, bytes, file });
    }
    if !declared.is_empty() && declared.len() != outputs.len() {
        return Err(damaged("fewer tables than it said"));
    }
    Ok(outputs)
}

/// The worker checks what a function returns; if this still is wrong, the function has changed its own process.
fn damaged(what: &str) -> Error {
    Error::new(Code::PythonCrashed, format!("the function's process is damaged: it gave {what}"))
        .hint("a function must not change the modules of Bywash or of Arrow")
}
