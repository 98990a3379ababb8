//! A table of the lake as the planner sees it. It can only be read: every hook that would write refuses.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use async_trait::async_trait;
use bywash_core::Result as OwnResult;
use bywash_lake::tables::{DataFile, arrow_schema};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, DataFusionError, Result, ScalarValue, Statistics, not_impl_err};
use datafusion::datasource::TableProvider;
use datafusion::datasource::physical_plan::parquet::ParquetRowSelection;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion_datasource::{PartitionedFile, TableSchema};
use object_store::ObjectMeta;
use parquet::arrow::RowNumber;

use super::by_field_id::ByFieldId;
use super::prune::{Kept, prune};
use super::row_set::RowSet;
use super::source::{LakeSource, ScanSummary};
use super::statistics;
use crate::session::LakeTable;

/// Statistics of single files are kept up to so many values: they only help filters that appear while a query runs.
const MOST_FILE_STATISTICS: usize = 50_000;

/// The column of a row's file: its place in the list of the snapshot's files.
pub(crate) const FILE_COLUMN: &str = "bywash.file";

/// The column of a row's place in its file.
pub(crate) const ROW_COLUMN: &str = "bywash.row";

/// How many columns tell where a row stands.
pub(crate) const PLACE_COLUMNS: usize = 2;

/// A table of the lake.
#[derive(Debug)]
pub(crate) struct LakeProvider {
    table: LakeTable,
    columns: TableSchema,
    /// The place of each file in the list, when rows tell where they stand.
    file_numbers: Option<HashMap<String, i64>>,
}

impl LakeProvider {
    pub(crate) fn new(table: LakeTable) -> OwnResult<Self> {
        let columns = TableSchema::from(without_metadata(arrow_schema(&table.files.schema)?.as_ref()));
        Ok(Self { table, columns, file_numbers: None })
    }

    /// The table with two more columns, [`FILE_COLUMN`] and [`ROW_COLUMN`].
    pub(crate) fn with_places(table: LakeTable) -> OwnResult<Self> {
        let columns = TableSchema::builder(without_metadata(arrow_schema(&table.files.schema)?.as_ref()))
            .with_table_partition_cols(vec![Arc::new(Field::new(FILE_COLUMN, DataType::Int64, false))])
            .with_virtual_columns(vec![Arc::new(
                Field::new(ROW_COLUMN, DataType::Int64, false).with_extension_type(RowNumber),
            )])
            .build();
        let numbers = (0..).zip(&table.files.files).map(|(number, file)| (file.path.clone(), number));
        let file_numbers = Some(numbers.collect());
        Ok(Self { table, columns, file_numbers })
    }

    /// The table's name.
    pub(crate) fn name(&self) -> &str {
        &self.table.name
    }

    fn files(&self) -> Vec<&DataFile> {
        let only = self.table.only.as_deref();
        self.table.files.files.iter().filter(|file| only.is_none_or(|only| only.contains(&file.path))).collect()
    }

    fn physical_filter(&self, state: &dyn Session, filters: &[Expr]) -> Result<Option<Arc<dyn PhysicalExpr>>> {
        let columns = DFSchema::try_from(Arc::clone(self.columns.table_schema()))?;
        conjunction(filters.to_vec()).map(|filter| state.create_physical_expr(filter, &columns)).transpose()
    }

    fn partitioned(&self, file: &DataFile, with_statistics: bool) -> Result<PartitionedFile> {
        let location = self.table.warehouse.relative(&file.path);
        let mut found = PartitionedFile::from(ObjectMeta {
            location: location.map_err(|error| DataFusionError::External(Box::new(error)))?,
            last_modified: chrono::DateTime::UNIX_EPOCH,
            size: file.file_size_in_bytes,
            e_tag: None,
            version: None,
        });
        if let Some(number) = self.file_numbers.as_ref().and_then(|numbers| numbers.get(&file.path)) {
            found = found.with_partition_values(vec![ScalarValue::Int64(Some(*number))]);
        }
        if let Some(rows) = self.left_out(file) {
            return Ok(found.with_extension(ParquetRowSelection::new(rows.others())));
        }
        if with_statistics {
            found = found.with_statistics(Arc::new(self.statistics_of(&[file], self.columns.file_schema())));
        }
        Ok(found)
    }

