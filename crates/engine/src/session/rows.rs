//! The rows of a running statement.
//!
//! A hash join keeps one side in memory and cannot spill. When memory runs out before the first row is out, the
//! statement starts once more with joins that sort, which can, as soon as the first plan has given back what it held.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Result};
use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::joins::HashJoinExec;
use datafusion::physical_plan::{EmptyRecordBatchStream, ExecutionPlan, execute_stream};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};

use super::planned::{Planned, Shape};
use crate::errors::running;
use crate::memory::QueryMemory;
use crate::scan::scanned_tables;

/// What a statement read and wrote aside, so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Rows that its scans gave.
    pub rows_read: u64,
    /// Bytes that were read of files.
    pub bytes_read: u64,
    /// Bytes that were spilled to disk.
    pub bytes_spilled: u64,
}

/// The rows of a running statement; dropping it stops the statement.
pub struct Rows {
    schema: SchemaRef,
    batches: BoxStream<'static, Result<RecordBatch>>,
    plan: Arc<Mutex<Arc<dyn ExecutionPlan>>>,
}

impl Rows {
    pub(super) async fn start(planned: Planned) -> Result<Self> {
        let schema = planned.schema();
        let plan = planned.physical(true).await?;
        let shape = planned.shape.clone();
        let running = Running::start(planned, Arc::clone(&plan))?;
        let shared = Arc::clone(&running.plan);
        let batches = stream::try_unfold(running, Running::next).boxed();
        let batches = match shape {
            Shape::Rows => batches,
            Shape::Summary(summary) => stream::once(async move {
                let rows: Vec<_> = batches.try_collect().await?;
                summary.turn(&rows)
            })
            .boxed(),
        };
        Ok(Self { schema, batches, plan: shared })
    }

    /// The columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// What was read and spilled so far.
    #[must_use]
    pub fn measured(&self) -> Measured {
        let plan = Arc::clone(&self.plan.lock().unwrap_or_else(PoisonError::into_inner));
        let mut measured = Measured::default();
        measure(plan.as_ref(), &mut measured);
        measured
    }
}

impl Stream for Rows {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.batches.as_mut().poll_next(context)
    }
}

fn measure(plan: &dyn ExecutionPlan, measured: &mut Measured) {
    if let Some(metrics) = plan.metrics() {
        let count = |name: &str| metrics.sum_by_name(name).map_or(0, |value| value.as_usize() as u64);
        measured.bytes_spilled += metrics.spilled_bytes().unwrap_or_default() as u64;
        measured.bytes_read += count("bytes_scanned");
        if plan.children().is_empty() {
            measured.rows_read += metrics.output_rows().unwrap_or_default() as u64;
        }
    }
    for child in plan.children() {
        measure(child.as_ref(), measured);
    }
}

struct Running {
    planned: Planned,
    plan: Arc<Mutex<Arc<dyn ExecutionPlan>>>,
    stream: SendableRecordBatchStream,
    memory: Arc<QueryMemory>,
    context: Arc<TaskContext>,
    may_start_again: bool,
}

impl Running {
    fn start(planned: Planned, plan: Arc<dyn ExecutionPlan>) -> Result<Self> {
        let shared = planned.state.runtime_env();
        let memory = QueryMemory::new(Arc::clone(&shared.memory_pool));
        let context = TaskContext::from(&planned.state).with_runtime(memory.runtime(shared));
        let context = Arc::new(context);
        let stream = execute_stream(Arc::clone(&plan), Arc::clone(&context))
            .map_err(|error| running::explain(&planned.source, error))?;
        let may_start_again = has_hash_join(plan.as_ref());
        Ok(Self { planned, plan: Arc::new(Mutex::new(plan)), stream, memory, context, may_start_again })
    }

    async fn next(mut self) -> Result<Option<(RecordBatch, Self)>> {
        loop {
            match self.stream.next().await {
                None => return Ok(None),
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => {
                    self.may_start_again = false;
                    return Ok(Some((batch, self)));
                }
                Some(Err(error)) if self.may_start_again && is_exhausted(&error) => self.start_again().await?,
                Some(Err(error)) => return Err(self.explained(error)),
            }
        }
    }

    /// Pages that were damaged do not say of which file they are.
    fn explained(&self, error: DataFusionError) -> Error {
        let error = running::explain(&self.planned.source, error);
        let plan = Arc::clone(&self.plan.lock().unwrap_or_else(PoisonError::into_inner));
        let tables: Vec<_> = scanned_tables(plan.as_ref()).into_iter().collect();
        let is_named = tables.is_empty() || tables.iter().any(|table| error.message().contains(table));
        if error.code() != Code::TableCorrupt || is_named {
            return error;
        }
        error.hint(format!("the query reads `{}`", tables.join("`, `")))
    }

    async fn start_again(&mut self) -> Result<()> {
        self.may_start_again = false;
        let plan = self.planned.physical(false).await?;
        tracing::debug!("memory ran out in a hash join; starting again with sorted joins");
        // Stream and plan both hold memory of the first try.
        self.stream = Box::pin(EmptyRecordBatchStream::new(plan.schema()));
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&plan);
        self.memory.given_back().await;
        self.stream = execute_stream(plan, Arc::clone(&self.context))
            .map_err(|error| running::explain(&self.planned.source, error))?;
        Ok(())
    }
}

fn has_hash_join(plan: &dyn ExecutionPlan) -> bool {
    plan.is::<HashJoinExec>() || plan.children().iter().any(|child| has_hash_join(child.as_ref()))
}

fn is_exhausted(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::ResourcesExhausted(_))
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rows").field("schema", &self.schema).finish_non_exhaustive()
    }
}
