//! The Iceberg specification as plain Rust values: schemas, partitions, data files, manifests, table metadata.
//!
//! The only user of the `iceberg` crate, whose Arrow is older than ours: no type of that crate and no Arrow type
//! appears in this crate's interface. Everything works on bytes in memory; the caller does the reading and writing.
//! Manifests and metadata are written by us and read by the `iceberg` crate, so that each checks the other; manifests
//! that are exactly as we write them are read by us too, which tests hold against that crate.

mod avro;
mod data_file;
mod datum;
mod deletes;
mod fence;
mod manifest;
mod manifest_avro;
mod manifest_list;
mod metadata;
mod metadata_json;
mod own_manifest;
mod partition;
mod reference;
mod schema;
mod schema_json;
mod snapshot;
mod sort;

pub use data_file::DataFile;
pub use datum::Datum;
pub use deletes::{DeleteFile, DeleteKind};
pub use manifest::{EntryStatus, Manifest, ManifestEntry};
pub use manifest_list::{ManifestFile, PartitionSummary, read_manifest_list, write_manifest_list};
pub use metadata::{NewTable, TableMetadata};
pub use partition::{PartitionField, PartitionSpec, Transform};
pub use reference::{reference_manifest, reference_transform};
pub use schema::{Field, Schema, Type};
pub use snapshot::{MetadataLogEntry, Operation, Snapshot, SnapshotLogEntry};
pub use sort::{SortField, SortOrder};
