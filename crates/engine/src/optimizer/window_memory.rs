//! Windows that keep all their input in memory say so to the memory pool.
//!
//! ```text
//! before  WindowAggExec          after  WindowMemoryExec      holds the reservation until the window is read
//!           input                         WindowAggExec
//!                                           WindowTapExec     grows it by each batch that passes
//!                                             input
//! ```
//!
//! `WindowAggExec` collects its input and then joins it into one batch without a reservation, so a large window ends the
//! process instead of the query. Each batch is counted twice: once as collected, once as joined. The window drops its
//! input before it joins, so the reservation cannot live in the tap.

use std::collections::HashMap;
use std::fmt::{self, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::common::{Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::windows::WindowAggExec;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, replace_children_if_necessary,
};
use futures::{StreamExt, TryStreamExt};

/// The pass.
#[derive(Debug)]
pub(super) struct WindowMemory;

impl PhysicalOptimizerRule for WindowMemory {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(window) = plan.downcast_ref::<WindowAggExec>() else { return Ok(Transformed::no(plan)) };
            let held = Arc::new(Held::default());
            let tap = Accounted { input: Arc::clone(window.input()), held: Arc::clone(&held), side: Side::Tap };
            let window = replace_children_if_necessary(Arc::clone(&plan), vec![Arc::new(tap)])?;
            Ok(Transformed::yes(Arc::new(Accounted { input: window, held, side: Side::Holder }) as _))
        })
        .data()
    }

    fn name(&self) -> &str {
        "window_memory"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The reservations of running windows, by partition.
#[derive(Debug, Default)]
struct Held(Mutex<HashMap<usize, Arc<MemoryReservation>>>);

impl Held {
    fn put(&self, partition: usize, reservation: Arc<MemoryReservation>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partition, reservation);
    }

    fn take(&self, partition: usize) -> Option<Arc<MemoryReservation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&partition)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Above the window: makes the reservation, and lives as long as the window's result is read.
    Holder,
    /// Below it: grows the reservation.
    Tap,
}

/// One of the two operators around a window; passes rows on as they are.
#[derive(Clone, Debug)]
struct Accounted {
    input: Arc<dyn ExecutionPlan>,
    held: Arc<Held>,
    side: Side,
}

impl DisplayAs for Accounted {
    fn fmt_as(&self, _format: DisplayFormatType, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl ExecutionPlan for Accounted {
    fn name(&self) -> &str {
        match self.side {
            Side::Holder => "WindowMemoryExec",
            Side::Tap => "WindowTapExec",
        }
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _apply: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) if children.is_empty() => Ok(Arc::new(Self { input, ..self.as_ref().clone() })),
            _ => internal_err!("{} has one input", self.name()),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        match self.side {
            Side::Holder => self.hold(partition, context),
            Side::Tap => self.tap(partition, context),
        }
    }
}

impl Accounted {
    fn hold(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let consumer = MemoryConsumer::new(format!("WindowAggExec[{partition}]"));
        let reservation = Arc::new(consumer.register(context.memory_pool()));
        self.held.put(partition, Arc::clone(&reservation));
        let rows = self.input.execute(partition, context)?.inspect_ok(move |_| {
            let _keeps_it_reserved = &reservation;
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn tap(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let Some(reservation) = self.held.take(partition) else {
            return internal_err!("a window is read without its reservation");
        };
        let rows = self.input.execute(partition, context)?.map(move |batch| {
            let batch = batch?;
            reservation.try_grow(2 * get_record_batch_memory_size(&batch))?;
            Ok(batch)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}
