//! From the parser's names to ours.

use bywash_core::{Code, Error, Place, Result, TableRef};
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart, Spanned};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::Source;

/// What the name of a file begins with after our rewrite; no table can be named so.
pub(crate) const FILE_PREFIX: &str = "file:";

const FILE_ENDINGS: [&str; 10] =
    [".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst", ".zip"];

/// A table's name as written: unquoted parts fold to lower case, quoted ones may hold `ns.table@ref` whole.
pub(crate) fn table_ref(source: &Source, name: &ObjectName) -> Result<(TableRef, Place)> {
    let place = source.place(span(name));
    let parts: Option<Vec<String>> = name.0.iter().map(|part| part.as_ident().map(folded)).collect();
    let parts = parts.unwrap_or_default();
    if parts.is_empty() || parts.len() > 2 {
        return Err(Error::new(Code::InvalidName, format!("`{name}` is not a table's name"))
            .at(place)
            .hint("a table is `namespace.table`, or `table` where that is unique"));
    }
    match TableRef::parse(&parts.join(".")) {
        Ok(table) => Ok((table, place)),
        Err(error) => Err(error.at(place).maybe_hint(quoted_file(name))),
    }
}

/// Advice where a name in double quotes looks like that of a file.
fn quoted_file(name: &ObjectName) -> Option<String> {
    let [ObjectNamePart::Identifier(Ident { value: text, quote_style: Some('"'), .. })] = name.0.as_slice() else {
        return None;
    };
    let is_file = text.contains(['/', '*']) || FILE_ENDINGS.iter().any(|ending| text.ends_with(ending));
    is_file.then(|| format!("names of files stand in single quotes: `'{text}'`"))
}

/// The text of an identifier as the planner sees it.
pub(super) fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        None => ident.value.to_lowercase(),
        Some(_) => ident.value.clone(),
    }
}

/// The file that a name in single quotes means.
pub(super) fn file_of(name: &ObjectName) -> Option<&str> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(Ident { value, quote_style: Some('\''), .. })] => Some(value),
        _ => None,
    }
}

fn span(name: &ObjectName) -> Span {
    Span::union_iter(name.0.iter().map(Spanned::span))
}
