//! Iceberg tables in a warehouse: columns, partitions, data files, snapshots.
//!
//! A write goes `conform` → `TableWriter` (data files, with statistics of our own) → `commit` (manifests, manifest
//! list, `metadata.json`). Everything is durable under names never used before when `commit` returns (rule T1);
//! nothing is visible until the catalog swaps a ref. A read begins with [`TableFiles::load`].

mod bounds;
mod cache;
mod calendar;
mod columns;
mod commit;
mod conform;
mod data_file_writer;
mod layout;
mod loaded;
mod maintain;
mod manifests;
mod murmur;
mod parquet_file;
mod partition_path;
mod partition_rows;
mod ranges;
mod relocate;
mod row_sums;
mod scan;
mod schema;
mod summary;
pub mod transforms;
mod write;

pub use bywash_iceberg_spec::{
    DataFile, Datum, DeleteFile, DeleteKind, Field, PartitionField, PartitionSpec, Schema, Snapshot, TableMetadata,
    Transform, Type,
};
pub use commit::{Committed, NewSnapshot, commit};
pub use conform::conform;
pub(crate) use layout::partition_fields;
pub use layout::{PartitionTerm, check_columns, partition_spec, partition_terms};
pub use loaded::LoadedTable;
pub(crate) use loaded::named_files;
pub use maintain::{Expiry, ManifestRewrite, Size, manifests_of};
pub use parquet_file::ParquetFile;
pub(crate) use relocate::Relocator;
pub use scan::{Deletes, TableFiles};
pub use schema::{FIELD_ID, IdSource, arrow_schema, arrow_type, assign_id, assign_ids, kind_of};
pub use write::{Codec, TableWriter, WriteSettings};
