//! The order in which rows are written: by partition, then by the columns that the table is clustered by.
//!
//! A writer that sees one partition after the other keeps one file open, and files whose columns are in order have
//! narrow bounds.

use bywash_core::Result;
use bywash_lake::tables::PartitionTerm;
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::planned::Planned;
use crate::errors::planning;
use crate::functions::partition_value;

impl Planned {
    /// The same rows, sorted for writing; unchanged when nothing asks for an order.
    ///
    /// # Errors
    /// A column that the answer has not, or a transform that does not fit its type.
    pub fn sorted_for_write(self, partition_by: &[PartitionTerm], cluster_by: &[String]) -> Result<Self> {
        if partition_by.is_empty() && cluster_by.is_empty() {
            return Ok(self);
        }
        let partitions = partition_by
            .iter()
            .map(|term| Ok(partition_value(term.transform, self.column(&term.column)?).sort(true, true)));
        let clusters = cluster_by.iter().map(|name| Ok(self.column(name)?.sort(true, true)));
        let order = partitions.chain(clusters).collect::<Result<Vec<_>>>()?;
        let logical = LogicalPlanBuilder::new(self.logical.clone())
            .sort(order)
            .and_then(LogicalPlanBuilder::build)
            .map_err(|error| planning::explain(&self.source, error))?;
        Ok(Self { logical, ..self })
    }

    fn column(&self, name: &str) -> Result<Expr> {
        let (qualifier, field) = self
            .logical
            .schema()
            .qualified_field_with_unqualified_name(name)
            .map_err(|error| planning::explain(&self.source, error))?;
        Ok(Expr::Column(Column::new(qualifier.cloned(), field.name())))
    }
}
