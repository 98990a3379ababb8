//! From the embedded catalog to a team's: everything but the tables' files, which stay where they are.

use std::time::Duration;

use bywash_core::Result;

use crate::LakePlace;
use crate::storage::Warehouse;
use crate::store::{CatalogStore, CopiedTable, PostgresPlace, SqlStore};

/// Copies the catalog of a lake into an empty one in PostgreSQL, and compares them. The lake goes on using its own
/// until its settings say otherwise.
///
/// # Errors
/// One of both cannot be opened, the target is not empty, or they differ afterwards.
pub async fn copy_catalog(lake: &LakePlace, target: &PostgresPlace, patience: Duration) -> Result<Vec<CopiedTable>> {
    let source = match &lake.catalog {
        None => SqlStore::open_file(&lake.folder.join("catalog.db"), patience).await?,
        Some(place) => SqlStore::open_postgres(place, patience).await?,
    };
    let warehouse = match &lake.warehouse {
        None => Warehouse::open(&lake.folder.join("warehouse"))?,
        Some(place) => Warehouse::open_remote(place).await?,
    };
    let target = SqlStore::open_postgres(target, patience).await?;
    let copied = source.copy_to(&target).await?;
    target.bind_warehouse(warehouse.location(), true).await?;
    Ok(copied)
}
