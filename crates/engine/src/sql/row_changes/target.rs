//! The one table that a statement changes.

use bywash_core::{Code, Error, Result};
use datafusion::sql::sqlparser::ast::{
    Delete, FromTable, Ident, Merge, ObjectName, ObjectNamePart, Spanned, Statement, TableAlias, TableFactor,
    TableWithJoins, Update,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::CHANGED_TABLE;
use super::syntax::{plain_alias, quoted};
use crate::sql::Source;
use crate::sql::names::folded;

/// The table that a `delete`, `update` or `merge into` changes; refuses the clauses that are not supported.
pub(in crate::sql) fn of<'a>(source: &Source, statement: &'a Statement) -> Result<&'a ObjectName> {
    let refuse = |what: &str, span: Span| {
        Err(Error::new(Code::NotYetSupported, format!("`{what}` is not supported here")).at(source.place(span)))
    };
    let factor = match statement {
        Statement::Delete(delete) => match delete {
            Delete { returning: Some(_), .. } | Delete { output: Some(_), .. } => {
                return refuse("returning", statement.span());
            }
            Delete { limit: Some(limit), .. } => return refuse("limit", limit.span()),
            Delete { order_by, .. } if !order_by.is_empty() => return refuse("order by", order_by[0].span()),
            Delete { tables, .. } if !tables.is_empty() => return refuse("delete of several tables", tables[0].span()),
            Delete { from: FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from), .. } => single(from),
        },
        Statement::Update(update) => match update {
            Update { returning: Some(_), .. } | Update { output: Some(_), .. } => {
                return refuse("returning", statement.span());
            }
            Update { or: Some(_), .. } => return refuse("update or", statement.span()),
            Update { limit: Some(limit), .. } => return refuse("limit", limit.span()),
            Update { order_by, .. } if !order_by.is_empty() => return refuse("order by", order_by[0].span()),
            Update { table, .. } => single(std::slice::from_ref(table)),
        },
        Statement::Merge(Merge { output: Some(_), .. }) => return refuse("output", statement.span()),
        Statement::Merge(merge) => Some(&merge.table),
        _ => None,
    };
    match factor {
        Some(TableFactor::Table { name, args: None, .. }) => Ok(name),
        _ => Err(Error::new(Code::InvalidSql, "this statement changes exactly one table")
            .at(source.place(statement.span()))
            .hint("name it alone, and other tables in `using` or `from`")),
    }
}

fn single(tables: &[TableWithJoins]) -> Option<&TableFactor> {
    match tables {
        [TableWithJoins { relation, joins }] if joins.is_empty() => Some(relation),
        _ => None,
    }
}

/// The table that is changed, under the name that the planner knows it by, and what the statement calls it.
pub(super) fn changed(source: &Source, factor: Option<TableFactor>) -> Result<(TableFactor, Ident)> {
    let Some(mut factor) = factor else { return Err(Error::bug("a statement changes no table")) };
    let span = factor.span();
    let TableFactor::Table { name, alias, .. } = &mut factor else {
        return Err(Error::new(Code::InvalidSql, "only a table can be changed").at(source.place(span)));
    };
    let called = alias_of(name, alias);
    *name = ObjectName(vec![ObjectNamePart::Identifier(Ident { span, ..quoted(CHANGED_TABLE) })]);
    *alias = Some(plain_alias(called.clone()));
    Ok((factor, called))
}

/// What a statement calls a table: its alias, or its short name.
pub(super) fn alias_of(name: &ObjectName, alias: &Option<TableAlias>) -> Ident {
    let own = || name.0.last().and_then(ObjectNamePart::as_ident).map(folded).unwrap_or_default();
    quoted(&alias.as_ref().map_or_else(own, |alias| folded(&alias.name)))
}
