//! Table metadata: one closed, linear history of snapshots whose only ref is `main` (rule T2).
//!
//! Ids are never invented here: fields, schemas, specs and snapshots come with the ids that the catalog's counter
//! gave them (rule T3). Tables carry the properties that keep other engines from deleting our files (rule T6).

use std::collections::BTreeMap;
use std::fmt::Display;

use bywash_core::{Code, Error, Result};
use uuid::Uuid;

use crate::fence;
use crate::metadata_json::to_json;
use crate::partition::PartitionSpec;
use crate::schema::Schema;
use crate::snapshot::{MetadataLogEntry, Snapshot, SnapshotLogEntry};
use crate::sort::SortOrder;

/// Properties that every table of ours has: nothing outside Bywash may delete lake files.
const OWNERSHIP: [(&str, &str); 2] = [("gc.enabled", "false"), ("write.metadata.delete-after-commit.enabled", "false")];

/// Metadata repeats its snapshots with every commit, so a table forgets the older ones.
const MOST_SNAPSHOTS: usize = 100;

/// How many earlier metadata files are remembered.
const METADATA_LOG_LENGTH: usize = 100;

/// Everything about a table but its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMetadata {
    /// 1 or 2; what we write is 2.
    pub format_version: u8,
    /// The table, whatever its name.
    pub uuid: Uuid,
    /// The folder that its files lie in, absolute, as recorded.
    pub location: String,
    /// The sequence number of the latest snapshot; 0 before the first.
    pub last_sequence_number: i64,
    /// When this metadata was made, in milliseconds since 1970.
    pub last_updated_ms: i64,
    /// No field id of the table, on any branch that this metadata knew of, is greater.
    pub last_column_id: i32,
    /// All schemas.
    pub schemas: Vec<Schema>,
    /// The schema in use.
    pub current_schema_id: i32,
    /// All partition specs.
    pub specs: Vec<PartitionSpec>,
    /// The spec that new files are written with.
    pub default_spec_id: i32,
    /// No partition field id is greater.
    pub last_partition_id: i32,
    /// All sort orders.
    pub sort_orders: Vec<SortOrder>,
    /// The order that new files are written in.
    pub default_sort_order_id: i64,
    /// Settings.
    pub properties: BTreeMap<String, String>,
    /// The state in use; none before the first snapshot.
    pub current_snapshot_id: Option<i64>,
    /// All states, oldest first.
    pub snapshots: Vec<Snapshot>,
    /// When each became current.
    pub snapshot_log: Vec<SnapshotLogEntry>,
    /// Earlier metadata files, oldest first.
    pub metadata_log: Vec<MetadataLogEntry>,
}

/// What a new table is made of.
#[derive(Clone, Debug)]
pub struct NewTable {
    /// The table, whatever its name.
    pub uuid: Uuid,
    /// The folder for its files, absolute.
    pub location: String,
    /// Its columns.
    pub schema: Schema,
    /// How its rows are divided.
    pub spec: PartitionSpec,
    /// How its rows are sorted.
    pub sort_order: SortOrder,
    /// The greatest field id given out for the table.
    pub last_column_id: i32,
    /// Further settings.
    pub properties: BTreeMap<String, String>,
    /// Now, in milliseconds since 1970.
    pub timestamp_ms: i64,
}

impl TableMetadata {
    /// A table without a snapshot.
    #[must_use]
    pub fn create(table: NewTable) -> Self {
        let mut properties = table.properties;
        properties.extend(OWNERSHIP.map(|(key, value)| (key.to_owned(), value.to_owned())));
        Self {
            format_version: 2,
            uuid: table.uuid,
            location: table.location.trim_end_matches('/').to_owned(),
            last_sequence_number: 0,
            last_updated_ms: table.timestamp_ms,
            last_column_id: table.last_column_id.max(table.schema.highest_field_id()),
            current_schema_id: table.schema.id,
            schemas: vec![table.schema],
            default_spec_id: table.spec.id,
            last_partition_id: table.spec.highest_field_id(),
            specs: vec![table.spec],
            default_sort_order_id: table.sort_order.id,
            sort_orders: vec![table.sort_order],
            properties,
            current_snapshot_id: None,
            snapshots: Vec::new(),
            snapshot_log: Vec::new(),
            metadata_log: Vec::new(),
        }
    }

