//! The SQL of models and tests: one query over tables, read by the engine's SQL front.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use bywash_core::{Code, Error, Result};
use bywash_engine::sql::{Parsed, StatementKind, parse};

use super::document::{Document, Span};
use super::load::Project;

/// The queries of the same project as it was read before, by their files: what still says the same is not parsed again.
#[derive(Default)]
pub struct KnownQueries<'a>(HashMap<&'a Path, &'a Arc<Parsed>>);

impl<'a> KnownQueries<'a> {
    /// Those of the models and tests of a project.
    pub fn of(project: &'a Project) -> Self {
        let models = project.models.iter().filter_map(|model| model.query());
        let queries = models.chain(project.sql_tests.iter().map(|test| &test.parsed));
        Self(queries.map(|query| (query.origin(), query)).collect())
    }

    fn find(&self, document: &Document) -> Option<Arc<Parsed>> {
        let known = self.0.get(document.path()).filter(|known| **known.text() == **document.text());
        known.map(|known| Arc::clone(known))
    }
}

/// Reads a file that holds exactly one query over tables.
///
/// # Errors
/// What is not SQL, a statement that changes something, a template, a file name in quotes.
pub fn read(document: &Document, known: &KnownQueries<'_>) -> Result<Arc<Parsed>> {
    if let Some(known) = known.find(document) {
        return Ok(known);
    }
    let parsed = parse(document.path(), document.text()).map_err(|error| with_advice(document, error))?;
    if parsed.kind != StatementKind::Query {
        return Err(Error::new(Code::InvalidSql, "a model or test is one query; this changes or describes something")
            .at(document.whole())
            .hint("keep the `select`: what a model's query gives becomes its table"));
    }
    if let Some((file, place)) = parsed.files.first() {
        return Err(Error::new(Code::NotYetSupported, format!("a model or test cannot read the file `{file}` itself"))
            .at(place.clone())
            .hint("declare it under `sources/` (`bywash load` writes that for you) and read the table"));
    }
    Ok(Arc::new(parsed))
}

/// Checks a query that was put together from parts of a file.
///
/// # Errors
/// What is not SQL.
pub fn check(origin: &Path, sql: &str) -> Result<Parsed> {
    parse(origin, sql)
}

/// A template is the commonest thing in a model that is not SQL.
fn with_advice(document: &Document, error: Error) -> Error {
    let text = document.text();
    let Some(start) = ["{{", "{%"].iter().filter_map(|sign| text.find(sign)).min() else { return error };
    let (_, template) = text.split_at(start);
    let end = template.find("}}").or_else(|| template.find('\n')).map_or(text.len(), |length| start + length + 2);
    Error::new(Code::InvalidSql, "models are plain SQL: this is a template")
        .at(document.place(Span::of_bytes(text, start..end)))
        .hint("write the table's name, like `from raw.flights`, instead of `{{ ref('flights') }}`")
        .hint("settings stand in front matter: lines `-- key: value` between two lines `-- ---`")
}
