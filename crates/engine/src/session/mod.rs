//! A session: where names are looked up, and statements become plans.

mod changed_rows;
mod describe;
mod explain;
mod names;
mod planned;
mod resolve;
mod resolver;
mod rows;
mod stream_table;
mod summarize;
mod write_order;

use std::fmt;
use std::sync::Arc;

use bywash_core::{Code, Error, Result};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::sql::planner::{ParserOptions, SqlToRel};

pub use changed_rows::ChangedRows;
pub use planned::Planned;
pub use resolver::{LakeTable, Resolved, StreamTable, TableResolver};
pub use rows::{Measured, Rows};

use crate::engine::Engine;
use crate::errors::planning;
use crate::scan::PLACE_COLUMNS;
use crate::sql::{CHANGED_TABLE, Parameters, Parsed, StatementKind, bind, row_changes_query};
use names::{Known, Names};
use resolve::Lookup;

/// Where names are looked up, and statements become plans. Cheap to clone.
#[derive(Clone)]
pub struct Session {
    engine: Engine,
    resolver: Arc<dyn TableResolver>,
}

impl Session {
    pub(crate) fn new(engine: Engine, resolver: Arc<dyn TableResolver>) -> Self {
        Self { engine, resolver }
    }

    /// Resolves, plans and type-checks a statement; no data is read.
    ///
    /// Of a statement that writes, this is the plan of the rows it writes: for `insert` with exactly the columns of
    /// the target, for `create table` with the declared ones. Of a statement that changes rows these are [`ChangedRows`].
    ///
    /// # Errors
    /// Names that are unknown or ambiguous, types that do not fit, statements that give no rows; each with its place.
    pub async fn plan(&self, parsed: &Parsed, parameters: &Parameters) -> Result<Planned> {
        if let Some(refusal) = parsed.kind.refusal() {
            return Err(refusal.at(parsed.source.whole()));
        }
        let state = self.engine.query_state();
        let lookup = Lookup::new(self.resolver.as_ref(), &state);
        let known = lookup.tables_of(parsed).await?;
        let logical = logical_plan(&state, parsed, parameters, known)?;
        let checked = state
            .analyzer()
            .execute_and_check(logical, state.config_options(), |_, _| {})
            .map_err(|error| planning::explain(&parsed.source, error))?;
        let planned = Planned::new(state, checked, parsed.source.clone());
        match parsed.kind {
            StatementKind::Summarize => summarize::plan(planned),
            StatementKind::Describe => describe::plan(&planned),
            _ => Ok(planned),
        }
    }
}

/// The plan of the rows that a statement gives or writes.
fn logical_plan(state: &SessionState, parsed: &Parsed, parameters: &Parameters, known: Known) -> Result<LogicalPlan> {
    let mut statement = parsed.statement.clone();
    bind(&parsed.source, &mut statement, parameters)?;
    if let (Some(changed), Some((table, _))) = (known.get(CHANGED_TABLE), &parsed.target) {
        let columns: Vec<_> = changed.schema().fields().iter().map(|field| field.name().clone()).collect();
        let own = columns.len().saturating_sub(PLACE_COLUMNS);
        statement = row_changes_query(&parsed.source, &statement, table, &columns[..own])?;
    }
    let names = Names::new(state, known);
    let options = ParserOptions::from(&state.config_options().sql_parser);
    let plan = SqlToRel::new_with_options(&names, options)
        .sql_statement_to_plan(statement)
        .map_err(|error| planning::explain(&parsed.source, error))?;
    match (&parsed.kind, plan) {
        (StatementKind::Insert | StatementKind::InsertOverwrite, LogicalPlan::Dml(write)) => {
            Ok(Arc::unwrap_or_clone(write.input))
        }
        (_, LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create))) => Ok(Arc::unwrap_or_clone(create.input)),
        (_, plan @ (LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Statement(_) | LogicalPlan::Copy(_))) => {
            Err(Error::new(Code::NotYetSupported, format!("`{}` gives no rows", plan.display()))
                .at(parsed.source.whole())
                .hint("write a query"))
        }
        (_, plan) => Ok(plan),
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("engine", &self.engine).finish_non_exhaustive()
    }
}
