//! How a session finds tables: through whoever opened it.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use bywash_core::{Result, TableRef};
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::TableFiles;
use futures::stream::BoxStream;

use crate::scan::RowSet;

/// Finds what names in SQL mean.
#[async_trait]
pub trait TableResolver: Send + Sync {
    /// A table, also one at another ref, also `bywash.<name>`.
    ///
    /// # Errors
    /// `unknown-table` (a suggestion from [`TableResolver::known_tables`] and the place are added), or whatever
    /// keeps the table from being opened.
    async fn resolve(&self, table: &TableRef) -> Result<Resolved>;

    /// A file or glob that stands in quotes in SQL.
    ///
    /// # Errors
    /// It is missing or cannot be read as a table.
    async fn resolve_file(&self, path: &str) -> Result<Resolved>;

    /// The names to suggest when one is unknown.
    ///
    /// # Errors
    /// They cannot be read.
    async fn known_tables(&self) -> Result<Vec<String>>;
}

/// What a name means.
#[derive(Clone)]
pub enum Resolved {
    /// A table of the lake.
    Lake(LakeTable),
    /// A query in the place of a table; its own tables are found through the same resolver.
    View {
        /// The query.
        sql: String,
        /// The file it stands in, or the view's name, for messages.
        origin: PathBuf,
        /// The ref that its tables are found at where it names none: that of the view, if it was read at one.
        at: Option<String>,
    },
    /// Rows in memory.
    Batches(SchemaRef, Vec<RecordBatch>),
    /// Rows that are made as they are read.
    Stream(StreamTable),
    /// No rows, only the columns of the table of this full name: enough to check a query.
    Columns(String, SchemaRef),
}

/// A snapshot of a table, or some of its files.
#[derive(Clone)]
pub struct LakeTable {
    /// The name, for plans and messages.
    pub name: String,
    /// Where its files lie.
    pub warehouse: Arc<Warehouse>,
    /// The snapshot's columns and files.
    pub files: Arc<TableFiles>,
    /// Only files with these recorded paths, for computing incrementally.
    pub only: Option<Arc<HashSet<String>>>,
    /// Rows that are left out, by the recorded path of their file: those that a statement deletes or writes anew.
    pub without: Option<Arc<HashMap<String, RowSet>>>,
}

impl fmt::Debug for LakeTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("LakeTable").field(&self.name).finish()
    }
}

/// Rows that are made as they are read, as often as they are read.
#[derive(Clone)]
pub struct StreamTable {
    /// The columns.
    pub schema: SchemaRef,
    /// Begins a new stream of all rows.
    pub open: Arc<dyn Fn() -> BoxStream<'static, Result<RecordBatch>> + Send + Sync>,
}
