//! `tests/*.sql`: a query each, which gives the bad rows.

use std::sync::Arc;

use bywash_core::{Code, Place, TableName};
use bywash_engine::sql::Parsed;

use super::data_tests::{NAMESPACE, Severity, read_severity};
use super::document::Document;
use super::fields::{Problems, Source};
use super::model_sql::KnownQueries;
use super::{front_matter, model_sql};

/// A test that is a file.
#[derive(Clone, Debug)]
pub struct SqlTest {
    /// `tests.<stem>`.
    pub name: TableName,
    /// Its query.
    pub parsed: Arc<Parsed>,
    /// What bad rows mean for the run.
    pub severity: Severity,
    /// What it checks.
    pub description: Option<String>,
    /// Its file, as errors show it.
    pub place: Place,
}

/// Reads a test's file; its front matter may hold `severity` and `description`.
pub fn read(document: &Document, known: &KnownQueries<'_>, problems: &Problems) -> Option<SqlTest> {
    let (mut severity, mut description) = (None, None);
    if let Some(root) = problems.keep(front_matter::parse(document)).flatten() {
        let source = Source { document, code: Code::InvalidFrontMatter, problems };
        if let Some(mut fields) = source.fields(&root, "the front matter of a test") {
            severity = read_severity(&mut fields);
            description = fields.text("description").map(|text| text.value);
            fields.finish();
        }
    }
    let parsed = problems.keep(model_sql::read(document, known))?;
    let stem = document.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = problems.keep(TableName::new(NAMESPACE, stem).map_err(|error| error.at(document.whole())))?;
    Some(SqlTest { name, parsed, severity: severity.unwrap_or_default(), description, place: document.whole() })
}
