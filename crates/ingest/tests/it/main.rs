//! Files as they come, read the way a load reads them.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as loudly as tests")]

mod csv_types;
mod csv_values;
mod csv_wrong;
mod find;
mod flights;
mod json;
mod limits;
mod options;
mod packed;
mod parquet;
mod properties;
mod support;
