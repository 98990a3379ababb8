//! DataFusion's Parquet source over files of a warehouse.
//!
//! A wrapper and not the source itself, for two reasons: it reads through the warehouse's own store (whatever store the
//! planner offers), and a plan that is sent elsewhere cannot be mistaken for a plain Parquet scan and lose what only
//! ours knows. The leaf of the plan stays `DataSourceExec(FileScanConfig)`, which distributed planners can divide.

use std::collections::BTreeSet;
use std::fmt::{self, Formatter};
use std::sync::Arc;

use bywash_core::{format_bytes, format_count};
use bywash_lake::storage::Warehouse;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::common::config::{ConfigOptions, TableParquetOptions};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, ExecutionPlan, SortOrderPushdownResult};
use datafusion_datasource::morsel::Morselizer;
use datafusion_datasource::{PartitionedFile, TableSchema};
use object_store::ObjectStore;

use super::named_reader::{NamedReaders, Table};

/// What a scan reads and leaves out, for `explain`.
#[derive(Clone, Debug)]
pub(super) struct ScanSummary {
    pub(super) table: String,
    pub(super) files: usize,
    pub(super) of_files: usize,
    pub(super) bytes: u64,
    pub(super) of_bytes: u64,
    pub(super) by_partition: usize,
    pub(super) by_bounds: usize,
}

impl fmt::Display for ScanSummary {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let count = |count: usize| format_count(count as u64);
        write!(
            formatter,
            "{} files={} of {}, bytes={} of {}, pruned by partition {}, by bounds {}",
            self.table,
            count(self.files),
            count(self.of_files),
            format_bytes(self.bytes),
            format_bytes(self.of_bytes),
            count(self.by_partition),
            count(self.by_bounds),
        )
    }
}

/// The Parquet source of one table.
#[derive(Clone)]
pub(super) struct LakeSource {
    inner: Arc<dyn FileSource>,
    store: Arc<dyn ObjectStore>,
    summary: Arc<ScanSummary>,
}

impl LakeSource {
    pub(super) fn new(warehouse: &Warehouse, columns: TableSchema, state: &dyn Session, summary: ScanSummary) -> Self {
        let store = Arc::clone(warehouse.store());
        let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
        let readers = NamedReaders {
            inner: CachedParquetFileReaderFactory::new(Arc::clone(&store), footers),
            table: Arc::new(Table { name: summary.table.clone(), warehouse: warehouse.clone() }),
        };
        let options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let inner = ParquetSource::new(columns)
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(readers));
        Self { inner: Arc::new(inner), store, summary: Arc::new(summary) }
    }

    fn with(&self, inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self { inner, ..self.clone() })
    }
}

impl FileSource for LakeSource {
    fn create_file_opener(
        &self,
        _store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.inner.create_file_opener(Arc::clone(&self.store), config, partition)
    }

    fn create_morselizer(
        &self,
        _store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        self.inner.create_morselizer(Arc::clone(&self.store), config, partition)
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        self.with(self.inner.with_batch_size(batch_size))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        "lake"
    }

    fn fmt_extra(&self, format: DisplayFormatType, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, ", scan={}", self.summary)?;
        self.inner.fmt_extra(format, formatter)
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let FilterPushdownPropagation { filters, updated_node } = self.inner.try_pushdown_filters(filters, config)?;
        // Filters above the scan stay: pushed ones only skip row groups and pages.
        let filters = vec![PushedDown::No; filters.len()];
        Ok(FilterPushdownPropagation { filters, updated_node: updated_node.map(|inner| self.with(inner)) })
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_sort(order, properties)?.map(|inner| self.with(inner)))
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_projection(projection)?.map(|inner| self.with(inner)))
    }

    fn apply_expressions(
        &self,
        apply: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(apply)
    }
}

fn scan_of(plan: &dyn ExecutionPlan) -> Option<(&FileScanConfig, &LakeSource)> {
    let scan = plan.downcast_ref::<DataSourceExec>()?;
    let config = scan.data_source().downcast_ref::<FileScanConfig>()?;
    Some((config, config.file_source.downcast_ref::<LakeSource>()?))
}

/// The tables of the lake that a plan scans.
pub(crate) fn scanned_tables(plan: &dyn ExecutionPlan) -> BTreeSet<String> {
    let mut tables: BTreeSet<_> =
        plan.children().into_iter().flat_map(|child| scanned_tables(child.as_ref())).collect();
    tables.extend(scan_of(plan).map(|(_, source)| source.summary.table.clone()));
    tables
}

/// The line of a scan of the lake in `explain`; nothing for other operators.
pub(crate) fn scan_line(plan: &dyn ExecutionPlan) -> Option<String> {
    let (config, source) = scan_of(plan)?;
    let columns = plan.schema().fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>().join(", ");
    let mut line = format!("LakeScan: {}, columns=[{columns}]", source.summary);
    if let Some(filter) = source.filter() {
        line.push_str(&format!(", filter={filter}"));
    }
    if let Some(limit) = config.limit {
        line.push_str(&format!(", limit={limit}"));
    }
    Some(line)
}
