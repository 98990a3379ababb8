//! What the shell needs from the engine.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use bywash_core::Result;
use futures::stream::BoxStream;

/// A table as the shell completes and describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownTable {
    /// `namespace.table`
    pub name: String,
    /// `table`, `view` or `system`
    pub kind: String,
    /// Names and types, in order.
    pub columns: Vec<(String, String)>,
}

/// What a statement gives.
pub enum Answer {
    /// Rows, which come as they are computed; dropping the stream stops the statement.
    Rows {
        /// The columns.
        schema: SchemaRef,
        /// The rows.
        rows: BoxStream<'static, Result<RecordBatch>>,
        /// What a person should know of them.
        warnings: Vec<String>,
    },
    /// One line about what changed, and the command that takes it back.
    Changed(String),
}

/// Runs statements and knows which tables there are.
#[async_trait]
pub trait SqlRunner: Send + Sync {
    /// Begins one statement, without its `;`.
    ///
    /// # Errors
    /// The statement is not valid, or cannot be done.
    async fn run(&self, sql: &str) -> Result<Answer>;

    /// The tables at this moment.
    ///
    /// # Errors
    /// The lake cannot be read.
    async fn tables(&self) -> Result<Vec<KnownTable>>;
}
