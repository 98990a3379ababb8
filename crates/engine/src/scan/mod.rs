//! Reading tables of the lake: which files a query needs, what is known of them, and the Parquet source over them.
//!
//! ```text
//! provider  filters of a query → prune → the files to read, with statistics → a scan
//! deletes   row-level deletes of other engines → rows that a scan leaves out
//! prune     partition values first, then bounds and null counts; what is left may hold matching rows
//! by_field_id  a file's columns in the names and types that the table has now
//! row_set   rows that a scan leaves out
//! source    DataFusion's Parquet source, through the warehouse's store, with a line for `explain`
//! ```

mod by_field_id;
mod datum;
mod deletes;
mod named_reader;
mod provider;
mod prune;
mod row_set;
mod source;
mod statistics;

pub use deletes::deleted_rows;
pub(crate) use provider::{FILE_COLUMN, LakeProvider, PLACE_COLUMNS, ROW_COLUMN};
pub use row_set::RowSet;
pub(crate) use source::{scan_line, scanned_tables};
