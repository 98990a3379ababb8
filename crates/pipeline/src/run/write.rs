//! From a stream of rows to durable data files of a table: the one way, for loads, models and statements.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use bywash_core::{Error, Result, TableName, TableRef};
use bywash_engine::{Engine, Planned, Resolved, StreamTable, TableResolver, sql};
use bywash_lake::tables::{DataFile, PartitionTerm, TableWriter, WriteSettings, conform};
use bywash_lake::{Lake, TableShape};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use crate::events::{Event, Listener, Silence, SoFar};

/// How often a query that has no row yet tells what it has read.
const TICK: Duration = Duration::from_millis(200);

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

/// Tells how far a node is.
pub struct Meter {
    listener: Arc<dyn Listener>,
    name: String,
    so_far: SoFar,
}

impl Meter {
    /// Tells this listener about the node of this name.
    #[must_use]
    pub fn new(listener: Arc<dyn Listener>, name: &TableName) -> Self {
        Self { listener, name: name.to_string(), so_far: SoFar::default() }
    }

    /// Tells nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self { listener: Arc::new(Silence), name: String::new(), so_far: SoFar::default() }
    }

    /// Tells what has changed.
    pub(super) fn tell(&mut self, change: impl FnOnce(&mut SoFar)) {
        change(&mut self.so_far);
        self.listener.hear(Event::NodeProgress { name: self.name.clone(), so_far: self.so_far });
    }

    /// Bytes that it told last.
    pub(super) const fn bytes(&self) -> u64 {
        self.so_far.bytes
    }
}

/// Keeps the bytes that a meter tells, for whoever tells of the node as a whole.
#[derive(Debug, Default)]
pub(super) struct BytesWritten(AtomicU64);

impl BytesWritten {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Listener for BytesWritten {
    fn hear(&self, event: Event) {
        if let Event::NodeProgress { so_far, .. } = event {
            self.0.store(so_far.bytes, Ordering::Relaxed);
        }
    }
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
        let writer = TableWriter::new(lake.warehouse(), shape, WriteSettings::default())?;
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

    /// Bytes written so far, or about to be.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.writer.bytes() as u64
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
pub async fn write_query(lake: &Lake, shape: &Arc<TableShape>, planned: Planned, mut meter: Meter) -> Result<Written> {
    let mut rows = sorted(planned, shape)?.stream().await?;
    let mut writer = RowWriter::new(lake, shape)?;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            batch = rows.next() => {
                let Some(batch) = batch else { return writer.finish().await };
                let batch = batch?;
                writer.write(&batch).await?;
                meter.tell(|so_far| {
                    so_far.rows += batch.num_rows() as u64;
                    so_far.bytes = writer.bytes();
                });
            }
            _ = tick.tick() => meter.tell(|so_far| so_far.bytes_read = rows.measured().bytes_read),
        }
    }
}

/// The rows of a query, sorted by partition and cluster columns of a table.
pub(crate) fn sorted(planned: Planned, shape: &TableShape) -> Result<Planned> {
    let partition_by = shape.partition_by.iter().map(|text| text.parse()).collect::<Result<Vec<PartitionTerm>>>()?;
    planned.sorted_for_write(&partition_by, &shape.cluster_by)
}

/// Writes rows from outside, sorted by partition and cluster columns; the sort spills where memory is short.
///
/// # Errors
/// A row cannot be read, or a file cannot be written.
pub async fn write_sorted(
    lake: &Lake,
    engine: &Engine,
    shape: &Arc<TableShape>,
    schema: SchemaRef,
    rows: BoxStream<'static, Result<RecordBatch>>,
    meter: Meter,
) -> Result<Written> {
    let rows = Mutex::new(Some(rows));
    let open = move || {
        let first = rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.unwrap_or_else(|| stream::iter([Err(Error::bug("rows of a file were asked for twice"))]).boxed())
    };
    let planned = all_rows(engine, Resolved::Stream(StreamTable { schema, open: Arc::new(open) })).await?;
    write_query(lake, shape, planned, meter).await
}

/// All rows of a table, planned.
pub(crate) async fn all_rows(engine: &Engine, table: Resolved) -> Result<Planned> {
    let session = engine.session(Arc::new(OneTable(table)));
    session.plan(&sql::parse("<rows>", "select * from incoming")?, &sql::Parameters::new()).await
}

/// Every name means the same rows.
struct OneTable(Resolved);

#[async_trait]
impl TableResolver for OneTable {
    async fn resolve(&self, _: &TableRef) -> Result<Resolved> {
        Ok(self.0.clone())
    }

    async fn resolve_file(&self, path: &str) -> Result<Resolved> {
        Err(Error::bug(format!("`{path}` was asked for while rows were written")))
    }

    async fn known_tables(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}
