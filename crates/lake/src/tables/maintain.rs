//! Metadata and manifests written anew, so that they stay small; the rows and data files of a table stay as they are.

use bywash_core::{Result, SystemClock};
use bywash_iceberg_spec::TableMetadata;

use super::commit::{Committed, manifests_for, rewrite_manifests};
use super::loaded::LoadedTable;
use super::manifests;
use crate::storage::Warehouse;

/// A count and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// How many.
    pub count: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// A `metadata.json` that forgets old snapshots, not written yet.
#[derive(Debug)]
pub struct Expiry {
    /// Snapshots and the metadata file as they are.
    pub before: Size,
    /// As they will be.
    pub after: Size,
    table: LoadedTable,
    next: TableMetadata,
}

impl Expiry {
    /// Plans to forget all but the newest `keep` snapshots; none if there are no more.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub async fn plan(warehouse: &Warehouse, metadata: &str, keep: usize) -> Result<Option<Self>> {
        let table = LoadedTable::load(warehouse, metadata).await?;
        let known = table.metadata();
        if known.snapshots.len() <= keep.max(1) {
            return Ok(None);
        }
        table.refuse_unwritable()?;
        let previous = warehouse.recorded(warehouse.relative(metadata)?.as_ref());
        let next = known.without_old_snapshots(keep.max(1), &previous, SystemClock.now() / 1_000);
        let bytes = next.to_json()?.len() as u64;
        Ok(Some(Self {
            before: Size { count: known.snapshots.len() as u64, bytes: warehouse.size(metadata).await? },
            after: Size { count: next.snapshots.len() as u64, bytes },
            table,
            next,
        }))
    }

    /// Writes it; the answer is its place, relative to the warehouse.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn write(self, warehouse: &Warehouse) -> Result<String> {
        self.table.write_next(warehouse, self.next).await
    }
}

/// The manifests of a table, to be written anew.
#[derive(Debug)]
pub struct ManifestRewrite {
    /// The manifests as they are.
    pub before: Size,
    /// How many there will be.
    pub count_after: u64,
    table: LoadedTable,
}

impl ManifestRewrite {
    /// Plans to bring the files of a table's manifests together; none where that gives no fewer manifests.
    ///
    /// # Errors
    /// The metadata or a manifest cannot be read.
    pub async fn plan(warehouse: &Warehouse, metadata: &str) -> Result<Option<Self>> {
        let table = LoadedTable::load(warehouse, metadata).await?;
        let Some(snapshot) = table.metadata().current_snapshot() else { return Ok(None) };
        let listed = manifests::list(warehouse, snapshot, table.metadata().format_version).await?;
        let before = Size { count: listed.len() as u64, bytes: listed.iter().map(|line| line.length).sum() };
        let mut files = std::collections::BTreeMap::<i32, usize>::new();
        for line in &listed {
            *files.entry(line.spec_id).or_default() += usize::try_from(line.live_files()).unwrap_or(usize::MAX);
        }
        let count_after = files.values().map(|files| manifests_for(*files) as u64).sum();
        Ok((count_after < before.count).then_some(Self { before, count_after, table }))
    }

    /// Writes them, with a snapshot of the same files.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub async fn write(self, warehouse: &Warehouse) -> Result<Committed> {
        rewrite_manifests(warehouse, &self.table).await
    }
}

/// The size of the manifests that a table's current snapshot lists.
///
/// # Errors
/// The metadata or the list cannot be read.
pub async fn manifests_of(warehouse: &Warehouse, metadata: &str) -> Result<Size> {
    let table = LoadedTable::load(warehouse, metadata).await?;
    let Some(snapshot) = table.metadata().current_snapshot() else { return Ok(Size::default()) };
    let listed = manifests::list(warehouse, snapshot, table.metadata().format_version).await?;
    Ok(Size { count: listed.len() as u64, bytes: listed.iter().map(|line| line.length).sum() })
}
