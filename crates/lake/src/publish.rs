//! From a set of changes to an entry: the Iceberg snapshot that shows exactly the files of the set's tiles.
//!
//! The set is planned first, in memory; then metadata is written under new names (rule T1, T2). Nothing moves a
//! ref here: the entry joins a commit later, in the transaction that does.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{Schema as ArrowSchema, SchemaRef};
use bywash_core::{Error, ObjectId, Projection, Result, RowSums, TableName};
use bywash_iceberg_spec::{DataFile, PartitionSpec, Schema, TableMetadata};

use crate::changes::TableState;
use crate::evolve::Remade;
use crate::objects::{HashTree, Objects, TableEntry, TableKind};
use crate::tables;
use crate::{Lake, TableIds};

/// What a table's files look like: where they lie, their columns and how they are cut and sorted.
#[derive(Clone, Debug)]
pub struct TableShape {
    /// The table's identity.
    pub uuid: String,
    /// Its folder, relative to the warehouse.
    pub folder: String,
    /// Its columns with their ids.
    pub schema: Schema,
    /// How it is cut into partitions.
    pub spec: PartitionSpec,
    /// The same as written by the user: `month(time_hour)`.
    pub partition_by: Vec<String>,
    /// By what rows are sorted within a file.
    pub cluster_by: Vec<String>,
    /// Through which columns rows are added up while they are written, besides whole rows (rule R4).
    pub projections: BTreeSet<Projection>,
}

impl TableShape {
    /// The columns as Arrow has them, with their field ids.
    ///
    /// # Errors
    /// A type that Arrow lacks.
    pub fn arrow_schema(&self) -> Result<SchemaRef> {
        tables::arrow_schema(&self.schema)
    }

    /// That of an entry with this metadata, in these columns.
    pub(crate) fn of(entry: &TableEntry, metadata: &TableMetadata, schema: Schema) -> Result<Self> {
        let spec = metadata.spec()?.clone();
        let cluster = metadata.sort_order()?.fields.iter().filter_map(|key| schema.field_by_id(key.source_id));
        Ok(Self {
            uuid: entry.uuid.clone(),
            folder: entry.folder.clone(),
            partition_by: tables::partition_terms(&spec, &schema),
            cluster_by: cluster.map(|field| field.name.clone()).collect(),
            projections: entry.row_sums.iter().flat_map(|sums| sums.projections.keys().cloned()).collect(),
            schema,
            spec,
        })
    }

    /// The same shape, whose rows are added up through these columns.
    #[must_use]
    pub fn summed_through(&self, projections: BTreeSet<Projection>) -> Self {
        Self { projections, ..self.clone() }
    }

    /// Whether rows made for the other shape can be written in this one without any change of columns or layout.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        let columns = |shape: &Self| -> Vec<(String, String)> {
            shape.schema.fields.iter().map(|field| (field.name.clone(), field.kind.to_string())).collect()
        };
        columns(self) == columns(other)
            && self.partition_by == other.partition_by
            && self.cluster_by == other.cluster_by
    }
}

/// A table that does not exist yet.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who will write it.
    pub kind: TableKind,
    /// What its files look like.
    pub shape: Arc<TableShape>,
}

impl Lake {
    /// The shape of a new table with these columns; nothing is written.
    ///
    /// # Errors
    /// A column type that Iceberg lacks, or a partition field that does not fit its column.
    pub fn draft(
        &self,
        objects: &Objects,
        name: &TableName,
        kind: TableKind,
        columns: &ArrowSchema,
        partition_by: &[String],
        cluster_by: &[String],
    ) -> Result<Draft> {
        let uuid = uuid::Uuid::new_v4();
        let mut ids = TableIds::of_new(objects, &uuid.to_string());
        let schema = tables::assign_ids(columns, &mut ids)?;
        let spec = tables::partition_spec(partition_by, &schema)?;
        tables::check_columns(cluster_by, &schema)?;
        let uuid_text = uuid.to_string();
        let shape = TableShape {
            folder: format!("{}/{}-{}", name.namespace(), name.name(), &uuid_text[..8]),
            uuid: uuid_text,
            partition_by: tables::partition_terms(&spec, &schema),
            schema,
            spec,
            cluster_by: cluster_by.to_vec(),
            projections: BTreeSet::new(),
        };
        Ok(Draft { kind, shape: Arc::new(shape) })
    }

