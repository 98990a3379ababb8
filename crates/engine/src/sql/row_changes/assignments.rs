//! `set a = …, b = …`: which column gets which value.

use bywash_core::{Code, Error, Result, suggestion};
use datafusion::sql::sqlparser::ast::{Assignment, AssignmentTarget, Expr, ObjectName, ObjectNamePart, Spanned};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::sql::Source;
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
        if values[at].replace(value).is_some() {
            return Err(twice(source, &name));
        }
    }
    Ok(values)
}

/// Which of the table's columns a name means.
pub(super) fn position(source: &Source, columns: &[String], name: &ObjectName) -> Result<usize> {
    let wanted = name.0.last().and_then(ObjectNamePart::as_ident).map(folded).unwrap_or_default();
    columns.iter().position(|column| *column == wanted).ok_or_else(|| {
        Error::new(Code::UnknownColumn, format!("there is no column `{wanted}`"))
            .at(source.place(name.span()))
            .maybe_hint(suggestion(&wanted, columns.iter().map(String::as_str)))
    })
}

pub(super) fn twice(source: &Source, name: &ObjectName) -> Error {
    Error::new(Code::InvalidSql, format!("`{name}` is set twice")).at(source.place(name.span()))
}
