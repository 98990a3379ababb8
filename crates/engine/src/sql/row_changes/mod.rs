//! `delete`, `update` and `merge into` become one query of the rows that change.
//!
//! ```text
//! delete from t where c            select t.file, t.row, false                  from t where c
//! update t set a = e from s        select t.file, t.row, true, e as a, t.b      from t, s where c
//!   where c
//! merge into t using s on j        select * from (
//!   when matched and c               select t.file, t.row,
//!     then delete                      case when «1» then false when «2» then true end as kept,
//!   when not matched                   case when «1» then null when «2» then s.x end as a, …
//!     then insert (a) values (s.x)   from t right join (select *, true as seen from s) as s on j
//!                                  ) where kept is not null
//! ```
//!
//! A row of the answer says which row of the table goes (`file` and `row`, both null for a row that is only added) and,
//! if `kept` is true, what stands there instead. Conditions are evaluated once, by the joins and filters of a query: the
//! planner's hooks for these statements lose conditions with subqueries on the way, and take no condition for every
//! row. Nothing is ever negated, so null behaves as it does in a query.

mod assignments;
mod merge;
mod syntax;
mod target;

use bywash_core::{Error, Result, TableRef};
use datafusion::sql::sqlparser::ast::{
    Delete, Expr, FromTable, Ident, Query, SelectItem, Statement, Update, UpdateTableFromKind, VisitorMut,
};

use super::Source;
use super::names::folded;
use super::walk::{GO_ON, Step, walk_mut};
use crate::scan::{FILE_COLUMN, ROW_COLUMN};
use assignments::assignments;
use syntax::{boolean, column, named, plain, select};
use target::changed;

pub(super) use target::of as target;

/// The name under which the planner finds the table that is changed, with the places of its rows.
pub(crate) const CHANGED_TABLE: &str = "bywash.changed";

/// The column that says whether something stands in place of a row.
pub(crate) const KEPT_COLUMN: &str = "bywash.kept";

/// The query of the rows that change; `columns` are those of the table.
///
/// # Errors
/// A column that the table does not have or that is set twice, or a clause that is not supported.
pub(crate) fn as_query(
    source: &Source,
    statement: &Statement,
    table: &TableRef,
    columns: &[String],
) -> Result<Statement> {
    let mut statement = statement.clone();
    walk_mut(&mut statement, &mut ShortNames(table));
    let query = match statement {
        Statement::Delete(delete) => of_delete(source, delete)?,
        Statement::Update(update) => of_update(source, columns, update)?,
        Statement::Merge(merge) => merge::query(source, columns, merge)?,
        _ => return Err(Error::bug("a statement that changes no rows was taken for one that does")),
    };
    Ok(Statement::Query(Box::new(query)))
}

fn of_delete(source: &Source, delete: Delete) -> Result<Query> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = delete.from;
    let (target, alias) = changed(source, from.into_iter().next().map(|table| table.relation))?;
    let mut tables = vec![plain(target)];
    tables.extend(delete.using.unwrap_or_default());
    select(places(&alias, boolean(false)), tables, delete.selection)
}

fn of_update(source: &Source, columns: &[String], update: Update) -> Result<Query> {
    let (target, alias) = changed(source, Some(update.table.relation))?;
    let set = assignments(source, columns, update.assignments)?;
    let mut tables = vec![plain(target)];
    if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = update.from {
        tables.extend(from);
    }
    let mut projection = places(&alias, boolean(true));
    projection.extend(columns.iter().zip(set).map(|(name, new)| {
        let value = new.unwrap_or_else(|| column(&alias, name));
        named(value, name)
    }));
    select(projection, tables, update.selection)
}

/// Which row goes, and whether something stands in its place.
fn places(alias: &Ident, kept: Expr) -> Vec<SelectItem> {
    let own = |name: &str| named(column(alias, name), name);
    vec![own(FILE_COLUMN), own(ROW_COLUMN), named(kept, KEPT_COLUMN)]
}

/// `raw.t.x` becomes `t.x`: in the query the table stands under its short name.
struct ShortNames<'a>(&'a TableRef);

impl VisitorMut for ShortNames<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> Step {
        if let Expr::CompoundIdentifier(parts) = expression
            && let [namespace, name, _, ..] = parts.as_slice()
            && self.0.namespace.as_ref().is_some_and(|own| *own == folded(namespace))
            && folded(name) == self.0.name
        {
            parts.remove(0);
        }
        GO_ON
    }
}
