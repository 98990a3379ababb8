//! Why a statement cannot be planned: unknown and ambiguous names, types that do not fit, what is not supported.

use bywash_core::{Code, Error, Place, nearest};
use datafusion::common::{Column, DataFusionError, SchemaError};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::words::sentence;
use crate::sql::Source;

/// How many columns a hint lists.
const LISTED_COLUMNS: usize = 12;
/// Columns that only our own plans have begin so.
const OWN_COLUMNS: &str = "bywash.";

/// The error of a statement that stands in `source`.
pub(crate) fn explain(source: &Source, error: DataFusionError) -> Error {
    explain_at(source, error, None)
}

fn explain_at(source: &Source, error: DataFusionError, place: Option<Place>) -> Error {
    match error {
        DataFusionError::Context(_, inner) => explain_at(source, *inner, place),
        DataFusionError::Collection(mut errors) if !errors.is_empty() => explain_at(source, errors.remove(0), place),
        DataFusionError::Diagnostic(diagnostic, inner) => {
            let span = diagnostic.span.map(|span| source.place(to_span(span)));
            explain_at(source, *inner, place.or(span))
        }
        DataFusionError::Shared(shared) => match shared.as_ref() {
            DataFusionError::SchemaError(error, _) => names(source, error, place),
            other => general(source, other, place),
        },
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(own) if own.places().is_empty() => own.at(place.unwrap_or_else(|| source.whole())),
            Ok(own) => *own,
            Err(inner) => general(source, &DataFusionError::External(inner), place),
        },
        DataFusionError::SchemaError(error, _) => names(source, &error, place),
        other => general(source, &other, place),
    }
}

fn to_span(span: datafusion::common::Span) -> Span {
    Span::new(Location::new(span.start.line, span.start.column), Location::new(span.end.line, span.end.column))
}

fn names(source: &Source, error: &SchemaError, place: Option<Place>) -> Error {
    let located = |column: &Column| place.clone().or_else(|| source.find_word(&column.name));
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let error = Error::new(Code::UnknownColumn, format!("there is no column `{}`", shown(field)));
            error.at(located(field).unwrap_or_else(|| source.whole())).maybe_hint(column_hint(field, valid_fields))
        }
        SchemaError::AmbiguousReference { field } => {
            Error::new(Code::AmbiguousColumn, format!("`{}` is a column of more than one table", shown(field)))
                .at(located(field).unwrap_or_else(|| source.whole()))
                .hint(format!("write `table.{0}`, or join with `using ({0})`", field.name))
        }
        SchemaError::DuplicateQualifiedField { qualifier, name } => {
            Error::new(Code::AmbiguousColumn, format!("`{qualifier}` stands twice, and both have `{name}`"))
                .at(source.find_word(qualifier.table()).unwrap_or_else(|| source.whole()))
                .hint("give each its own name with `as`")
        }
        SchemaError::DuplicateUnqualifiedField { name } => {
            Error::new(Code::AmbiguousColumn, format!("two columns are named `{name}`"))
                .at(source.find_word(name).unwrap_or_else(|| source.whole()))
                .hint("give one of them another name with `as`")
        }
    }
}

fn shown(column: &Column) -> String {
    match &column.relation {
        Some(relation) => format!("{relation}.{}", column.name),
        None => column.name.clone(),
    }
}

fn column_hint(wanted: &Column, valid: &[Column]) -> Option<String> {
    let names: Vec<&str> = valid.iter().map(|column| column.name.as_str()).collect();
    if let Some(exact) = names.iter().find(|name| **name != wanted.name && name.eq_ignore_ascii_case(&wanted.name)) {
        return Some(format!("names without quotes are lower case; write `\"{exact}\"`"));
    }
    if let Some(other) = valid.iter().find(|column| column.name == wanted.name) {
        return Some(format!("did you mean `{}`?", shown(other)));
    }
    if let Some(name) = nearest(&wanted.name, names.iter().copied()) {
        return Some(format!("did you mean `{name}`?"));
    }
    columns_hint(names.into_iter().filter(|name| !name.starts_with(OWN_COLUMNS)))
}

