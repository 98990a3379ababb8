//! What this crate writes, read back by the `iceberg` crate behind its own door; and what it refuses.

mod data_files;
mod manifests;
mod metadata;
mod values;
