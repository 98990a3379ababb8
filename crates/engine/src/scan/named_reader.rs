//! Reads data files, and says of which table a file is that is missing or damaged.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use bywash_core::{Code, Error};
use bywash_lake::storage::Warehouse;
use datafusion::common::Result;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::PartitionedFile;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::ParquetMetaData;

/// Readers of the files of one table.
#[derive(Debug)]
pub(super) struct NamedReaders<F> {
    pub(super) inner: F,
    pub(super) table: Arc<Table>,
}

/// What an error names.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) warehouse: Warehouse,
}

impl<F: ParquetFileReaderFactory> ParquetFileReaderFactory for NamedReaders<F> {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let (table, path) = (Arc::clone(&self.table), file.object_meta.location.to_string());
        let inner = self.inner.create_reader(partition, file, metadata_size_hint, metrics)?;
        Ok(Box::new(NamedReader { inner, table, path }))
    }
}

struct NamedReader {
    inner: Box<dyn AsyncFileReader + Send>,
    table: Arc<Table>,
    path: String,
}

impl AsyncFileReader for NamedReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let (table, path) = (&self.table, &self.path);
        self.inner.get_bytes(range).map(|read| read.map_err(|error| named(table, path, error))).boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let (table, path) = (&self.table, &self.path);
        self.inner.get_byte_ranges(ranges).map(|read| read.map_err(|error| named(table, path, error))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let (table, path) = (&self.table, &self.path);
        self.inner.get_metadata(options).map(|read| read.map_err(|error| named(table, path, error))).boxed()
    }
}

fn named(table: &Table, path: &str, error: ParquetError) -> ParquetError {
    let said = error.to_string();
    let store = match &error {
        ParquetError::External(inner) => inner.downcast_ref::<object_store::Error>(),
        _ => None,
    };
    // The cache of footers hands errors on as text.
    let is_missing = matches!(store, Some(object_store::Error::NotFound { .. })) || said.contains("not found");
    let is_of_store = store.is_some() || said.contains("Generic ");
    if table.warehouse.is_remote() && is_of_store && !is_missing {
        let path = table.warehouse.relative(path).unwrap_or_default();
        return ParquetError::External(Box::new(table.warehouse.failed("read", &path, &error)));
    }
    // What an object store says may hold a signed address.
    let shown = if table.warehouse.is_remote() { String::new() } else { said.clone() };
    let table = &table.name;
    let own = match store {
        _ if is_missing => {
            Error::new(Code::ObjectMissing, format!("a data file of `{table}` is missing: `{path}` in the warehouse"))
                .hint("`bywash doctor` lists all that is missing; restore it, or `bywash revert` what wrote it")
        }
        Some(object_store::Error::PermissionDenied { .. }) => {
            Error::new(Code::PermissionDenied, format!("a data file of `{table}` may not be read: `{path}`"))
        }
        Some(_) if !said.contains("requested range") => {
            Error::new(Code::FileSystem, format!("a data file of `{table}` cannot be read: `{path}`"))
        }
        _ => Error::new(Code::TableCorrupt, format!("a data file of `{table}` is damaged: `{path}` in the warehouse"))
            .hint("`bywash doctor` lists files of a wrong length; restore it, or `bywash revert` what wrote it"),
    };
    ParquetError::External(Box::new(own.caused_by(shown)))
}
