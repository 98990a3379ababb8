//! Loop joins that answer for each row of their left side get one right partition.
//!
//! ```text
//! before  NestedLoopJoinExec: Left          after  NestedLoopJoinExec: Left
//!           left                                     left
//!           right, 4 partitions                      CoalescePartitionsExec
//!                                                      right, 4 partitions
//! ```
//!
//! When such a join runs out of memory it goes on with a part of the left side at a time, and then each right partition
//! decides by itself which left rows found no match: a row that matches in one partition is given as unmatched by
//! the others. Its own source says so. With one partition there are no others. Inner and right joins decide row by
//! row of the right side and keep their partitions; a full join cannot fall back and keeps them too.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{JoinType, Result};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, replace_children_if_necessary};

/// The pass.
#[derive(Debug)]
pub(super) struct SingleProbe;

impl PhysicalOptimizerRule for SingleProbe {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() else { return Ok(Transformed::no(plan)) };
            if !answers_for_left(*join.join_type()) || join.right().output_partitioning().partition_count() <= 1 {
                return Ok(Transformed::no(plan));
            }
            let right: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(Arc::clone(join.right())));
            let children = vec![Arc::clone(join.left()), right];
            Ok(Transformed::yes(replace_children_if_necessary(Arc::clone(&plan), children)?))
        })
        .data()
    }

    fn name(&self) -> &str {
        "single_probe"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

const fn answers_for_left(kind: JoinType) -> bool {
    matches!(kind, JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark)
}
