//! The rows that a statement writes: those of its query, each value assigned to its column.
//!
//! ```text
//! insert into t (b, a) select x, y from s
//! project  assign(y) as a, assign(x) as b, null as c      exactly the columns of t, in its order
//!   select x, y from s
//! ```
//!
//! The planner would cast instead, and a cast changes values. It still judges the clauses of the statement.

use arrow::datatypes::{Field, FieldRef, SchemaRef};
use bywash_core::{Code, Error, Result, counted};
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, lit};
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{Insert, Statement};

use super::describe::type_name;
use super::names::Names;
use crate::errors::planning;
use crate::functions::{assigned, can_assign};
use crate::sql::{Parsed, query_of_nulls, written_names};

/// Plans the rows that a statement adds to a table with these columns.
pub(super) fn plan(
    parsed: &Parsed,
    names: &Names<'_>,
    options: ParserOptions,
    insert: Insert,
    target: &SchemaRef,
) -> Result<LogicalPlan> {
    let failed = |error| planning::explain(&parsed.source, error);
    let columns = written_names(&insert);
    let wanted = if columns.is_empty() { target.fields().len() } else { columns.len() };
    let nulls = Some(Box::new(query_of_nulls(wanted)));
    let (source, clauses) = (insert.source.clone(), Insert { source: nulls, ..insert });
    let planner = SqlToRel::new_with_options(names, options);
    planner.sql_statement_to_plan(Statement::Insert(clauses)).map_err(failed)?;
    let source = source.ok_or_else(|| Error::bug("an `insert` without a query"))?;
    let rows = planner.sql_statement_to_plan(Statement::Query(source)).map_err(failed)?;
    let given = rows.schema().fields().len();
    if given != wanted {
        return Err(count_mismatch(parsed, given, wanted));
    }
    let values = target.fields().iter().enumerate().map(|(at, field)| {
        let place = if columns.is_empty() { Some(at) } else { columns.iter().position(|name| name == field.name()) };
        value(parsed, &rows, place, field)
    });
    let values = values.collect::<Result<Vec<_>>>()?;
    LogicalPlanBuilder::new(rows).project(values).and_then(LogicalPlanBuilder::build).map_err(failed)
}

/// The rows that an `update` or `merge into` changes: behind `first` columns of our own stand those of the table, each
/// value assigned to its column.
pub(super) fn assigned_rows(
    parsed: &Parsed,
    rows: LogicalPlan,
    first: usize,
    target: &[FieldRef],
) -> Result<LogicalPlan> {
    if rows.schema().fields().len() == first {
        return Ok(rows);
    }
    let own = rows.schema().columns().into_iter().take(first).map(|column| Ok(Expr::Column(column)));
    // A `case` over several clauses gets its type later, so what looks like the column's type may yet be another.
    let values = target.iter().enumerate().map(|(at, field)| converted(parsed, &rows, first + at, field));
    let values = own.chain(values).collect::<Result<Vec<_>>>()?;
    let plan = LogicalPlanBuilder::new(rows).project(values).and_then(LogicalPlanBuilder::build);
    plan.map_err(|error| planning::explain(&parsed.source, error))
}

/// The value of one column of the target; null where the statement gives none.
fn value(parsed: &Parsed, rows: &LogicalPlan, place: Option<usize>, field: &FieldRef) -> Result<Expr> {
    let Some(place) = place else {
        return Ok(cast(lit(ScalarValue::Null), field.data_type().clone()).alias(field.name()));
    };
    let (table, given) = rows.schema().qualified_field(place);
    if given.data_type() == field.data_type() {
        return Ok(Expr::Column(Column::new(table.cloned(), given.name())).alias(field.name()));
    }
    converted(parsed, rows, place, field)
}

/// The value of a column of the rows, converted where that keeps it what it is.
fn converted(parsed: &Parsed, rows: &LogicalPlan, place: usize, field: &FieldRef) -> Result<Expr> {
    let (table, given) = rows.schema().qualified_field(place);
    if !can_assign(given.data_type(), field.data_type()) {
        return Err(never_fits(parsed, given, field));
    }
    let column = Expr::Column(Column::new(table.cloned(), given.name()));
    Ok(assigned(field.name(), field.data_type(), column).alias(field.name()))
}

fn never_fits(parsed: &Parsed, given: &Field, field: &Field) -> Error {
    let shown = |field: &Field| type_name(field.name(), field.data_type());
    Error::new(
        Code::InvalidSql,
        format!(
            "a `{}` cannot be stored in the column `{}`, which holds `{}`",
            shown(given),
            field.name(),
            shown(field)
        ),
    )
    .at(parsed.source.whole())
    .hint("convert it, or list the columns in the order of the values: `insert into t (a, b) …`")
}

fn count_mismatch(parsed: &Parsed, given: usize, wanted: usize) -> Error {
    let columns = |count: usize| counted(count as u64, "column");
    Error::new(Code::InvalidSql, format!("{} are to be filled, but the rows have {}", columns(wanted), columns(given)))
        .at(parsed.source.whole())
        .hint("list the columns that the rows fill: `insert into t (a, b) …`; the others become null")
}
