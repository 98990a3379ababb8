//! `constraints:` of models and their columns, in dbt's words: each is a data test that blocks what it finds.
//!
//! A database would enforce them while it writes; here the rows are tested before anybody sees them, which is the same to
//! whoever reads.

use bywash_core::{Code, Error};

use super::data_tests::{Severity, TestDeclaration, TestKind, read_target};
use super::fields::{Fields, Source};
use super::tree::Node;

#[derive(Clone, Copy)]
enum Constraint {
    NotNull,
    Unique,
    PrimaryKey,
    Check,
    ForeignKey,
}

const WORDS: [(&str, Constraint); 5] = [
    ("not_null", Constraint::NotNull),
    ("unique", Constraint::Unique),
    ("primary_key", Constraint::PrimaryKey),
    ("check", Constraint::Check),
    ("foreign_key", Constraint::ForeignKey),
];

/// Reads `constraints:`; `column` is the one they stand under.
pub fn read_constraints(fields: &mut Fields<'_>, column: Option<&str>) -> Vec<TestDeclaration> {
    let Some(node) = fields.node("constraints") else { return Vec::new() };
    let source = fields.source();
    source.items(node).iter().flat_map(|item| read_constraint(source, item, column).unwrap_or_default()).collect()
}

fn read_constraint(source: Source<'_>, node: &Node, column: Option<&str>) -> Option<Vec<TestDeclaration>> {
    let place = source.document.place(node.span);
    let mut fields = source.fields(node, "a constraint")?;
    let constraint = fields.choice("type", &WORDS);
    let columns = fields.texts("columns").map(|texts| texts.value).unwrap_or_default();
    let columns: Vec<String> = column.map(str::to_owned).into_iter().chain(columns).collect();
    let (name, expression) = (fields.text("name"), fields.text("expression"));
    let (to, to_columns) = (fields.text("to"), fields.texts("to_columns"));
    fields.ignore(&["warn_unsupported", "warn_unenforced"]);
    fields.finish();
    let missing = |what: &str| {
        let message = format!("the constraint does not say {what}");
        source.problems.push(Error::new(Code::InvalidTest, message).at(place.clone()));
    };
    let Some(constraint) = constraint else {
        missing("its `type`");
        return None;
    };
    let kinds = match (constraint.value, columns.as_slice()) {
        (Constraint::Check, columns) => {
            let Some(expression) = expression else {
                missing("its `expression`");
                return None;
            };
            vec![(columns.first().cloned().unwrap_or_else(|| "row".to_owned()), TestKind::Check(expression.value))]
        }
        (_, []) => {
            missing("its `columns`");
            return None;
        }
        (Constraint::NotNull, columns) => columns.iter().map(|name| (name.clone(), TestKind::NotNull)).collect(),
        (Constraint::Unique, columns) => vec![unique(columns)?],
        (Constraint::PrimaryKey, columns) => {
            let filled = columns.iter().map(|name| (name.clone(), TestKind::NotNull));
            filled.chain([unique(columns)?]).collect()
        }
        (Constraint::ForeignKey, [column]) => {
            let (Some(to), Some([field])) = (to, to_columns.as_ref().map(|columns| columns.value.as_slice())) else {
                missing("its table (`to`) and one column there (`to_columns`)");
                return None;
            };
            let place = source.document.place(to.span);
            match read_target(&to.value) {
                Ok(table) => vec![(column.clone(), TestKind::Relationships { to: table, place, field: field.clone() })],
                Err(error) => {
                    source.problems.push(error.at(place));
                    return None;
                }
            }
        }
        (Constraint::ForeignKey, _) => {
            missing("one column: foreign keys of several are not supported");
            return None;
        }
    };
    let name = name.map(|name| name.value).filter(|_| kinds.len() == 1);
    let test = |(column, kind)| TestDeclaration {
        kind,
        column,
        name: name.clone(),
        of_constraint: true,
        severity: Severity::Error,
        filter: None,
        description: None,
        place: place.clone(),
    };
    Some(kinds.into_iter().map(test).collect())
}

fn unique(columns: &[String]) -> Option<(String, TestKind)> {
    let (first, others) = columns.split_first()?;
    let kind = if others.is_empty() { TestKind::Unique } else { TestKind::UniqueWith(others.to_vec()) };
    Some((first.clone(), kind))
}
