//! Joins give others a turn.
//!
//! ```text
//! before  HashJoinExec              after  CooperativeExec      pauses after some batches
//!           left                             HashJoinExec
//!           right                              left
//!                                              right
//! ```
//!
//! A task can be stopped only where it pauses, and the planner lets it pause where rows come from files. A join that
//! makes billions of rows of a few thousand never gets there: it would compute for minutes after Ctrl-C.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::joins::{CrossJoinExec, HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};

/// The pass.
#[derive(Debug)]
pub(super) struct Turns;

impl PhysicalOptimizerRule for Turns {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| match multiplies_rows(plan.as_ref()) {
            true => Ok(Transformed::yes(Arc::new(CooperativeExec::new(plan)) as _)),
            false => Ok(Transformed::no(plan)),
        })
        .data()
    }

    fn name(&self) -> &str {
        "turns"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn multiplies_rows(plan: &dyn ExecutionPlan) -> bool {
    plan.is::<HashJoinExec>()
        || plan.is::<SortMergeJoinExec>()
        || plan.is::<NestedLoopJoinExec>()
        || plan.is::<CrossJoinExec>()
}
