//! `columns:` as models, seeds and resources declare them: types, descriptions, and tests of one column.
//!
//! Three spellings are read: a list of mappings with `name` (dbt), a mapping from name to type, and a mapping from
//! name to a mapping (dlt).

use bywash_core::Place;

use super::constraints::read_constraints;
use super::data_tests::{TestDeclaration, read_tests};
use super::fields::{Fields, Source};
use super::tree::{Node, Value};

/// What a file says about a column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in our words, if declared.
    pub data_type: Option<String>,
    /// What it means.
    pub description: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Reads `columns:` and the tests in it.
pub fn read_columns(fields: &mut Fields<'_>, tests: &mut Vec<TestDeclaration>) -> Vec<Column> {
    let Some(node) = fields.node("columns") else { return Vec::new() };
    let source = fields.source();
    let columns: Vec<Column> = match &node.value {
        Value::Map(entries) => {
            entries.iter().filter_map(|(key, node)| read_named(source, &key.value, key.span, node, tests)).collect()
        }
        _ => source.items(node).iter().filter_map(|item| read_listed(source, item, tests)).collect(),
    };
    for (at, column) in columns.iter().enumerate() {
        if let Some(first) = columns[..at].iter().find(|first| first.name == column.name) {
            let message = format!("the column `{}` is declared twice", column.name);
            let error = bywash_core::Error::new(source.code, message).at(column.place.clone());
            source.problems.push(error.at(first.place.clone().labelled("first here")));
        }
    }
    columns
}

fn read_listed(source: Source<'_>, node: &Node, tests: &mut Vec<TestDeclaration>) -> Option<Column> {
    let mut fields = source.fields(node, "a column")?;
    let name = fields.required("name");
    let column = name.map(|name| {
        let place = source.document.place(name.span);
        read_keys(&mut fields, &name.value, place, tests)
    });
    fields.finish();
    column
}

fn read_named(
    source: Source<'_>,
    name: &str,
    span: super::document::Span,
    node: &Node,
    tests: &mut Vec<TestDeclaration>,
) -> Option<Column> {
    let place = source.document.place(span);
    if let Value::Scalar(scalar) = &node.value {
        let data_type = (!scalar.is_null()).then(|| scalar.text.clone());
        return Some(Column { name: name.to_owned(), data_type, description: None, place });
    }
    let mut fields = source.fields(node, "a column")?;
    let column = read_keys(&mut fields, name, place, tests);
    fields.finish();
    Some(column)
}

fn read_keys(fields: &mut Fields<'_>, name: &str, place: Place, tests: &mut Vec<TestDeclaration>) -> Column {
    let source = fields.source();
    let data_type = fields.either("data_type", "type").and_then(|(_, node)| source.text(node, "a column's type"));
    let description = fields.text("description").map(|text| text.value);
    fields.ignore(&["meta", "quote"]);
    tests.extend(read_tests(fields, Some(name)));
    tests.extend(read_constraints(fields, Some(name)));
    Column { name: name.to_owned(), data_type: data_type.map(|text| text.value), description, place }
}