    /// The shape of a table that exists.
    ///
    /// # Errors
    /// Its metadata cannot be read.
    pub async fn shape(&self, entry: &TableEntry) -> Result<Arc<TableShape>> {
        let table = tables::LoadedTable::load(self.warehouse(), &entry.metadata).await?;
        let schema = table.metadata().schema_by_id(entry.schema_id)?.clone();
        Ok(Arc::new(TableShape::of(entry, table.metadata(), schema)?))
    }

    /// Writes the first metadata of a table.
    ///
    /// # Errors
    /// A file cannot be written.
    pub async fn create_table(
        &self,
        objects: &Objects,
        draft: &Draft,
        state: TableState,
        label: &str,
    ) -> Result<TableEntry> {
        let shape = &draft.shape;
        let table = tables::LoadedTable::create(self.warehouse(), shape, BTreeMap::new())?;
        let added: Vec<DataFile> = state.files().cloned().collect();
        let new = tables::NewSnapshot::new(label, added, HashSet::new());
        let committed = tables::commit(self.warehouse(), &table, new).await?;
        let empty = TableEntry {
            uuid: shape.uuid.clone(),
            kind: draft.kind,
            folder: shape.folder.clone(),
            metadata: String::new(),
            snapshot_id: None,
            schema_id: shape.schema.id,
            changes: HashTree::default(),
            tiles: HashTree::default(),
            rows: 0,
            bytes: 0,
            files: 0,
            row_sums: None,
            produced: None,
        };
        self.entry_of(objects, &empty, state, committed).await
    }

