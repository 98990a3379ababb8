//! A table's metadata written anew with the place where its files lie now, for readers that go by recorded locations.
//!
//! Every state of the history is rewritten, with its id, its numbers and its times; data files stay where they are.
//! All names are new, and a metadata file is durable after everything that it names (rule T1).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use bywash_core::{Result, SystemClock};
use bywash_iceberg_spec::{ManifestFile, Snapshot, TableMetadata, write_manifest_list};
use futures::FutureExt;
use futures::stream::{self, StreamExt, TryStreamExt};
use uuid::Uuid;

use super::loaded::LoadedTable;
use super::manifests;
use crate::storage::Warehouse;

/// Files rewritten at the same time.
const CONCURRENT: usize = 8;

/// Rewrites metadata files; what several of them share, as branches do, is written once.
pub(crate) struct Relocator<'a> {
    warehouse: &'a Warehouse,
    id: Uuid,
    manifests: Mutex<HashMap<String, ManifestFile>>,
    lists: Mutex<HashMap<String, String>>,
}

impl<'a> Relocator<'a> {
    /// One that has written nothing.
    pub(crate) fn new(warehouse: &'a Warehouse) -> Self {
        Self { warehouse, id: Uuid::new_v4(), manifests: Mutex::default(), lists: Mutex::default() }
    }

    /// Writes a metadata file anew; the answer is the new one, relative to the warehouse.
    pub(crate) async fn relocate(&self, file: &str) -> Result<String> {
        let table = LoadedTable::load(self.warehouse, file).await?;
        table.refuse_unwritable()?;
        let metadata = table.metadata();
        let new: Vec<&Snapshot> =
            metadata.snapshots.iter().filter(|snapshot| self.list_of(&snapshot.manifest_list).is_none()).collect();
        let listed = stream::iter(new.iter().map(|one| manifests::list(self.warehouse, one, 2).boxed()))
            .buffered(CONCURRENT)
            .try_collect::<Vec<_>>()
            .await?;
        self.write_manifests(table.folder(), &listed).await?;
        let lists = new.iter().zip(&listed).map(|(snapshot, lines)| self.write_list(table.folder(), snapshot, lines));
        stream::iter(lists.map(FutureExt::boxed)).buffered(CONCURRENT).try_collect::<Vec<()>>().await?;
        self.write_metadata(&table, file).await
    }

    async fn write_manifests(&self, folder: &str, listed: &[Vec<ManifestFile>]) -> Result<()> {
        let known: BTreeSet<String> = lock(&self.manifests).keys().cloned().collect();
        let mut seen = BTreeSet::new();
        let new = listed.iter().flatten().filter(|line| !known.contains(&line.path) && seen.insert(&line.path));
        let writes: Vec<_> = new
            .enumerate()
            .map(|(number, line)| self.write_manifest(folder, known.len() + number, line).boxed())
            .collect();
        stream::iter(writes).buffered(CONCURRENT).try_collect::<Vec<()>>().await?;
        Ok(())
    }

    async fn write_manifest(&self, folder: &str, number: usize, line: &ManifestFile) -> Result<()> {
        let manifest = manifests::read(self.warehouse, line).await?;
        let path = format!("{folder}/metadata/{}-m{number}.avro", self.id);
        let (snapshot_id, sequence_number) = (line.added_snapshot_id, line.sequence_number);
        let (bytes, written) =
            manifests::encode(self.warehouse, (*manifest).clone(), &path, snapshot_id, sequence_number)?;
        self.warehouse.write(&path, bytes).await?;
        lock(&self.manifests).insert(line.path.clone(), written);
        Ok(())
    }

    async fn write_list(&self, folder: &str, snapshot: &Snapshot, lines: &[ManifestFile]) -> Result<()> {
        let path = format!("{folder}/metadata/snap-{}-{}.avro", snapshot.snapshot_id, self.id);
        let lines: Vec<_> = {
            let manifests = lock(&self.manifests);
            let moved = |line: &ManifestFile| match manifests.get(&line.path) {
                // All counts stay those of the snapshot that wrote the manifest.
                Some(new) => ManifestFile { path: new.path.clone(), length: new.length, ..line.clone() },
                None => line.clone(),
            };
            lines.iter().map(moved).collect()
        };
        self.warehouse.write(&path, write_manifest_list(&lines, snapshot)).await?;
        lock(&self.lists).insert(snapshot.manifest_list.clone(), self.warehouse.recorded(&path));
        Ok(())
    }

    async fn write_metadata(&self, table: &LoadedTable, file: &str) -> Result<String> {
        let here = |recorded: &str| match self.warehouse.relative(recorded) {
            Ok(path) => self.warehouse.recorded(path.as_ref()),
            Err(_) => recorded.to_owned(),
        };
        let place = |recorded: &str| self.list_of(recorded).unwrap_or_else(|| here(recorded));
        let location = self.warehouse.recorded(table.folder());
        let next: TableMetadata = table.metadata().relocated(&location, place, &here(file), SystemClock.now() / 1_000);
        table.write_next(self.warehouse, next).await
    }

    fn list_of(&self, recorded: &str) -> Option<String> {
        lock(&self.lists).get(recorded).cloned()
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
