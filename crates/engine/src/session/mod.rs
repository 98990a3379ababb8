//! A session: where names are looked up, and statements become plans.

mod changed_rows;
mod columns;
mod columns_read;
mod describe;
mod explain;
mod insert;
mod kept;
mod names;
mod null_aware;
mod planned;
mod resolve;
mod resolver;
mod rows;
mod stream_table;
mod summarize;
mod type_words;
mod write_order;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{FieldRef, SchemaRef};
use bywash_core::{Code, Error, Result};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::Statement;

pub use changed_rows::ChangedRows;
pub use columns_read::ColumnsRead;
pub(crate) use columns_read::table_name;
pub use planned::Planned;
pub use resolver::{LakeTable, Resolved, StreamTable, TableResolver};
pub use rows::{Measured, Rows};

use crate::engine::Engine;
use crate::errors::planning;
use crate::scan::PLACE_COLUMNS;
use crate::sql::{
    CHANGED_TABLE, Parameters, Parsed, StatementKind, bind, keep_digits, name_columns, row_changes_query,
};
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
        let Logical { plan, twice } = logical_plan(&state, parsed, parameters, known)?;
        let failed = |error| planning::explain(&parsed.source, error);
        let (plan, repeated) = columns::distinct(plan).map_err(failed)?;
        let checked = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {}).map_err(failed)?;
        let declared = matches!(parsed.kind, StatementKind::CreateTable { .. });
        let planned = Planned::new(state, checked, parsed.source.clone());
        let planned = Planned { twice: twice.or(repeated), declared, ..planned };
        match parsed.kind {
            StatementKind::Summarize => summarize::plan(planned),
            StatementKind::Describe => describe::plan(&planned),
            _ => Ok(planned),
        }
    }
}

/// The plan of the rows that a statement gives or writes.
struct Logical {
    plan: LogicalPlan,
    /// The first column whose name the statement itself gives twice.
    twice: Option<String>,
}

fn logical_plan(state: &SessionState, parsed: &Parsed, parameters: &Parameters, known: Known) -> Result<Logical> {
    let mut statement = parsed.statement.clone();
    bind(&parsed.source, &mut statement, parameters)?;
    let twice = name_columns(&mut statement);
    keep_digits(&mut statement);
    let changed = known.get(CHANGED_TABLE).map(|table| own_columns(&table.schema()));
    if let (Some(columns), Some((table, _))) = (&changed, &parsed.target) {
        let names: Vec<_> = columns.iter().map(|field| field.name().clone()).collect();
        statement = row_changes_query(&parsed.source, &statement, table, &names)?;
    }
    let target = parsed.target.as_ref().and_then(|(target, _)| known.get(&target.to_string())).map(|it| it.schema());
    let names = Names::new(state, known);
    let options = ParserOptions::from(&state.config_options().sql_parser);
    if let (Statement::Insert(insert), Some(target)) = (&statement, &target) {
        let plan = insert::plan(parsed, &names, options, insert.clone(), target)?;
        return Ok(Logical { plan: null_aware(parsed, plan)?, twice: None });
    }
    let plan = SqlToRel::new_with_options(&names, options)
        .sql_statement_to_plan(statement)
        .map_err(|error| planning::explain(&parsed.source, error))?;
    let plan = rows_of(parsed, plan)?;
    let plan = match changed {
        Some(columns) => insert::assigned_rows(parsed, plan, ChangedRows::OWN_COLUMNS, &columns)?,
        None => plan,
    };
    Ok(Logical { plan: null_aware(parsed, plan)?, twice })
}

fn null_aware(parsed: &Parsed, plan: LogicalPlan) -> Result<LogicalPlan> {
    null_aware::rewrite(plan).map_err(|error| planning::explain(&parsed.source, error))
}

/// The columns of a table that comes with the places of its rows.
fn own_columns(schema: &SchemaRef) -> Vec<FieldRef> {
    let own = schema.fields().len().saturating_sub(PLACE_COLUMNS);
    schema.fields().iter().take(own).cloned().collect()
}

fn rows_of(parsed: &Parsed, plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(create)) => Ok(Arc::unwrap_or_clone(create.input)),
        plan @ (LogicalPlan::Dml(_) | LogicalPlan::Ddl(_) | LogicalPlan::Statement(_) | LogicalPlan::Copy(_)) => {
            Err(Error::new(Code::NotYetSupported, format!("`{}` gives no rows", plan.display()))
                .at(parsed.source.whole())
                .hint("write a query"))
        }
        plan => Ok(plan),
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("engine", &self.engine).finish_non_exhaustive()
    }
}