    /// Writes a snapshot on a table's metadata that shows this set; the entry it gives stands for it.
    ///
    /// A set whose files, columns and layout are those of the entry needs no snapshot; one that only changes columns has
    /// one all the same, so that every state of a table can be named.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub async fn write_state(
        &self,
        objects: &Objects,
        base: &TableEntry,
        state: TableState,
        label: &str,
    ) -> Result<TableEntry> {
        self.write_state_on(objects, base, state, label, None).await
    }

    /// The same on metadata that was made for it, if it was.
    async fn write_state_on(
        &self,
        objects: &Objects,
        base: &TableEntry,
        state: TableState,
        label: &str,
        remade: Option<TableMetadata>,
    ) -> Result<TableEntry> {
        let snapshot = |added, removed| tables::NewSnapshot::new(label, added, removed);
        self.write_snapshot(objects, base, state, remade, snapshot).await
    }

    /// Adds rows to a table by hand. However many changes it has, few are read: an append beside them is sound, and its
    /// files are one more tile (rule T4).
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub async fn append(
        &self,
        objects: &Objects,
        base: &TableEntry,
        files: Vec<DataFile>,
        label: &str,
    ) -> Result<TableEntry> {
        let id = ObjectId::unique();
        let table = tables::LoadedTable::load(self.warehouse(), &base.metadata).await?;
        // A tile says which columns were widened before its files were written; in the first schema none were.
        let is_as_created = table.metadata().schemas.first().is_some_and(|created| created.id == base.schema_id);
        if files.is_empty() || !is_as_created {
            let state = TableState::read(objects, base).await?.append(id, files, label);
            let state = state.map_err(|reason| Error::bug(reason.reason()))?;
            return self.write_state(objects, base, state, "append").await;
        }
        let (rows, bytes) = files.iter().fold((base.rows, base.bytes), |(rows, bytes), file| {
            (rows + file.record_count, bytes + file.file_size_in_bytes)
        });
        let count = base.files + files.len() as u64;
        // A table without a file says nothing of how its rows are added up.
        let held = (base.files > 0).then_some(base.row_sums.as_ref());
        let row_sums = RowSums::of_all(held.into_iter().chain(files.iter().map(|file| file.row_sums.as_ref())));
        let (change, tile) = TableState::appended(id, files.clone(), label);
        let new = tables::NewSnapshot::new("append", files, HashSet::new());
        let committed = tables::commit(self.warehouse(), &table, new).await?;
        Ok(TableEntry {
            metadata: committed.metadata,
            snapshot_id: committed.snapshot_id,
            schema_id: committed.schema_id,
            changes: base.changes.with(objects, [(id.to_string(), Some(change))].into()).await?,
            tiles: base.tiles.with(objects, [(tile.id().to_string(), Some(tile))].into()).await?,
            rows,
            bytes,
            files: count,
            row_sums,
            produced: None,
            ..base.clone()
        })
    }

    /// The same for a state that shows the same rows in other files; what made a node's table still has made it.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub async fn write_compacted(&self, objects: &Objects, base: &TableEntry, state: TableState) -> Result<TableEntry> {
        let snapshot = |added, removed| tables::NewSnapshot::new("compact", added, removed).of_same_rows();
        let entry = self.write_snapshot(objects, base, state, None, snapshot).await?;
        Ok(TableEntry { produced: base.produced.clone(), ..entry })
    }

    async fn write_snapshot(
        &self,
        objects: &Objects,
        base: &TableEntry,
        state: TableState,
        remade: Option<TableMetadata>,
        snapshot: impl FnOnce(Vec<DataFile>, HashSet<String>) -> tables::NewSnapshot,
    ) -> Result<TableEntry> {
        let old = TableState::read(objects, base).await?;
        let old_files: HashMap<&str, &DataFile> = old.files().map(|file| (file.path.as_str(), file)).collect();
        let new_files: HashMap<&str, &DataFile> = state.files().map(|file| (file.path.as_str(), file)).collect();
        let added: Vec<DataFile> = new_files
            .iter()
            .filter(|(path, _)| !old_files.contains_key(*path))
            .map(|(_, file)| (*file).clone())
            .collect();
        let removed: HashSet<String> =
            old_files.keys().filter(|path| !new_files.contains_key(*path)).map(|path| (*path).to_owned()).collect();
        let table = tables::LoadedTable::load(self.warehouse(), &base.metadata).await?;
        let evolved = match remade {
            Some(remade) => Some(remade),
            None => self.evolved(objects, &table, base, &state).await?,
        };
        let committed = if added.is_empty() && removed.is_empty() && evolved.is_none() && base.snapshot_id.is_some() {
            tables::Committed {
                metadata: base.metadata.clone(),
                snapshot_id: base.snapshot_id,
                schema_id: base.schema_id,
            }
        } else {
            let table = evolved.map_or(table.clone(), |metadata| table.changed(metadata));
            tables::commit(self.warehouse(), &table, snapshot(added, removed)).await?
        };
        self.entry_of(objects, base, state, committed).await
    }

    /// Writes a snapshot on a table's metadata that shows a set which has nothing to do with the old one: the output
    /// of a node, which is never merged. `remade` says that its columns or layout are others.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub async fn replace_state(
        &self,
        objects: &Objects,
        base: &TableEntry,
        state: TableState,
        label: &str,
        remade: Option<Remade>,
    ) -> Result<TableEntry> {
        let metadata = remade.map(|remade| remade.metadata);
        let entry = self.write_state_on(objects, base, state.clone(), label, metadata).await?;
        let changes = HashTree::default().with(objects, edits(&BTreeMap::new(), &state.changes)).await?;
        let tiles = HashTree::default().with(objects, edits(&BTreeMap::new(), &state.tiles)).await?;
        Ok(TableEntry { changes, tiles, ..entry })
    }

    /// Whether the history of one entry's metadata contains the snapshot of the other (rule T2).
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub(crate) async fn extends(&self, one: &TableEntry, other: &TableEntry) -> Result<bool> {
        let table = tables::LoadedTable::load(self.warehouse(), &one.metadata).await?;
        Ok(table.metadata().snapshots.iter().any(|snapshot| Some(snapshot.snapshot_id) == other.snapshot_id))
    }

    async fn entry_of(
        &self,
        objects: &Objects,
        base: &TableEntry,
        state: TableState,
        committed: tables::Committed,
    ) -> Result<TableEntry> {
        let sums = state.files().fold((0, 0, 0), |(rows, bytes, files), file| {
            (rows + file.record_count, bytes + file.file_size_in_bytes, files + 1)
        });
        let old = TableState::read(objects, base).await?;
        let changes = edits(&old.changes, &state.changes);
        let tiles = edits(&old.tiles, &state.tiles);
        Ok(TableEntry {
            metadata: committed.metadata,
            snapshot_id: committed.snapshot_id,
            schema_id: committed.schema_id,
            changes: base.changes.with(objects, changes).await?,
            tiles: base.tiles.with(objects, tiles).await?,
            rows: sums.0,
            bytes: sums.1,
            files: sums.2,
            row_sums: RowSums::of_all(state.files().map(|file| file.row_sums.as_ref())),
            produced: None,
            ..base.clone()
        })
    }
}

fn edits<T: Clone + PartialEq>(
    old: &BTreeMap<ObjectId, T>,
    new: &BTreeMap<ObjectId, T>,
) -> BTreeMap<String, Option<T>> {
    let changed = new.iter().filter(|(id, value)| old.get(id) != Some(value));
    let mut edits: BTreeMap<_, _> = changed.map(|(id, value)| (id.to_string(), Some(value.clone()))).collect();
    edits.extend(old.keys().filter(|id| !new.contains_key(id)).map(|id| (id.to_string(), None)));
    edits
}
