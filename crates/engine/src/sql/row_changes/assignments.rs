//! `set a = …, b = …`: which column gets which value.

use bywash_core::{Code, Error, Result, suggestion};
use datafusion::sql::sqlparser::ast::{Assignment, AssignmentTarget, Expr, Ident, ObjectName, ObjectNamePart, Spanned};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::syntax::null;
use crate::errors::columns_hint;
use crate::sql::Source;
use crate::sql::merge_star::EVERY_COLUMN;
use crate::sql::names::folded;

/// The new value of each column of the table, if it is set.
pub(super) fn assignments(source: &Source, columns: &[String], set: Vec<Assignment>) -> Result<Vec<Option<Expr>>> {
    let mut values: Vec<Option<Expr>> = columns.iter().map(|_| None).collect();
    for Assignment { target, value } in set {
        let name = match target {
            AssignmentTarget::ColumnName(name) => name,
            AssignmentTarget::Tuple(names) => {
                let span = names.first().map_or_else(Span::empty, Spanned::span);
                return Err(Error::new(Code::NotYetSupported, "several columns cannot be set at once")
                    .at(source.place(span))
                    .hint("write `a = …, b = …`"));
            }
        };
        let at = position(source, columns, &name)?;
        if values[at].replace(value_of(columns, value)).is_some() {
            return Err(twice(source, &name));
        }
    }
    Ok(values)
}

/// Whether it is `set *`.
pub(super) fn sets_every_column(set: &[Assignment]) -> bool {
    let one = match set {
        [Assignment { target: AssignmentTarget::ColumnName(ObjectName(parts)), .. }] => parts.first(),
        _ => None,
    };
    one.and_then(ObjectNamePart::as_ident).is_some_and(|ident| ident.value == EVERY_COLUMN)
}

/// `default` is null: columns have no other.
fn value_of(columns: &[String], value: Expr) -> Expr {
    match &value {
        Expr::Identifier(Ident { value: word, quote_style: None, .. })
            if word.eq_ignore_ascii_case("default") && !columns.iter().any(|column| column == "default") =>
        {
            null()
        }
        _ => value,
    }
}

/// Which of the table's columns a name means.
pub(super) fn position(source: &Source, columns: &[String], name: &ObjectName) -> Result<usize> {
    let wanted = name.0.last().and_then(ObjectNamePart::as_ident).map(folded).unwrap_or_default();
    let names = || columns.iter().map(String::as_str);
    columns.iter().position(|column| *column == wanted).ok_or_else(|| {
        Error::new(Code::UnknownColumn, format!("there is no column `{wanted}`"))
            .at(source.place(name.span()))
            .maybe_hint(suggestion(&wanted, names()).or_else(|| columns_hint(names())))
    })
}

pub(super) fn twice(source: &Source, name: &ObjectName) -> Error {
    Error::new(Code::InvalidSql, format!("`{name}` is set twice")).at(source.place(name.span()))
}
