//! One more snapshot on a table's metadata.
//!
//! Order (rule T1): data files are durable already; then manifests and the manifest list, then `metadata.json`, all
//! under new names and durable before the next step. The history stays linear (rule T2). An append adds one
//! manifest; removing files rewrites only the manifests that list them; when there are too many, they are merged.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use bywash_core::{Code, Error, Result, SystemClock};
use bywash_iceberg_spec::{
    DataFile, EntryStatus, Manifest, ManifestEntry, ManifestFile, Operation, Snapshot, write_manifest_list,
};
use futures::future::try_join_all;
use uuid::Uuid;

use super::loaded::LoadedTable;
use super::manifests;
use super::summary::{has_totals, summary};
use crate::storage::Warehouse;

/// More manifests than this are merged.
const MOST_MANIFESTS: usize = 100;

/// A merged manifest has about this many files.
const FILES_OF_A_MERGED_MANIFEST: usize = 4_000;

/// What a commit changes.
#[derive(Clone, Debug)]
pub struct NewSnapshot {
    added: Vec<DataFile>,
    removed: HashSet<String>,
    snapshot_id: i64,
    extras: BTreeMap<String, String>,
    same_rows: bool,
}

/// What a commit made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The metadata file, relative to the warehouse.
    pub metadata: String,
    /// The snapshot that it shows.
    pub snapshot_id: Option<i64>,
    /// Its schema.
    pub schema_id: i32,
}

impl NewSnapshot {
    /// Adds files and removes those with these recorded paths; `label` tells people why.
    #[must_use]
    pub fn new(label: &str, added: Vec<DataFile>, removed: HashSet<String>) -> Self {
        let extras = BTreeMap::from([("bywash.change".to_owned(), label.to_owned())]);
        let (high, low) = Uuid::new_v4().as_u64_pair();
        // Positive, as every writer of Iceberg makes them.
        let snapshot_id = ((high ^ low) >> 1).cast_signed();
        Self { added, removed, snapshot_id, extras, same_rows: false }
    }

    /// The same with another id, which the table must not have.
    #[must_use]
    pub fn with_id(mut self, snapshot_id: i64) -> Self {
        self.snapshot_id = snapshot_id;
        self
    }

    /// The same with one more line in the summary.
    #[must_use]
    pub fn with_note(mut self, key: &str, value: &str) -> Self {
        self.extras.insert(key.to_owned(), value.to_owned());
        self
    }

    /// The same, said to exchange files without changing rows.
    #[must_use]
    pub fn of_same_rows(mut self) -> Self {
        self.same_rows = true;
        self
    }

    fn operation(&self) -> Operation {
        match (self.added.is_empty(), self.removed.is_empty()) {
            _ if self.same_rows => Operation::Replace,
            (_, true) => Operation::Append,
            (true, false) => Operation::Delete,
            (false, false) => Operation::Overwrite,
        }
    }
}

/// Writes the snapshot's manifests, list and metadata; everything is durable when this returns, nothing is visible.
///
/// # Errors
/// A file to remove that the table does not have, a file that cannot be read or written.
pub async fn commit(warehouse: &Warehouse, table: &LoadedTable, new: NewSnapshot) -> Result<Committed> {
    table.refuse_unwritable()?;
    let metadata = table.metadata();
    let commit = Commit {
        warehouse,
        table,
        snapshot_id: new.snapshot_id,
        sequence_number: metadata.next_sequence_number(),
        id: Uuid::new_v4(),
    };
    commit.run(new).await
}

/// Writes a snapshot of the same files whose manifests are as few as may be, sorted by partition; the same promise.
///
/// # Errors
/// A file that cannot be read or written.
pub(crate) async fn rewrite_manifests(warehouse: &Warehouse, table: &LoadedTable) -> Result<Committed> {
    table.refuse_unwritable()?;
    let new = NewSnapshot::new("rewrite manifests", Vec::new(), HashSet::new()).of_same_rows();
    let commit = Commit {
        warehouse,
        table,
        snapshot_id: new.snapshot_id,
        sequence_number: table.metadata().next_sequence_number(),
        id: Uuid::new_v4(),
    };
    commit.run(new).await
}

