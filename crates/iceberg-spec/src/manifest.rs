//! Manifests: which data files a snapshot added, kept or took away.
//!
//! Only entries that are alive are ever carried over, as `existing`, with the snapshot and the sequence numbers they
//! came with; an entry that was `deleted` is written once, by the snapshot that deleted it.

use std::collections::BTreeMap;

use bywash_core::{Error, Result};

use crate::avro::{AvroBytes, container};
use crate::data_file::DataFile;
use crate::datum::Datum;
use crate::fence;
use crate::manifest_avro::{entry_schema, write_partition_value};
use crate::manifest_list::{ManifestFile, PartitionSummary};
use crate::own_manifest;
use crate::partition::PartitionSpec;
use crate::schema::{Schema, Type};
use crate::schema_json::schema_to_json;

/// What became of a file in the snapshot that wrote the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// It was there before.
    Existing,
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
}

/// A data file and its fate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Added, kept or taken away.
    pub status: EntryStatus,
    /// The snapshot that added the file, or deleted it if it is deleted.
    pub snapshot_id: i64,
    /// The sequence number of the rows.
    pub sequence_number: i64,
    /// The sequence number of the snapshot that added the file.
    pub file_sequence_number: i64,
    /// The file.
    pub file: DataFile,
}

/// A list of data files under one schema and one partition spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The table's schema when the manifest was written.
    pub schema: Schema,
    /// The spec of all partition values.
    pub spec: PartitionSpec,
    /// The files.
    pub entries: Vec<ManifestEntry>,
}

impl ManifestEntry {
    /// Whether the file belongs to the snapshot.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.status != EntryStatus::Deleted
    }
}

impl Manifest {
    /// Reads a manifest; what entries inherit comes from its line in the manifest list.
    ///
    /// # Errors
    /// Bytes that are no manifest, another number of files than its line counts, delete files, files other than Parquet.
    pub fn read(bytes: &[u8], listed: &ManifestFile) -> Result<Self> {
        let manifest = match Self::read_own(bytes, listed) {
            Some(manifest) => manifest,
            None => fence::read_manifest(bytes, listed)?,
        };
        // A block may end early without a reader of Avro minding. Lists of version 1 need not count.
        let counted = listed.added_files + listed.existing_files + listed.deleted_files;
        if counted > 0 && counted != manifest.entries.len() as u64 {
            let held = manifest.entries.len();
            return Err(fence::corrupt("manifest", format!("it holds {held} files, and should hold {counted}")));
        }
        Ok(manifest)
    }

    /// Reads a manifest that is in every detail as [`Self::write`] writes it; nothing for any other.
    #[must_use]
    pub fn read_own(bytes: &[u8], listed: &ManifestFile) -> Option<Self> {
        own_manifest::read(bytes, listed)
    }

    /// The manifest as a file, and its line for the list of the snapshot that writes it.
    ///
    /// # Errors
    /// A partition value that does not fit the spec.
    pub fn write(&self, path: &str, snapshot_id: i64, sequence_number: i64) -> Result<(Vec<u8>, ManifestFile)> {
        let mut promoted = self.clone();
        let files = promoted.entries.iter_mut().map(|entry| &mut entry.file);
        DataFile::promote_all(files, &self.schema, &self.spec)?;
        promoted.write_promoted(path, snapshot_id, sequence_number)
    }

    fn write_promoted(&self, path: &str, snapshot_id: i64, sequence_number: i64) -> Result<(Vec<u8>, ManifestFile)> {
        let types = self.spec.result_types(&self.schema)?;
        let mut records = AvroBytes::default();
        for entry in &self.entries {
            check_partition(entry, &types)?;
            write_entry(&mut records, entry);
        }
        let metadata = [
            ("schema", schema_to_json(&self.schema).to_string()),
            ("schema-id", self.schema.id.to_string()),
            (
                "partition-spec",
                serde_json::to_string(&self.spec.fields).map_err(|error| Error::bug(error.to_string()))?,
            ),
            ("partition-spec-id", self.spec.id.to_string()),
            ("format-version", "2".to_owned()),
            ("content", "data".to_owned()),
            ("avro.schema", entry_schema(&self.spec, &types)?.to_string()),
            ("avro.codec", "null".to_owned()),
        ];
        let bytes = container(&metadata, self.entries.len() as u64, &records);
        let listed = self.listed(path, bytes.len() as u64, snapshot_id, sequence_number);
        Ok((bytes, listed))
    }

