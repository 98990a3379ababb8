//! Our own passes over physical plans, each in a file that opens with the plan before and after.
//!
//! They run last. None changes an answer: they close gaps between what an operator promises and what it does when
//! memory is short or it is to stop.

mod single_probe;
mod turns;
mod window_memory;

use std::sync::Arc;

use datafusion::physical_optimizer::PhysicalOptimizerRule;

/// All passes, in the order in which they run.
pub(crate) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    vec![Arc::new(single_probe::SingleProbe), Arc::new(window_memory::WindowMemory), Arc::new(turns::Turns)]
}
