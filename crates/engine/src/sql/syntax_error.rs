//! The parser's complaints as errors a person can read: what was found, what belongs there, where.

use bywash_core::{Code, Error, Place, nearest};
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Location, TokenizerError};

use super::Source;

/// Words that a statement is made of and that fingers slip on.
const WORDS: [&str; 27] = [
    "select",
    "from",
    "where",
    "group",
    "order",
    "by",
    "having",
    "limit",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "cross",
    "using",
    "union",
    "with",
    "insert",
    "into",
    "values",
    "create",
    "table",
    "explain",
    "summarize",
    "distinct",
    "between",
    "interval",
];

/// An error of the tokenizer, such as a string without its end.
pub(super) fn explain_token(source: &Source, error: &TokenizerError) -> Error {
    let hint = error.message.contains("Unterminated").then(|| "close what was opened here".to_owned());
    Error::new(Code::InvalidSql, sentence(&error.message)).at(source.point(error.location)).maybe_hint(hint)
}

/// An error of the parser; `end` is where the statement ends.
pub(super) fn explain(source: &Source, error: &ParserError, end: Location) -> Error {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => {
            return Error::new(Code::InvalidSql, "the statement is nested too deeply")
                .at(Place::file(source.path()))
                .hint("split it with `with`, or into several models");
        }
    };
    let (text, location) = split_location(text);
    let found = text.split_once("found: ").map(|(_, found)| found.trim().to_owned());
    let place = match (location, &found) {
        (Some(location), Some(found)) if !is_end(found) => {
            let mut place = source.point(location);
            place.length = found.chars().count() as u64;
            place
        }
        (Some(location), None) => source.point(location),
        _ => source.point(end),
    };
    Error::new(Code::InvalidSql, message(text)).at(place).maybe_hint(hint(text, found.as_deref()))
}

fn message(text: &str) -> String {
    let Some((expected, found)) = text.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: ")) else {
        return sentence(text);
    };
    let expected = match expected {
        "an SQL statement" => "a statement",
        "end of statement" => "the end of the statement",
        other => other,
    };
    let found = if is_end(found.trim()) { "the end".to_owned() } else { format!("`{}`", found.trim()) };
    format!("expected {expected}, found {found}")
}

fn hint(text: &str, found: Option<&str>) -> Option<String> {
    let found = found.unwrap_or_default();
    let folded = found.to_lowercase();
    let is_word = !found.is_empty() && found.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_word
        && !WORDS.contains(&folded.as_str())
        && let Some(word) = nearest(&folded, WORDS).filter(|_| found.chars().count() > 3)
    {
        return Some(format!("did you mean `{word}`?"));
    }
    if is_end(found) && text.contains("Expected: )") {
        return Some("a parenthesis is not closed".to_owned());
    }
    if is_word && WORDS.contains(&folded.as_str()) {
        return Some(format!("something is missing or too much before `{folded}`; a column of that name needs quotes"));
    }
    None
}

fn is_end(found: &str) -> bool {
    found == "EOF"
}

/// Takes ` at Line: 1, Column: 8` from the end of a message.
fn split_location(text: &str) -> (&str, Option<Location>) {
    let Some((text, location)) = text.rsplit_once(" at Line: ") else { return (text, None) };
    let Some((line, column)) = location.split_once(", Column: ") else { return (text, None) };
    let location = match (line.trim().parse(), column.trim().parse()) {
        (Ok(line), Ok(column)) => Some(Location::new(line, column)),
        _ => None,
    };
    (text, location)
}

/// Lower case at the beginning, no full stop at the end.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => "this is not SQL".to_owned(),
    }
}
