//! A warehouse full of tables without its catalog: a new, empty catalog beside it would look like lost data.

use std::fs;
use std::path::{Path, PathBuf};

use bywash_core::{Code, Error, Result, counted};
use futures::StreamExt;
use object_store::path::Path as StorePath;

use crate::storage::Warehouse;

/// Metadata files that the error names; more would hide what to do.
const MOST_SHOWN: usize = 3;

/// Refuses to make a new catalog where tables lie whose catalog is gone.
///
/// # Errors
/// There is no catalog, or an empty file, beside a warehouse that has tables.
pub(crate) fn refuse_lost_catalog(folder: &Path) -> Result<()> {
    let catalog = folder.join("catalog.db");
    if fs::metadata(&catalog).is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    let warehouse = folder.join("warehouse");
    let tables = newest_metadata(&warehouse);
    if tables.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = tables.iter().take(MOST_SHOWN).map(|file| format!("`{}`", file.display())).collect();
    Err(Error::new(
        Code::CatalogMissing,
        format!(
            "the catalog `{}` is missing beside a warehouse with {}",
            catalog.display(),
            counted(tables.len() as u64, "table")
        ),
    )
    .hint("restore `catalog.db` from a backup that is no newer than the warehouse, then run `bywash doctor`")
    .hint(format!("to begin with an empty lake, move `{}` away first", warehouse.display()))
    .hint(format!(
        "the rows are not lost: any Iceberg reader opens each table's newest metadata: {}",
        shown.join(", ")
    )))
}

/// Refuses to begin an empty history in a catalog beside a warehouse that has tables of another one.
///
/// # Errors
/// The warehouse has tables, or cannot be listed.
pub(crate) async fn refuse_new_catalog(warehouse: &Warehouse) -> Result<()> {
    let mut listing = warehouse.store().list(None);
    while let Some(file) = listing.next().await {
        let file = file.map_err(|error| warehouse.failed("list", &StorePath::default(), &error))?;
        if file.location.as_ref().ends_with(".metadata.json") {
            let place = warehouse.root().display();
            return Err(Error::new(Code::CatalogMissing, format!("the catalog is empty, and `{place}` has tables"))
                .hint("name the catalog that these tables belong to in bywash.toml, or restore it from a backup")
                .hint("to begin with an empty lake, name an empty place for the warehouse"));
        }
    }
    Ok(())
}

/// The newest metadata file of each table of a warehouse, by its number.
fn newest_metadata(warehouse: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for namespace in entries(warehouse) {
        for table in entries(&namespace) {
            let is_metadata = |file: &PathBuf| file.to_string_lossy().ends_with(".metadata.json");
            found.extend(entries(&table.join("metadata")).into_iter().filter(is_metadata).max());
        }
    }
    found
}

/// What lies in a folder, in order; nothing where it cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = read.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
