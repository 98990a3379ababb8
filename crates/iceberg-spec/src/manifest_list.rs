//! Manifest lists: the manifests of one snapshot, each with what a planner needs to skip it.

use bywash_core::Result;

use crate::avro::{AvroBytes, container};
use crate::fence;
use crate::manifest_avro::list_schema;
use crate::snapshot::Snapshot;

/// One manifest as its snapshot's list describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManifestFile {
    /// The absolute location as recorded.
    pub path: String,
    /// Whether it lists files of deletes, and not of rows; we write none.
    pub has_deletes: bool,
    /// Bytes.
    pub length: u64,
    /// The partition spec of its files.
    pub spec_id: i32,
    /// The sequence number of the snapshot that wrote it.
    pub sequence_number: i64,
    /// The least sequence number of its live files.
    pub min_sequence_number: i64,
    /// The snapshot that wrote it.
    pub added_snapshot_id: i64,
    /// Files that snapshot added.
    pub added_files: u64,
    /// Files it kept.
    pub existing_files: u64,
    /// Files it took away.
    pub deleted_files: u64,
    /// Rows of the added files.
    pub added_rows: u64,
    /// Rows of the kept files.
    pub existing_rows: u64,
    /// Rows of the files taken away.
    pub deleted_rows: u64,
    /// What its partition values cover, in the order of the spec's fields.
    pub partitions: Vec<PartitionSummary>,
}

/// What the values of one partition field cover.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionSummary {
    /// Whether any is null.
    pub contains_null: bool,
    /// Whether any is NaN, if known.
    pub contains_nan: Option<bool>,
    /// The least value, in the binary form of single values.
    pub lower_bound: Option<Vec<u8>>,
    /// The greatest.
    pub upper_bound: Option<Vec<u8>>,
}

impl ManifestFile {
    /// Files of the snapshot that this manifest lists.
    #[must_use]
    pub const fn live_files(&self) -> u64 {
        self.added_files + self.existing_files
    }
}

/// Reads a manifest list of a table of this format version.
///
/// # Errors
/// Bytes that are no manifest list; manifests of delete files, which this version cannot apply.
pub fn read_manifest_list(bytes: &[u8], format_version: u8) -> Result<Vec<ManifestFile>> {
    fence::read_manifest_list(bytes, format_version)
}

/// The list of a snapshot's manifests as a file.
#[must_use]
pub fn write_manifest_list(manifests: &[ManifestFile], snapshot: &Snapshot) -> Vec<u8> {
    let mut records = AvroBytes::default();
    for manifest in manifests {
        write_manifest_file(&mut records, manifest);
    }
    let parent = snapshot.parent_snapshot_id.map_or_else(|| "null".to_owned(), |parent| parent.to_string());
    let metadata = [
        ("snapshot-id", snapshot.snapshot_id.to_string()),
        ("parent-snapshot-id", parent),
        ("sequence-number", snapshot.sequence_number.to_string()),
        ("format-version", "2".to_owned()),
        ("avro.schema", list_schema().to_string()),
        ("avro.codec", "null".to_owned()),
    ];
    container(&metadata, manifests.len() as u64, &records)
}

fn write_manifest_file(avro: &mut AvroBytes, manifest: &ManifestFile) {
    avro.bytes(manifest.path.as_bytes()).count(manifest.length).long(i64::from(manifest.spec_id)).long(0);
    avro.long(manifest.sequence_number).long(manifest.min_sequence_number).long(manifest.added_snapshot_id);
    avro.count(manifest.added_files).count(manifest.existing_files).count(manifest.deleted_files);
    avro.count(manifest.added_rows).count(manifest.existing_rows).count(manifest.deleted_rows);
    avro.optional(Some(&manifest.partitions), |avro, partitions| {
        avro.array(partitions.iter(), write_summary);
    });
    avro.long(0);
}

fn write_summary(avro: &mut AvroBytes, summary: &PartitionSummary) {
    avro.boolean(summary.contains_null);
    avro.optional(summary.contains_nan, |avro, nan| {
        avro.boolean(nan);
    });
    for bound in [&summary.lower_bound, &summary.upper_bound] {
        avro.optional(bound.as_ref(), |avro, bytes| {
            avro.bytes(bytes);
        });
    }
}
