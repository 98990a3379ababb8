//! Which columns of which tables a statement reads, also through views: what it would give after any change of others is
//! the same.
//!
//! Told by the plan that runs, after the optimizer has left out what no row depends on: no column that it lacks is ever
//! opened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::DefaultTableSource;
use datafusion::datasource::empty::EmptyTable;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan, TableSource, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::Planned;
use crate::scan::LakeProvider;

/// Columns by the full name of their table.
pub type ColumnsRead = BTreeMap<String, BTreeSet<String>>;

impl Planned {
    /// The columns that it reads of each table of the lake, and of each table of which only the columns are known.
    #[must_use]
    pub fn columns_read(&self) -> ColumnsRead {
        let optimized = self.state.optimize(&self.logical);
        let plan = optimized.as_ref().unwrap_or(&self.logical);
        let mut found = ColumnsRead::new();
        // The walk itself cannot fail.
        let _ = plan.apply_with_subqueries(|plan| {
            if let LogicalPlan::TableScan(scan) = plan
                && let Some(table) = table_name(scan.source.as_ref())
            {
                found.entry(table.to_owned()).or_default().extend(columns_of(scan));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        found
    }
}

fn columns_of(scan: &TableScan) -> impl Iterator<Item = String> {
    let shown = scan.projected_schema.fields().iter().map(|field| field.name().clone());
    let filtered = scan.filters.iter().flat_map(|filter| filter.column_refs()).map(|column| column.name.clone());
    shown.chain(filtered)
}

/// The full name of a table whose columns can be told.
pub(crate) fn table_name(source: &dyn TableSource) -> Option<&str> {
    let provider = &source.downcast_ref::<DefaultTableSource>()?.table_provider;
    let lake = provider.downcast_ref::<LakeProvider>().map(LakeProvider::name);
    lake.or_else(|| provider.downcast_ref::<NoRows>().map(|table| table.name.as_str()))
}

/// A table of which only the name and the columns are known.
#[derive(Debug)]
pub(super) struct NoRows {
    name: String,
    empty: EmptyTable,
}

impl NoRows {
    pub(super) fn new(name: String, columns: SchemaRef) -> Self {
        Self { name, empty: EmptyTable::new(columns) }
    }
}

#[async_trait]
impl TableProvider for NoRows {
    fn schema(&self) -> SchemaRef {
        self.empty.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.empty.scan(state, projection, filters, limit).await
    }
}
