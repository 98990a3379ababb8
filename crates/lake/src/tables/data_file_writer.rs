//! One Parquet file being written, in a task of its own: rows are encoded while the next ones are computed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Projection, Result};
use bywash_iceberg_spec::{DataFile, Schema};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::WriterProperties;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::bounds::FileStatistics;
use super::partition_rows::PartitionValues;
use super::row_sums::RowAdder;
use crate::storage::Warehouse;

/// Batches that wait for the encoder.
const WAITING: usize = 2;

/// What all files of one write have in common.
pub(super) struct FileSettings {
    pub(super) warehouse: Warehouse,
    pub(super) schema: Schema,
    pub(super) arrow_schema: SchemaRef,
    pub(super) spec_id: i32,
    pub(super) properties: WriterProperties,
    pub(super) projections: BTreeSet<Projection>,
}

/// A file that takes rows. One that is dropped before it ended is given up.
pub(super) struct DataFileWriter {
    steps: mpsc::Sender<Step>,
    task: JoinHandle<Result<DataFile>>,
    size: Arc<AtomicUsize>,
}

enum Step {
    Rows(RecordBatch),
    End,
}

impl DataFileWriter {
    /// Begins a file under a new name.
    pub(super) fn begin(settings: &Arc<FileSettings>, path: Path, partition: PartitionValues) -> Self {
        let (steps, incoming) = mpsc::channel(WAITING);
        let size = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(write_file(settings.clone(), path, partition, incoming, size.clone()));
        Self { steps, task, size }
    }

    /// Adds rows of the file's partition. `false` if the task has broken off: [`Self::end`] gives the reason.
    pub(super) async fn write(&self, batch: RecordBatch) -> bool {
        self.steps.send(Step::Rows(batch)).await.is_ok()
    }

    /// Bytes written or about to be.
    pub(super) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Ends the file; the task returns it once it is durable.
    pub(super) async fn end(self) -> JoinHandle<Result<DataFile>> {
        // A task that has broken off takes no step; its result says why.
        let _ = self.steps.send(Step::End).await;
        self.task
    }
}

type ParquetFile = AsyncArrowWriter<BufWriter>;

async fn write_file(
    settings: Arc<FileSettings>,
    path: Path,
    partition: PartitionValues,
    mut steps: mpsc::Receiver<Step>,
    size: Arc<AtomicUsize>,
) -> Result<DataFile> {
    let failed = |error: ParquetError| settings.warehouse.failed("write", &path, &error);
    let mut writer = begin(&settings, &path).map_err(failed)?;
    let mut statistics = FileStatistics::new(&settings.schema);
    let mut sums = RowAdder::new(&settings.schema, &settings.projections);
    loop {
        match steps.recv().await {
            Some(Step::Rows(batch)) => {
                statistics.add(&batch)?;
                sums.add(&batch)?;
                writer.write(&batch).await.map_err(failed)?;
                size.store(writer.bytes_written() + writer.in_progress_size(), Ordering::Relaxed);
            }
            Some(Step::End) => break,
            None => return give_up(writer, &path).await,
        }
    }
    let metadata = writer.finish().await.map_err(failed)?;
    let mut file = DataFile {
        path: path.to_string(),
        record_count: u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0),
        file_size_in_bytes: writer.bytes_written() as u64,
        partition,
        spec_id: settings.spec_id,
        row_sums: Some(sums.finish()),
        ..DataFile::default()
    };
    describe(&mut file, &metadata)?;
    statistics.finish(&mut file);
    Ok(file)
}

fn begin(settings: &FileSettings, path: &Path) -> std::result::Result<ParquetFile, ParquetError> {
    let sink = BufWriter::new(settings.warehouse.store().clone(), path.clone());
    // Readers take the columns from Parquet's own schema, which has the ids.
    let options = ArrowWriterOptions::new().with_properties(settings.properties.clone()).with_skip_arrow_metadata(true);
    AsyncArrowWriter::try_new_with_options(sink, settings.arrow_schema.clone(), options)
}

/// Nobody wants the file any more; what is left of it if this fails is a file that nothing refers to.
async fn give_up(writer: ParquetFile, path: &Path) -> Result<DataFile> {
    let _ = writer.into_inner().abort().await;
    Err(Error::new(Code::Cancelled, format!("writing `{path}` was given up")))
}

/// What Parquet itself knows: sizes of columns and where row groups begin.
fn describe(file: &mut DataFile, metadata: &ParquetMetaData) -> Result<()> {
    for group in metadata.row_groups() {
        let mut first = u64::MAX;
        for column in group.columns() {
            let (start, length) = column.byte_range();
            first = first.min(start);
            let basic = column.column_descr().self_type().get_basic_info();
            if !basic.has_id() {
                return Err(Error::bug(format!("column `{}` of `{}` has no id", basic.name(), file.path)));
            }
            *file.column_sizes.entry(basic.id()).or_default() += length;
        }
        file.split_offsets.push(i64::try_from(first).unwrap_or(0));
    }
    Ok(())
}
