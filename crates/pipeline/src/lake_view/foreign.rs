//! Iceberg tables outside the lake, named by their `metadata.json`: `from 'wh/ns/t/metadata/00002-….metadata.json'`.
//!
//! Other engines may have written row-level deletes into them, which a scan applies. They can only be read.

use std::path::Path;
use std::sync::Arc;

use bywash_core::{Code, Error, Result};
use bywash_engine::{LakeTable, Resolved, deleted_rows};
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::{LoadedTable, TableFiles};

/// How such a file's name ends.
const METADATA: &str = ".metadata.json";

/// Whether a quoted name means an Iceberg table, and not the JSON in its metadata.
#[must_use]
pub fn is_iceberg_table(path: &str) -> bool {
    path.ends_with(METADATA)
}

/// The current snapshot of the table.
///
/// # Errors
/// The file is missing, is no table metadata of format version 1 or 2, or does not lie in `<table>/metadata/`.
pub async fn iceberg_table(path: &Path, shown: &str) -> Result<Resolved> {
    let file = path.canonicalize().map_err(|error| Error::io("read", path, &error))?;
    let place = || {
        Error::new(Code::UnreadableFile, format!("`{shown}` does not lie where an Iceberg table has its metadata"))
            .hint("it is read from `<namespace>/<table>/metadata/`, with its rows in `<namespace>/<table>/data/`")
    };
    let root = file.ancestors().nth(4).ok_or_else(place)?;
    let below = file.strip_prefix(root).ok().and_then(Path::to_str).ok_or_else(place)?;
    if below.split('/').nth(2) != Some("metadata") {
        return Err(place());
    }
    let warehouse = Arc::new(Warehouse::open(root)?);
    let snapshot_id = LoadedTable::load(&warehouse, below).await?.metadata().current_snapshot_id;
    let files = TableFiles::load(&warehouse, below, snapshot_id).await?;
    let without = deleted_rows(&warehouse, &files).await?;
    Ok(Resolved::Lake(LakeTable { name: shown.to_owned(), warehouse, files: Arc::new(files), only: None, without }))
}
