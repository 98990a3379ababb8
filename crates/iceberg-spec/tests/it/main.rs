//! What this crate writes, read back by the `iceberg` crate behind its own door; and what it refuses.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

mod data_files;
mod manifests;
mod metadata;
mod values;