/// The columns that there are, the first few of many.
pub(crate) fn columns_hint<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut listed: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let more = listed.len().saturating_sub(LISTED_COLUMNS);
    if more > 0 {
        listed.truncate(LISTED_COLUMNS);
        listed.push(format!("and {more} more"));
    }
    (!listed.is_empty()).then(|| format!("the columns are {}", listed.join(", ")))
}

fn general(source: &Source, error: &DataFusionError, place: Option<Place>) -> Error {
    let place = place.unwrap_or_else(|| source.whole());
    let said = sentence(&error.strip_backtrace());
    match error {
        DataFusionError::NotImplemented(_)
            if ["expression Exists(", "expression InSubquery("].iter().any(|it| said.contains(it)) =>
        {
            Error::new(Code::InvalidSql, "`in (select …)` and `exists (select …)` are supported in `where` alone")
                .at(place)
                .hint("join with the subquery instead, or ask `where` in a subquery of your own")
        }
        DataFusionError::NotImplemented(_) if said.contains("expression WindowFunction(") => {
            Error::new(Code::InvalidSql, "a window function cannot stand here")
                .at(place)
                .hint("compute it in a subquery, and use its column: `select … from (select *, rank() over (…) as r from t) where r = 1`")
        }
        DataFusionError::NotImplemented(_) => {
            Error::new(Code::InvalidSql, format!("not supported: {said}")).at(place).hint("say it in another way")
        }
        DataFusionError::Internal(_) => Error::bug("a statement cannot be planned").at(place).caused_by(said),
        DataFusionError::ResourcesExhausted(_) => super::running::exhausted(&said).at(place),
        _ => function_or_other(source, &said, &error.to_string(), place),
    }
}

/// Functions that are unknown come as text only: `Invalid function 'x'.\nDid you mean 'y'?`
fn function_or_other(source: &Source, said: &str, whole: &str, place: Place) -> Error {
    let quoted = |text: &str| text.split('\'').nth(1).map(str::to_owned);
    if let Some(name) = said.starts_with("invalid function '").then(|| quoted(said)).flatten() {
        let meant = whole.split_once("Did you mean ").and_then(|(_, rest)| quoted(rest));
        let place = source.find_word(&name).unwrap_or(place);
        return Error::new(Code::InvalidSql, format!("there is no function `{name}`"))
            .at(place)
            .maybe_hint(meant.map(|meant| format!("did you mean `{meant}`?")));
    }
    if let Some(function) = said.split_once("Function '").filter(|_| said.contains("failed to match any signature")) {
        let name = function.1.split('\'').next().unwrap_or_default();
        return wrong_arguments(function.1, source.find_word(name).unwrap_or(place));
    }
    if let Some((_, rest)) = said.split_once("column \"").filter(|_| said.contains("must appear in the GROUP BY")) {
        let column = rest.split('"').next().unwrap_or(rest);
        return Error::new(
            Code::InvalidSql,
            format!("`{column}` must stand in `group by` or in an aggregate function"),
        )
        .at(place)
        .hint("`group by all` groups by every column that is not aggregated");
    }
    // The outermost query's columns have been told apart before.
    if said.contains("require unique expression names") {
        return Error::new(Code::AmbiguousColumn, "a query below another gives two of its columns one name")
            .at(place)
            .hint("give one of them another name with `as`");
    }
    Error::new(Code::InvalidSql, said).at(place)
}

/// `sum' failed to match any signature, errors: Function 'sum' requires Decimal, but received String (DataType: Utf8).`
fn wrong_arguments(said: &str, place: Place) -> Error {
    let name = said.split('\'').next().unwrap_or_default();
    let given = said.split_once("but received ").and_then(|(_, rest)| rest.split([' ', '.', ',']).next());
    let message = match given {
        Some(given) => format!("`{name}` cannot be computed of a {}", given.to_lowercase()),
        None => format!("`{name}` does not take these arguments"),
    };
    Error::new(Code::InvalidSql, message).at(place).hint("cast the argument, as in `cast(x as double)`")
}