    /// The rows of a file that the scan does not give.
    fn left_out(&self, file: &DataFile) -> Option<&RowSet> {
        self.table.without.as_ref().and_then(|without| without.get(&file.path)).filter(|rows| !rows.is_empty())
    }

    fn statistics_of(&self, files: &[&DataFile], columns: &SchemaRef) -> Statistics {
        let found = statistics::of(files, &self.table.files.schema, columns);
        if files.iter().any(|file| self.left_out(file).is_some()) { found.to_inexact() } else { found }
    }

    fn groups(&self, files: &[&DataFile], partitions: usize) -> Result<Vec<FileGroup>> {
        let with_statistics = files.len() * self.columns.file_schema().fields().len() <= MOST_FILE_STATISTICS;
        let files = files.iter().map(|file| self.partitioned(file, with_statistics)).collect::<Result<Vec<_>>>()?;
        if files.is_empty() {
            // A scan without a group has no partition, and no operator can stand above that.
            return Ok(vec![FileGroup::new(Vec::new())]);
        }
        Ok(FileGroup::new(files).split_files(partitions.max(1)))
    }
}

/// The columns without their ids: the planner compares metadata, and ids differ where columns are alike.
fn without_metadata(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(plain_field).collect::<Fields>()))
}

fn plain_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), plain_type(field.data_type()), field.is_nullable()))
}

fn plain_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        DataType::List(element) => DataType::List(plain_field(element)),
        DataType::Map(entries, sorted) => DataType::Map(plain_field(entries), *sorted),
        other => other.clone(),
    }
}

/// Without a filter the first files that hold `limit` rows are enough.
fn enough(mut files: Vec<&DataFile>, limit: Option<usize>) -> Vec<&DataFile> {
    let Some(limit) = limit else { return files };
    let mut rows = 0;
    let needed = files.iter().take_while(|file| {
        let goes_on = rows < limit as u64;
        rows += file.record_count;
        goes_on
    });
    let needed = needed.count();
    files.truncate(needed);
    files
}

#[async_trait]
impl TableProvider for LakeProvider {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.columns.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics_of(&self.files(), self.columns.table_schema()))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = self.files();
        let (of_files, of_bytes) = (all.len(), bytes(&all));
        let filter = self.physical_filter(state, filters)?;
        let Kept { files, by_partition, by_bounds } =
            prune(&self.table.files, all, self.columns.table_schema(), filter);
        let files = if filters.is_empty() && self.table.without.is_none() { enough(files, limit) } else { files };
        let summary = ScanSummary {
            table: self.table.name.clone(),
            files: files.len(),
            of_files,
            bytes: bytes(&files),
            of_bytes,
            by_partition,
            by_bounds,
        };
        let known = self.statistics_of(&files, self.columns.table_schema());
        let source = LakeSource::new(&self.table.warehouse, self.columns.clone(), state, summary);
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(self.groups(&files, state.config().target_partitions())?)
            .with_statistics(known)
            .with_projection_indices(projection.cloned())?
            .with_expr_adapter(Some(ByFieldId::of(&self.table.files.schema)))
            .with_limit(limit);
        Ok(DataSourceExec::from_data_source(config.build()))
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        _input: Arc<dyn ExecutionPlan>,
        _operation: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }

    async fn delete_from(&self, _state: &dyn Session, _filters: Vec<Expr>) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }

    async fn update(
        &self,
        _state: &dyn Session,
        _assignments: Vec<(String, Expr)>,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }

    async fn truncate(&self, _state: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }
}

/// The planner loses conditions with subqueries on the way to these hooks, and no condition means every row.
fn refused() -> Result<Arc<dyn ExecutionPlan>> {
    not_impl_err!("tables of the lake are not written through the planner")
}

fn bytes(files: &[&DataFile]) -> u64 {
    files.iter().map(|file| file.file_size_in_bytes).sum()
}
