//! Rule R8: which files of a source are new or have changed, and what their loads are to the table.
//!
//! The ledger of what is loaded is the table's set of changes; there is no other.

use bywash_core::{Code, Error, ObjectId, Result, TableName, counted};
use bywash_lake::TableShape;
use bywash_lake::changes::{LoadContent, SourceKey, TableState, Unsound};

use super::load::Request;
use crate::project::OnChange;
use crate::source::SourceFile;

/// A file with the hash of what is in it.
pub(super) struct Arrival {
    pub(super) file: SourceFile,
    pub(super) content: ObjectId,
    /// Whether other content of it was loaded before.
    changed: bool,
    /// Whether its rows stand beside what the file gave before (`on_change: append`).
    beside: bool,
}

/// The files whose content is not in the table.
pub(super) fn arrivals(
    request: &Request<'_>,
    state: &TableState,
    listed: &[(SourceFile, ObjectId)],
) -> Result<Vec<Arrival>> {
    let mut found = Vec::new();
    for (file, content) in listed {
        let key = source_key(&request.node.name, file);
        let beside_key = SourceKey { path: format!("{}#{}", key.path, content.short()), ..key.clone() };
        if state.is_loaded(&key, *content) || state.is_loaded(&beside_key, *content) {
            continue;
        }
        let changed = state.load_of(&key).is_some();
        if changed && request.on_change == OnChange::Error {
            return Err(Error::new(Code::ChangedFile, format!("`{}` has changed since it was loaded", file.shown))
                .at(request.node.place().clone())
                .hint("the source says `on_change: error`; `replace` would take the new rows for the old ones"));
        }
        let beside = changed && request.on_change == OnChange::Append;
        found.push(Arrival { file: file.clone(), content: *content, changed, beside });
    }
    Ok(found)
}

fn source_key(name: &TableName, file: &SourceFile) -> SourceKey {
    SourceKey { resource: name.to_string(), path: file.shown.clone() }
}

/// The state of a table after one more file was loaded.
pub(super) fn add_load(
    state: &TableState,
    resource: &TableName,
    shape: &TableShape,
    arrival: &Arrival,
    files: Vec<bywash_lake::tables::DataFile>,
) -> Result<TableState, Unsound> {
    let load = LoadContent {
        source_key: source_key(resource, &arrival.file),
        content: arrival.content,
        columns: shape.schema.fields.clone(),
    };
    if arrival.beside { state.load_beside(&load, files) } else { state.load(&load, files) }
}

/// The error of a load that the table cannot take.
pub(super) fn unsound(name: &TableName, reason: Unsound) -> Error {
    Error::new(Code::MergeConflict, format!("a load does not fit `{name}`: {}", reason.reason()))
        .hint(format!("`bywash table history {name}` shows what was done to it; revert the edit, or the load, first"))
}

/// Why a file's rows cannot go in; where the ones it gave were edited since, how to take the new file (rule R8).
pub(super) fn refused_load(name: &TableName, arrival: &Arrival, reason: Unsound) -> Error {
    if !arrival.changed || reason != Unsound::StandsOnNothing {
        return unsound(name, reason);
    }
    let file = &arrival.file.shown;
    Error::new(Code::MergeConflict, format!("`{file}` changed, and rows that it gave to `{name}` were edited since"))
        .hint(format!(
            "to take the new file, take the edits back with `bywash revert COMMIT` (`bywash table history {name}` lists \
             them) and run again; to keep the edits, put the old file back"
        ))
}

/// How many files are new and how many have changed, and what became of their bad rows.
pub(super) fn describe(arrivals: &[Arrival], quarantined: usize) -> String {
    let count = |number: usize, what: &str| (number > 0).then(|| counted(number as u64, &format!("{what} file")));
    let changed = arrivals.iter().filter(|arrival| arrival.changed).count();
    let rejected = (quarantined > 0).then(|| format!("{} quarantined", counted(quarantined as u64, "row")));
    let parts = [count(arrivals.len() - changed, "new"), count(changed, "changed"), rejected];
    match parts.into_iter().flatten().collect::<Vec<_>>().join(", ") {
        nothing if nothing.is_empty() => "files are gone".to_owned(),
        said => said,
    }
}