    fn listed(&self, path: &str, length: u64, snapshot_id: i64, sequence_number: i64) -> ManifestFile {
        let mut listed = ManifestFile {
            path: path.to_owned(),
            length,
            spec_id: self.spec.id,
            sequence_number,
            min_sequence_number: sequence_number,
            added_snapshot_id: snapshot_id,
            partitions: (0..self.spec.fields.len()).map(|place| self.summary(place)).collect(),
            ..ManifestFile::default()
        };
        for entry in &self.entries {
            let (files, rows) = match entry.status {
                EntryStatus::Added => (&mut listed.added_files, &mut listed.added_rows),
                EntryStatus::Existing => (&mut listed.existing_files, &mut listed.existing_rows),
                EntryStatus::Deleted => (&mut listed.deleted_files, &mut listed.deleted_rows),
            };
            *files += 1;
            *rows += entry.file.record_count;
            if entry.is_alive() {
                listed.min_sequence_number = listed.min_sequence_number.min(entry.sequence_number);
            }
        }
        listed
    }

    fn summary(&self, place: usize) -> PartitionSummary {
        let mut summary = PartitionSummary { contains_nan: Some(false), ..PartitionSummary::default() };
        let (mut lower, mut upper): (Option<&Datum>, Option<&Datum>) = (None, None);
        for value in self.entries.iter().map(|entry| entry.file.partition.get(place).and_then(Option::as_ref)) {
            match value {
                None => summary.contains_null = true,
                Some(value) if value.is_nan() => summary.contains_nan = Some(true),
                Some(value) => {
                    lower = Some(lower.filter(|lower| *lower <= value).unwrap_or(value));
                    upper = Some(upper.filter(|upper| *upper >= value).unwrap_or(value));
                }
            }
        }
        summary.lower_bound = lower.map(Datum::to_bytes);
        summary.upper_bound = upper.map(Datum::to_bytes);
        summary
    }
}

fn check_partition(entry: &ManifestEntry, types: &[Type]) -> Result<()> {
    let values = &entry.file.partition;
    let fits = values.len() == types.len()
        && values.iter().zip(types).all(|(value, kind)| value.as_ref().is_none_or(|value| value.kind() == *kind));
    if fits {
        return Ok(());
    }
    Err(Error::bug(format!("the partition values of `{}` do not fit its partition spec", entry.file.path)))
}

fn write_entry(avro: &mut AvroBytes, entry: &ManifestEntry) {
    let (status, inherits) = match entry.status {
        EntryStatus::Existing => (0, false),
        EntryStatus::Added => (1, true),
        EntryStatus::Deleted => (2, false),
    };
    let sequence_number = (!inherits).then_some(entry.sequence_number);
    let file_sequence_number = (!inherits).then_some(entry.file_sequence_number);
    let write_long = |avro: &mut AvroBytes, value: i64| {
        avro.long(value);
    };
    avro.long(status).optional(Some(entry.snapshot_id), write_long);
    avro.optional(sequence_number, write_long).optional(file_sequence_number, write_long);
    write_data_file(avro, &entry.file);
}

fn write_data_file(avro: &mut AvroBytes, file: &DataFile) {
    avro.long(0).bytes(file.path.as_bytes()).bytes(b"PARQUET");
    for value in &file.partition {
        avro.optional(value.as_ref(), write_partition_value);
    }
    avro.count(file.record_count).count(file.file_size_in_bytes);
    for counts in [&file.column_sizes, &file.value_counts, &file.null_value_counts, &file.nan_value_counts] {
        avro.optional(Some(counts), write_counts);
    }
    for bounds in [&file.lower_bounds, &file.upper_bounds] {
        avro.optional(Some(bounds), write_bounds);
    }
    avro.long(0);
    let offsets = (!file.split_offsets.is_empty()).then_some(&file.split_offsets);
    avro.optional(offsets, |avro, offsets| {
        avro.array(offsets.iter(), |avro, offset| {
            avro.long(*offset);
        });
    });
    avro.long(0);
    avro.optional(file.sort_order_id, |avro, id| {
        avro.long(i64::from(id));
    });
}

fn write_counts(avro: &mut AvroBytes, counts: &BTreeMap<i32, u64>) {
    avro.array(counts.iter(), |avro, (id, count)| {
        avro.long(i64::from(*id)).count(*count);
    });
}

fn write_bounds(avro: &mut AvroBytes, bounds: &BTreeMap<i32, Datum>) {
    avro.array(bounds.iter(), |avro, (id, bound)| {
        avro.long(i64::from(*id)).bytes(&bound.to_bytes());
    });
}
