//! Writes rows into data files: by partition, of a sensible size, a bounded number of them open at once.
//!
//! Rows usually come clustered by partition, so one file is open at a time. Any other order gives the same rows, in
//! more files: beyond [`MOST_OPEN`] the partition that was written to longest ago ends its file.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bywash_core::{Error, Result};
use bywash_iceberg_spec::{DataFile, Field, PartitionSpec, Schema, Type};
use object_store::path::Path;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::data_file_writer::{DataFileWriter, FileSettings};
use super::partition_path::partition_path;
use super::partition_rows::{PartitionValues, partition_rows};
use super::schema::arrow_schema;
use crate::TableShape;
use crate::storage::Warehouse;

const MOST_OPEN: usize = 32;

/// How data files are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Fastest to read.
    Lz4,
    /// Smaller, slower to read.
    Zstd,
}

/// How data files are made.
#[derive(Clone, Copy, Debug)]
pub struct WriteSettings {
    /// A file that has grown to this size ends, and the next begins.
    pub target_file_bytes: usize,
    /// Rows of a row group: what one thread reads at a time.
    pub row_group_rows: usize,
    /// How pages are compressed.
    pub codec: Codec,
}

impl Default for WriteSettings {
    fn default() -> Self {
        Self { target_file_bytes: 128 << 20, row_group_rows: 131_072, codec: Codec::Lz4 }
    }
}

/// Takes rows of one table; nothing of it is visible until a commit names the files.
pub struct TableWriter {
    settings: Arc<FileSettings>,
    spec: PartitionSpec,
    folder: String,
    target_file_bytes: usize,
    id: Uuid,
    names: u64,
    clock: u64,
    open: HashMap<PartitionValues, Open>,
    ended: Vec<JoinHandle<Result<DataFile>>>,
    ended_bytes: usize,
}

struct Open {
    file: DataFileWriter,
    used: u64,
}

impl TableWriter {
    /// A writer for a table of this shape.
    ///
    /// # Errors
    /// A partition field that does not fit the schema, or settings that Parquet refuses.
    pub fn new(warehouse: &Warehouse, shape: &TableShape, settings: WriteSettings) -> Result<Self> {
        let (schema, spec) = (shape.schema.clone(), shape.spec.clone());
        spec.result_types(&schema)?;
        let files = FileSettings {
            warehouse: warehouse.clone(),
            arrow_schema: arrow_schema(&schema)?,
            properties: properties(settings, &schema)?,
            projections: shape.projections.clone(),
            spec_id: spec.id,
            schema,
        };
        Ok(Self {
            settings: Arc::new(files),
            spec,
            folder: shape.folder.trim_end_matches('/').to_owned(),
            target_file_bytes: settings.target_file_bytes,
            id: Uuid::new_v4(),
            names: 0,
            clock: 0,
            open: HashMap::new(),
            ended: Vec::new(),
            ended_bytes: 0,
        })
    }

    /// Adds rows that [`super::conform`] gave.
    ///
    /// # Errors
    /// A file cannot be written.
    pub async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        for (partition, rows) in partition_rows(&batch, &self.settings.schema, &self.spec)? {
            if rows.num_rows() > 0 {
                self.write_part(partition, rows).await?;
            }
        }
        Ok(())
    }

    /// Bytes written so far, or about to be.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.ended_bytes + self.open.values().map(|open| open.file.size()).sum::<usize>()
    }

    /// Ends all files and returns them; they are durable.
    ///
    /// # Errors
    /// A file cannot be written.
    pub async fn finish(mut self) -> Result<Vec<DataFile>> {
        for (_, open) in self.open.drain() {
            self.ended.push(open.file.end().await);
        }
        let mut files = Vec::with_capacity(self.ended.len());
        for task in self.ended.drain(..) {
            files.push(join(task).await?);
        }
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(files)
    }

    async fn write_part(&mut self, partition: PartitionValues, rows: RecordBatch) -> Result<()> {
        self.clock += 1;
        if !self.open.contains_key(&partition) {
            if self.open.len() >= MOST_OPEN {
                self.end_oldest().await;
            }
            let path = self.next_path(&partition)?;
            let file = DataFileWriter::begin(&self.settings, path, partition.clone());
            self.open.insert(partition.clone(), Open { file, used: 0 });
        }
        let Some(open) = self.open.get_mut(&partition) else { return Ok(()) };
        open.used = self.clock;
        let (alive, full) = (open.file.write(rows).await, open.file.size() >= self.target_file_bytes);
        if !alive || full {
            self.end(&partition).await;
        }
        match self.ended.pop_if(|_| !alive) {
            Some(broken) => join(broken).await.map(|_| ()),
            None => Ok(()),
        }
    }

    async fn end_oldest(&mut self) {
        let oldest = self.open.iter().min_by_key(|(_, open)| open.used).map(|(partition, _)| partition.clone());
        if let Some(partition) = oldest {
            self.end(&partition).await;
        }
    }

    async fn end(&mut self, partition: &PartitionValues) {
        if let Some(open) = self.open.remove(partition) {
            self.ended_bytes += open.file.size();
            self.ended.push(open.file.end().await);
        }
    }

    fn next_path(&mut self, partition: &PartitionValues) -> Result<Path> {
        let part = partition_path(&self.spec, partition);
        let separator = if part.is_empty() { "" } else { "/" };
        let name = format!("{}/data/{part}{separator}{}-{:05}.parquet", self.folder, self.id, self.names);
        self.names += 1;
        Path::parse(&name).map_err(|error| Error::bug(format!("`{name}` is no path: {error}")))
    }
}

async fn join(task: JoinHandle<Result<DataFile>>) -> Result<DataFile> {
    task.await.unwrap_or_else(|error| Err(Error::bug(format!("writing a data file broke off: {error}"))))
}

/// Parquet's own statistics leave NaN out, but engines sort NaN after every number: with them, `x > 1` would lose
/// rows. So columns of floats have none; the bounds of the data file know better.
fn properties(settings: WriteSettings, schema: &Schema) -> Result<WriterProperties> {
    let compression = match settings.codec {
        Codec::Lz4 => Compression::LZ4_RAW,
        Codec::Zstd => Compression::ZSTD(ZstdLevel::try_new(1).map_err(|error| Error::bug(error.to_string()))?),
    };
    let mut properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(settings.row_group_rows))
        .set_created_by(concat!("bywash ", env!("CARGO_PKG_VERSION")).to_owned());
    for path in schema.fields.iter().flat_map(|field| float_columns(field, &[])) {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(path), EnabledStatistics::None);
    }
    Ok(properties.build())
}

/// The paths of all columns of floats in and below a field, as Parquet names them.
fn float_columns(field: &Field, above: &[String]) -> Vec<Vec<String>> {
    let below = |names: &[&str]| -> Vec<String> {
        above.iter().cloned().chain(names.iter().map(|&name| name.to_owned())).collect()
    };
    match &field.kind {
        Type::Float | Type::Double => vec![below(&[&field.name])],
        Type::Struct(parts) => parts.iter().flat_map(|part| float_columns(part, &below(&[&field.name]))).collect(),
        Type::List(element) => float_columns(element, &below(&[&field.name, "list"])),
        Type::Map(key, value) => {
            let above = below(&[&field.name, "key_value"]);
            [key, value].into_iter().flat_map(|part| float_columns(part, &above)).collect()
        }
        _ => Vec::new(),
    }
}
