//! From a stream of rows to durable data files of a table: the one way, for loads, models and statements.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::Result;
use bywash_engine::{Planned, Session, sql};
use bywash_lake::TableShape;
use bywash_lake::tables::{DataFile, TableWriter, WriteSettings, conform};
use bywash_lake::{Lake, tables};
use futures::StreamExt;

/// Files that were written, and how many rows they have.
#[derive(Debug, Default)]
pub struct Written {
    /// The files, durable.
    pub files: Vec<DataFile>,
    /// Rows in them.
    pub rows: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// Writes batches into files of one table.
pub struct RowWriter {
    writer: TableWriter,
    shape: Arc<TableShape>,
    rows: u64,
}

impl RowWriter {
    /// A writer that has written nothing.
    ///
    /// # Errors
    /// The table's layout cannot be used.
    pub fn new(lake: &Lake, shape: &Arc<TableShape>) -> Result<Self> {
        let writer = TableWriter::new(
            lake.warehouse(),
            &shape.folder,
            shape.schema.clone(),
            shape.spec.clone(),
            WriteSettings::default(),
        )?;
        Ok(Self { writer, shape: shape.clone(), rows: 0 })
    }

    /// Adds rows, cast to the table's types.
    ///
    /// # Errors
    /// A column that the table does not have, a value that does not fit, or a file that cannot be written.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(conform(batch, &self.shape.schema)?).await
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// A file cannot be written.
    pub async fn finish(self) -> Result<Written> {
        let files = self.writer.finish().await?;
        let bytes = files.iter().map(|file| file.file_size_in_bytes).sum();
        Ok(Written { files, rows: self.rows, bytes })
    }
}

/// Runs a planned query and writes its rows, sorted by partition and cluster columns.
///
/// # Errors
/// The query fails, or a file cannot be written.
pub async fn write_query(
    lake: &Lake,
    shape: &Arc<TableShape>,
    planned: Planned,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Written> {
    let sorted = planned.sorted_for_write(&shape.partition_by, &shape.cluster_by)?;
    let mut stream = sorted.stream().await?;
    let mut writer = RowWriter::new(lake, shape)?;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        writer.write(&batch).await?;
        progress(batch.num_rows() as u64);
    }
    writer.finish().await
}
