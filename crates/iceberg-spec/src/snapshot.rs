//! Snapshots: the states that a table has had, and the logs that remember them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One state of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Unique in the table.
    pub snapshot_id: i64,
    /// The state it was made from.
    pub parent_snapshot_id: Option<i64>,
    /// Counts the states of this metadata file's history.
    pub sequence_number: i64,
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Where its manifests are listed.
    pub manifest_list: String,
    /// What was done.
    pub operation: Operation,
    /// Counts and other facts; texts, as the specification has them.
    pub summary: BTreeMap<String, String>,
    /// The schema that was current.
    pub schema_id: Option<i32>,
}

/// What a snapshot did to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Only added files.
    Append,
    /// Exchanged files without changing rows.
    Replace,
    /// Added and removed rows.
    Overwrite,
    /// Only removed rows.
    Delete,
}

/// When a snapshot became current.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SnapshotLogEntry {
    /// The snapshot.
    pub snapshot_id: i64,
    /// When, in milliseconds since 1970.
    pub timestamp_ms: i64,
}

/// A metadata file that came before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MetadataLogEntry {
    /// Where it lies.
    pub metadata_file: String,
    /// When it was written, in milliseconds since 1970.
    pub timestamp_ms: i64,
}
