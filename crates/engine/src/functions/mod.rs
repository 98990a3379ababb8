//! Functions beside those of DataFusion: assignment, the partition transforms of tables, and those of others.

mod assign;
mod foreign;
mod partition;

use std::sync::Arc;

use bywash_core::{Error, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::ScalarUDF;

pub(crate) use assign::{assigned, can_assign};
pub use foreign::ForeignFunction;
pub(crate) use foreign::planned as planned_foreign;
pub(crate) use partition::partition_value;

/// Adds them to a session.
pub(crate) fn register(state: &mut SessionState) -> Result<()> {
    for function in partition::sql_functions() {
        state
            .register_udf(Arc::new(ScalarUDF::new_from_impl(function)))
            .map_err(|error| Error::bug("a function cannot be registered").caused_by(error))?;
    }
    Ok(())
}
