//! A statement that has passed every check and can be run, more than once.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Result};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;

use super::columns_read::table_name;
use super::rows::Rows;
use super::{columns, explain};
use crate::errors::{planning, running};
use crate::sql::Source;

/// A statement that has passed every check.
#[derive(Clone)]
pub struct Planned {
    pub(super) state: SessionState,
    pub(super) logical: LogicalPlan,
    pub(super) source: Source,
    pub(super) shape: Shape,
    /// The first column whose name stands twice; the answer numbers the second.
    pub(super) twice: Option<String>,
    /// Whether the statement declares its columns.
    pub(super) declared: bool,
}

/// What becomes of the plan's rows.
#[derive(Clone)]
pub(super) enum Shape {
    /// They are the answer.
    Rows,
    /// One wide row becomes one row for each column.
    Summary(Arc<super::summarize::Summary>),
}

impl Planned {
    pub(super) fn new(state: SessionState, logical: LogicalPlan, source: Source) -> Self {
        Self { state, logical, source, shape: Shape::Rows, twice: None, declared: false }
    }

    /// The plan before the optimizer.
    pub(crate) const fn logical(&self) -> &LogicalPlan {
        &self.logical
    }

    /// The columns of the answer.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        match &self.shape {
            Shape::Rows => Arc::clone(self.logical.schema().inner()),
            Shape::Summary(summary) => summary.schema(),
        }
    }

    /// The columns of the answer, if they can be the columns of a table. None is required that is not declared so.
    ///
    /// # Errors
    /// Two columns of one name.
    pub fn table_schema(&self) -> Result<SchemaRef> {
        if let Some(name) = &self.twice {
            return Err(Error::new(Code::InvalidSql, format!("two columns are named `{name}`"))
                .at(self.source.find_last_word(name).unwrap_or_else(|| self.source.whole()))
                .hint("give one of them another name with `as`"));
        }
        let schema = self.schema();
        Ok(if self.declared { schema } else { Arc::new(columns::nullable(&schema)) })
    }

    /// Whether it reads this table of the lake, also through views.
    #[must_use]
    pub fn reads(&self, table: &str) -> bool {
        let mut found = false;
        // The walk itself cannot fail.
        let _ = self.logical.apply_with_subqueries(|plan| {
            found |= matches!(plan, LogicalPlan::TableScan(scan) if table_name(scan.source.as_ref()) == Some(table));
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        });
        found
    }

    /// Starts it. Dropping the rows stops it.
    ///
    /// # Errors
    /// The plan cannot be made ready; failures while it runs come with the rows.
    pub async fn stream(&self) -> Result<Rows> {
        Rows::start(self.clone()).await
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// Whatever fails while it runs.
    pub async fn collect(&self) -> Result<Vec<RecordBatch>> {
        self.stream().await?.try_collect().await
    }

    /// The plan as text: a line an operator, with what each lake scan reads and leaves out. With `analyze` the
    /// statement runs first, and the lines say what was measured.
    ///
    /// # Errors
    /// As [`Planned::stream`], and with `analyze` whatever fails while it runs.
    pub async fn explain(&self, analyze: bool) -> Result<String> {
        let plan = self.physical(true).await?;
        if analyze {
            let context = self.state.task_ctx();
            let rows = datafusion::physical_plan::execute_stream(Arc::clone(&plan), context);
            let rows = rows.map_err(|error| running::explain(&self.source, error))?;
            rows.try_for_each(|_| std::future::ready(Ok(())))
                .await
                .map_err(|error| running::explain(&self.source, error))?;
        }
        Ok(explain::render(&plan, analyze))
    }

    /// The operators; `hash_joins` lets joins keep one side in memory.
    pub(super) async fn physical(&self, hash_joins: bool) -> Result<Arc<dyn ExecutionPlan>> {
        let mut state = self.state.clone();
        if !hash_joins {
            let options = state.config_mut().options_mut();
            options.optimizer.prefer_hash_join = false;
            // The planner sorts for joins only when it divides the work.
            options.execution.target_partitions = options.execution.target_partitions.max(2);
        }
        let plan = state.create_physical_plan(&self.logical).await;
        plan.map_err(|error| planning::explain(&self.source, error))
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Planned").field("source", &self.source).finish_non_exhaustive()
    }
}