    /// Reads a `metadata.json`.
    ///
    /// # Errors
    /// Bytes that are no table metadata, a format newer than version 2, types or transforms not known.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        fence::parse_metadata(bytes)
    }

    /// The metadata as a `metadata.json` of format version 2.
    ///
    /// # Errors
    /// Metadata that could not be read back: it must never reach a disk.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        let bytes = to_json(self)?;
        match Self::parse(&bytes) {
            Ok(read) if read == *self => Ok(bytes),
            Ok(_) => Err(Error::bug("table metadata reads back as something else")),
            Err(error) => Err(Error::bug(format!("table metadata cannot be read back: {error}"))),
        }
    }

    /// The schema in use.
    ///
    /// # Errors
    /// Metadata that lacks it.
    pub fn schema(&self) -> Result<&Schema> {
        self.schema_by_id(self.current_schema_id)
    }

    /// The schema with this id.
    ///
    /// # Errors
    /// No such schema.
    pub fn schema_by_id(&self, id: i32) -> Result<&Schema> {
        self.schemas.iter().find(|schema| schema.id == id).ok_or_else(|| self.lacks(format!("schema {id}")))
    }

    /// The spec that new files are written with.
    ///
    /// # Errors
    /// Metadata that lacks it.
    pub fn spec(&self) -> Result<&PartitionSpec> {
        self.spec_by_id(self.default_spec_id)
    }

    /// The spec with this id.
    ///
    /// # Errors
    /// No such spec.
    pub fn spec_by_id(&self, id: i32) -> Result<&PartitionSpec> {
        self.specs.iter().find(|spec| spec.id == id).ok_or_else(|| self.lacks(format!("partition spec {id}")))
    }

    /// The state in use, if there is one.
    #[must_use]
    pub fn current_snapshot(&self) -> Option<&Snapshot> {
        self.current_snapshot_id.and_then(|id| self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id))
    }

    /// The state with this id.
    ///
    /// # Errors
    /// No such snapshot.
    pub fn snapshot_by_id(&self, id: i64) -> Result<&Snapshot> {
        let found = self.snapshots.iter().find(|snapshot| snapshot.snapshot_id == id);
        found.ok_or_else(|| self.lacks(format!("snapshot {id}")))
    }

    /// The sequence number of the next snapshot.
    #[must_use]
    pub const fn next_sequence_number(&self) -> i64 {
        self.last_sequence_number + 1
    }

    /// The same table with one more snapshot, which becomes current; of many the oldest are forgotten.
    ///
    /// `previous_file` is where `self` lies, if it was written. Times never go back.
    ///
    /// # Errors
    /// A snapshot that does not continue the history: another parent or sequence number, an id already used.
    pub fn with_snapshot(&self, mut snapshot: Snapshot, previous_file: Option<&str>) -> Result<Self> {
        let continues = snapshot.parent_snapshot_id == self.current_snapshot_id
            && snapshot.sequence_number == self.next_sequence_number()
            && self.snapshots.iter().all(|other| other.snapshot_id != snapshot.snapshot_id);
        if !continues {
            return Err(Error::bug(format!("snapshot {} does not continue the table's history", snapshot.snapshot_id)));
        }
        let mut next = self.clone();
        snapshot.timestamp_ms = snapshot.timestamp_ms.max(self.last_updated_ms);
        next.remember(previous_file, snapshot.timestamp_ms);
        next.last_sequence_number = snapshot.sequence_number;
        next.current_snapshot_id = Some(snapshot.snapshot_id);
        next.snapshot_log
            .push(SnapshotLogEntry { snapshot_id: snapshot.snapshot_id, timestamp_ms: snapshot.timestamp_ms });
        next.snapshots.push(snapshot);
        next.forget_old_snapshots(MOST_SNAPSHOTS);
        Ok(next)
    }

    /// The same table at another place: `place` gives the new location of each manifest list and metadata file.
    ///
    /// `previous_file` is where `self` lies now. The states are the same, by the same ids.
    #[must_use]
    pub fn relocated(
        &self,
        location: &str,
        place: impl Fn(&str) -> String,
        previous_file: &str,
        timestamp_ms: i64,
    ) -> Self {
        let mut next = self.clone();
        location.trim_end_matches('/').clone_into(&mut next.location);
        for snapshot in &mut next.snapshots {
            snapshot.manifest_list = place(&snapshot.manifest_list);
        }
        for entry in &mut next.metadata_log {
            entry.metadata_file = place(&entry.metadata_file);
        }
        next.remember(Some(previous_file), timestamp_ms.max(self.last_updated_ms));
        next
    }

    /// The same table without its older snapshots: the newest `keep` stay, at least the current one.
    ///
    /// `previous_file` is where `self` lies. The logs of snapshots and of metadata files are shortened likewise.
    #[must_use]
    pub fn without_old_snapshots(&self, keep: usize, previous_file: &str, timestamp_ms: i64) -> Self {
        let mut next = self.clone();
        next.forget_old_snapshots(keep.max(1));
        let surplus = next.metadata_log.len().saturating_sub(keep);
        next.metadata_log.drain(..surplus);
        next.remember(Some(previous_file), timestamp_ms.max(self.last_updated_ms));
        next
    }

    /// The same table with another current schema; one with a known id and the same fields is taken up again.
    ///
    /// # Errors
    /// A known id with other fields.
    pub fn with_schema(&self, schema: Schema, last_column_id: i32) -> Result<Self> {
        let mut next = self.clone();
        next.last_column_id = next.last_column_id.max(last_column_id).max(schema.highest_field_id());
        next.current_schema_id = schema.id;
        know(&mut next.schemas, schema, "schema", |schema| schema.id, Schema::same_fields)?;
        Ok(next)
    }

    /// The same table with another spec for new files; one with a known id and the same fields is taken up again.
    ///
    /// # Errors
    /// A known id with other fields.
    pub fn with_spec(&self, spec: PartitionSpec) -> Result<Self> {
        let mut next = self.clone();
        next.last_partition_id = next.last_partition_id.max(spec.highest_field_id());
        next.default_spec_id = spec.id;
        know(&mut next.specs, spec, "partition spec", |spec| spec.id, PartialEq::eq)?;
        Ok(next)
    }

    /// The same table with another order for new files; one with a known id and the same fields is taken up again.
    ///
    /// # Errors
    /// A known id with other fields.
    pub fn with_sort_order(&self, order: SortOrder) -> Result<Self> {
        let mut next = self.clone();
        next.default_sort_order_id = order.id;
        know(&mut next.sort_orders, order, "sort order", |order| order.id, PartialEq::eq)?;
        Ok(next)
    }

    /// The order that new files are written in.
    ///
    /// # Errors
    /// Metadata that lacks it.
    pub fn sort_order(&self) -> Result<&SortOrder> {
        let found = self.sort_orders.iter().find(|order| order.id == self.default_sort_order_id);
        found.ok_or_else(|| self.lacks(format!("sort order {}", self.default_sort_order_id)))
    }

    /// A schema that has all columns which a spec reads: the one in use, or the newest in which they still are.
    ///
    /// # Errors
    /// Metadata that lacks it.
    pub fn schema_for(&self, spec: &PartitionSpec) -> Result<&Schema> {
        let has_all = |schema: &&Schema| spec.fields.iter().all(|field| field.source(schema).is_ok());
        let newest_first = self.schemas.iter().rev();
        std::iter::once(self.schema()?)
            .chain(newest_first)
            .find(has_all)
            .ok_or_else(|| self.lacks(format!("a schema with the columns of partition spec {}", spec.id)))
    }

    /// The same table in which a further spec is known; new files are written as before.
    ///
    /// # Errors
    /// A known id with other fields.
    pub fn knowing_spec(&self, spec: PartitionSpec) -> Result<Self> {
        Ok(Self { default_spec_id: self.default_spec_id, ..self.with_spec(spec)? })
    }

    fn forget_old_snapshots(&mut self, keep: usize) {
        let surplus = self.snapshots.len().saturating_sub(keep);
        if surplus == 0 {
            return;
        }
        self.snapshots.drain(..surplus);
        let is_kept = |id: i64| self.snapshots.iter().any(|snapshot| snapshot.snapshot_id == id);
        // A log has no gaps: what is older than a snapshot that is forgotten is forgotten too.
        let kept = self.snapshot_log.iter().rev().take_while(|entry| is_kept(entry.snapshot_id)).count();
        self.snapshot_log.drain(..self.snapshot_log.len() - kept);
    }

    fn remember(&mut self, previous_file: Option<&str>, timestamp_ms: i64) {
        if let Some(file) = previous_file {
            self.metadata_log
                .push(MetadataLogEntry { metadata_file: file.to_owned(), timestamp_ms: self.last_updated_ms });
            let surplus = self.metadata_log.len().saturating_sub(METADATA_LOG_LENGTH);
            self.metadata_log.drain(..surplus);
        }
        self.last_updated_ms = timestamp_ms;
    }

    fn lacks(&self, what: String) -> Error {
        Error::new(Code::TableCorrupt, format!("the metadata of table `{}` lacks {what}", self.location))
    }
}

/// Adds one to a list in the order of ids. One that is known stays as it is; its id never stands for another.
fn know<T, I: Ord + Display>(
    known: &mut Vec<T>,
    new: T,
    what: &str,
    id: fn(&T) -> I,
    same: fn(&T, &T) -> bool,
) -> Result<()> {
    let place = known.partition_point(|one| id(one) < id(&new));
    match known.get(place).filter(|one| id(one) == id(&new)) {
        None => known.insert(place, new),
        Some(one) if same(one, &new) => {}
        Some(_) => return Err(Error::bug(format!("{what} id {} is given to two", id(&new)))),
    }
    Ok(())
}