/// How many manifests so many files of one partition spec take when they are written anew.
pub(crate) const fn manifests_for(files: usize) -> usize {
    files.div_ceil(FILES_OF_A_MERGED_MANIFEST)
}

/// The names and numbers of one commit.
struct Commit<'a> {
    warehouse: &'a Warehouse,
    table: &'a LoadedTable,
    snapshot_id: i64,
    sequence_number: i64,
    id: Uuid,
}

/// Manifests of the new snapshot: those that stay as they are, and those to be written.
#[derive(Default)]
struct Plan {
    kept: Vec<ManifestFile>,
    new: Vec<Manifest>,
    removed: Vec<DataFile>,
}

impl Commit<'_> {
    async fn run(self, new: NewSnapshot) -> Result<Committed> {
        let operation = new.operation();
        let parent = self.table.metadata().current_snapshot();
        let listed = match parent {
            Some(parent) => manifests::list(self.warehouse, parent, 2).await?,
            None => Vec::new(),
        };
        let listed: Vec<_> = listed.into_iter().filter(|manifest| manifest.live_files() > 0).collect();
        let all_before = match parent {
            Some(parent) if !has_totals(parent) => self.live_files(&listed).await?,
            _ => Vec::new(),
        };
        let mut plan = self.remove(listed, &new.removed).await?;
        plan.new.extend(self.add(&new.added)?);
        let rewrites_all = new.same_rows && new.added.is_empty() && new.removed.is_empty();
        let plan = if rewrites_all { self.rewritten(plan).await? } else { self.merge(plan).await? };
        let mut facts = summary(parent.map(|parent| &parent.summary), &all_before, &new.added, &plan.removed);
        facts.extend(new.extras);
        let snapshot = Snapshot {
            snapshot_id: self.snapshot_id,
            parent_snapshot_id: parent.map(|parent| parent.snapshot_id),
            sequence_number: self.sequence_number,
            timestamp_ms: SystemClock.now() / 1_000,
            manifest_list: self.warehouse.recorded(&self.name(&format!("snap-{}-{}.avro", self.snapshot_id, self.id))),
            operation,
            summary: facts,
            schema_id: Some(self.table.metadata().current_schema_id),
        };
        self.write(plan, snapshot).await
    }

    async fn live_files(&self, listed: &[ManifestFile]) -> Result<Vec<DataFile>> {
        let manifests = manifests::read_all(self.warehouse, listed).await?;
        let alive = manifests.iter().flat_map(|manifest| &manifest.entries).filter(|entry| entry.is_alive());
        Ok(alive.map(|entry| entry.file.clone()).collect())
    }

    /// Manifests that list a removed file are written anew: what is alive as existing, what goes as deleted.
    async fn remove(&self, listed: Vec<ManifestFile>, removed: &HashSet<String>) -> Result<Plan> {
        if removed.is_empty() {
            return Ok(Plan { kept: listed, ..Plan::default() });
        }
        let mut plan = Plan::default();
        let manifests = manifests::read_all(self.warehouse, &listed).await?;
        for (line, manifest) in listed.into_iter().zip(manifests) {
            let goes = |entry: &ManifestEntry| entry.is_alive() && removed.contains(&entry.file.path);
            if !manifest.entries.iter().any(goes) {
                plan.kept.push(line);
                continue;
            }
            let mut entries = Vec::new();
            for entry in manifest.entries.iter().filter(|entry| entry.is_alive()) {
                if goes(entry) {
                    plan.removed.push(entry.file.clone());
                    entries.push(self.deleted(entry));
                } else {
                    entries.push(existing(entry));
                }
            }
            plan.new.push(Manifest { entries, ..Manifest::clone(&manifest) });
        }
        if plan.removed.len() == removed.len() {
            return Ok(plan);
        }
        let found: HashSet<&str> = plan.removed.iter().map(|file| file.path.as_str()).collect();
        let missing = removed.iter().find(|path| !found.contains(path.as_str())).cloned().unwrap_or_default();
        Err(Error::new(Code::TableCorrupt, format!("`{missing}` is to be removed from a table that does not have it")))
    }

    /// One manifest for each partition spec of the new files; usually that is one.
    fn add(&self, added: &[DataFile]) -> Result<Vec<Manifest>> {
        let mut by_spec: BTreeMap<i32, Vec<ManifestEntry>> = BTreeMap::new();
        for file in added {
            by_spec.entry(file.spec_id).or_default().push(ManifestEntry {
                status: EntryStatus::Added,
                snapshot_id: self.snapshot_id,
                sequence_number: self.sequence_number,
                file_sequence_number: self.sequence_number,
                file: file.clone(),
            });
        }
        let metadata = self.table.metadata();
        let manifest = |(spec_id, entries)| {
            let spec = metadata.spec_by_id(spec_id)?.clone();
            Ok(Manifest { schema: metadata.schema_for(&spec)?.clone(), spec, entries })
        };
        by_spec.into_iter().map(manifest).collect()
    }

    fn deleted(&self, entry: &ManifestEntry) -> ManifestEntry {
        ManifestEntry { status: EntryStatus::Deleted, snapshot_id: self.snapshot_id, ..entry.clone() }
    }

    /// Brings the files of small manifests together where there are too many of them.
    async fn merge(&self, mut plan: Plan) -> Result<Plan> {
        if plan.kept.len() + plan.new.len() <= MOST_MANIFESTS {
            return Ok(plan);
        }
        let is_small = |line: &ManifestFile| line.live_files() < FILES_OF_A_MERGED_MANIFEST as u64 / 2;
        let (small, large): (Vec<_>, Vec<_>) = plan.kept.into_iter().partition(is_small);
        plan.kept = large;
        plan.new.extend(self.merged(&small).await?);
        Ok(plan)
    }

    /// All manifests written anew.
    async fn rewritten(&self, plan: Plan) -> Result<Plan> {
        Ok(Plan { new: self.merged(&plan.kept).await?, ..Plan::default() })
    }

    /// The live files of these manifests in as few as may be, by partition.
    async fn merged(&self, listed: &[ManifestFile]) -> Result<Vec<Manifest>> {
        let manifests = manifests::read_all(self.warehouse, listed).await?;
        let mut by_spec: BTreeMap<i32, Vec<ManifestEntry>> = BTreeMap::new();
        for manifest in &manifests {
            let alive = manifest.entries.iter().filter(|entry| entry.is_alive()).map(existing);
            by_spec.entry(manifest.spec.id).or_default().extend(alive);
        }
        let metadata = self.table.metadata();
        let mut merged = Vec::new();
        for (spec_id, mut entries) in by_spec {
            entries
                .sort_by(|one, other| one.file.partition.partial_cmp(&other.file.partition).unwrap_or(Ordering::Equal));
            for entries in entries.chunks(FILES_OF_A_MERGED_MANIFEST) {
                let spec = metadata.spec_by_id(spec_id)?.clone();
                let schema = metadata.schema_for(&spec)?.clone();
                merged.push(Manifest { schema, spec, entries: entries.to_vec() });
            }
        }
        Ok(merged)
    }

    async fn write(self, plan: Plan, snapshot: Snapshot) -> Result<Committed> {
        let mut lines = plan.kept;
        let mut files = Vec::new();
        for (number, manifest) in plan.new.into_iter().enumerate() {
            let path = self.name(&format!("{}-m{number}.avro", self.id));
            let (bytes, line) =
                manifests::encode(self.warehouse, manifest, &path, self.snapshot_id, self.sequence_number)?;
            lines.push(line);
            files.push((path, bytes));
        }
        files.push((snapshot.manifest_list.clone(), write_manifest_list(&lines, &snapshot)));
        // Together: each would wait for the disk alone.
        try_join_all(files.into_iter().map(|(path, bytes)| async move { self.warehouse.write(&path, bytes).await }))
            .await?;
        let previous = self.table.file().map(|file| self.warehouse.recorded(file));
        let next = self.table.metadata().with_snapshot(snapshot, previous.as_deref())?;
        let (snapshot_id, schema_id) = (next.current_snapshot_id, next.current_schema_id);
        let metadata = self.table.write_next(self.warehouse, next).await?;
        Ok(Committed { metadata, snapshot_id, schema_id })
    }

    fn name(&self, file: &str) -> String {
        format!("{}/metadata/{file}", self.table.folder())
    }
}

fn existing(entry: &ManifestEntry) -> ManifestEntry {
    ManifestEntry { status: EntryStatus::Existing, ..entry.clone() }
}
