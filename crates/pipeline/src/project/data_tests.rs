//! Data tests: questions to a table whose answer must be "no rows".
//!
//! In YAML they have dbt's words (`not_null`, `unique`, `accepted_values`, `relationships`); each becomes one plain
//! query for the bad rows, which a user can paste into `bywash query` as it is.

use bywash_core::{Code, Error, Place, TableName, TableRef, suggestion};

use super::document::Spanned;
use super::fields::{Fields, Source, listed};
use super::tree::{Node, Scalar, Value};

/// The namespace of the names of tests; no table can lie in it.
pub const NAMESPACE: &str = "tests";

const KINDS: [&str; 4] = ["not_null", "unique", "accepted_values", "relationships"];

/// What a test that finds bad rows does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Severity {
    /// It is said, and the run goes on.
    Warn,
    /// Nothing is published.
    #[default]
    Error,
}

/// A test that can be run.
#[derive(Clone, Debug)]
pub struct DataTest {
    /// `tests.<name>`, unique in the project.
    pub name: TableName,
    /// The table that it is about; absent where a file in `tests/` reads none of the graph.
    pub node: Option<TableName>,
    /// The query that gives the bad rows.
    pub sql: String,
    /// What bad rows mean for the run.
    pub severity: Severity,
    /// What it checks, in words, if somebody wrote it down.
    pub description: Option<String>,
    /// Where it was written.
    pub place: Place,
    /// The tables of the graph that it reads.
    pub reads: Vec<TableName>,
    /// What it reads, as it is written.
    pub(crate) references: Vec<(TableRef, Place)>,
}

/// A test as YAML declares it, before the names in it are resolved.
#[derive(Clone, Debug)]
pub struct TestDeclaration {
    pub(crate) kind: TestKind,
    pub(crate) column: String,
    pub(crate) name: Option<String>,
    /// Whether it stands for a constraint, beside which a test of the same kind may stand.
    pub(crate) of_constraint: bool,
    pub(crate) severity: Severity,
    pub(crate) filter: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) place: Place,
}

#[derive(Clone, Debug)]
pub(crate) enum TestKind {
    NotNull,
    Unique,
    /// Unique together with these columns.
    UniqueWith(Vec<String>),
    /// A condition that holds for every row.
    Check(String),
    AcceptedValues(Vec<String>),
    Relationships {
        to: TableRef,
        place: Place,
        field: String,
    },
}

/// Reads `data_tests:` (or dbt's older `tests:`); `column` is the one they stand under.
pub fn read_tests(fields: &mut Fields<'_>, column: Option<&str>) -> Vec<TestDeclaration> {
    let Some((_, node)) = fields.either("data_tests", "tests") else { return Vec::new() };
    let source = fields.source();
    source.items(node).iter().filter_map(|item| read_test(source, item, column)).collect()
}

fn read_test(source: Source<'_>, node: &Node, column: Option<&str>) -> Option<TestDeclaration> {
    let empty = Node { value: Value::Map(Vec::new()), span: node.span };
    let (word, span, arguments) = match &node.value {
        Value::Scalar(scalar) => (scalar.text.as_str(), node.span, &empty),
        Value::Map(entries) => match entries.as_slice() {
            [(key, arguments)] if arguments.is_null() => (key.value.as_str(), key.span, &empty),
            [(key, arguments)] => (key.value.as_str(), key.span, arguments),
            _ => return report(source, node, "a test is its name, or its name with one mapping under it"),
        },
        Value::List(_) => return report(source, node, "a test is a name, not a list"),
    };
    if !KINDS.contains(&word) {
        let error = Error::new(Code::InvalidTest, format!("there is no test `{word}`")).at(source.document.place(span));
        let hint = suggestion(word, KINDS).unwrap_or_else(|| {
            format!("use {}, or write a query for the bad rows as `tests/<name>.sql`", listed(KINDS))
        });
        source.problems.push(error.hint(hint));
        return None;
    }
    let what = format!("the test `{word}`");
    let mut fields = source.fields(arguments, &what)?;
    let test = read_arguments(&mut fields, word, source.document.place(span), column);
    fields.finish();
    test
}

fn report<T>(source: Source<'_>, node: &Node, message: &str) -> Option<T> {
    source.problems.push(Error::new(Code::InvalidTest, message).at(source.document.place(node.span)));
    None
}

fn read_arguments(fields: &mut Fields<'_>, word: &str, place: Place, column: Option<&str>) -> Option<TestDeclaration> {
    let source = fields.source();
    // dbt writes what belongs to the test under `arguments`, and how it is run under `config`, or all in one.
    let kind = match fields.node("arguments") {
        Some(node) => {
            let mut arguments = source.fields(node, "`arguments`")?;
            let kind = read_kind(&mut arguments, word, &place);
            arguments.finish();
            kind
        }
        None => read_kind(fields, word, &place),
    };
    let mut severity = read_severity(fields);
    let mut filter = fields.text("where");
    if let Some(node) = fields.node("config") {
        let mut config = source.fields(node, "the `config` of a test")?;
        severity = severity.or(read_severity(&mut config));
        filter = filter.or(config.text("where"));
        config.finish();
    }
    let name = fields.text("name").filter(|name| name_fits(source, name)).map(|name| name.value);
    let description = fields.text("description").map(|text| text.value);
    let column = match column {
        Some(column) => Some(column.to_owned()),
        None => fields.text("column_name").map(|text| text.value),
    };
    if column.is_none() {
        let error = Error::new(Code::InvalidTest, format!("`{word}` does not say which column it is about"));
        source.problems.push(error.at(place.clone()).hint("put it under the column, or add `column_name`"));
    }
    Some(TestDeclaration {
        kind: kind?,
        column: column?,
        name,
        of_constraint: false,
        severity: severity.unwrap_or_default(),
        filter: filter.map(|text| text.value),
        description,
        place,
    })
}

fn name_fits(source: Source<'_>, name: &Spanned<String>) -> bool {
    match TableName::new(NAMESPACE, &name.value) {
        Ok(_) => true,
        Err(error) => {
            source.problems.push(error.at(source.document.place(name.span)));
            false
        }
    }
}

/// Reads `severity`, in the case of either dbt's documents or its error messages.
pub(super) fn read_severity(fields: &mut Fields<'_>) -> Option<Severity> {
    fields.choice("severity", &[("error", Severity::Error), ("warn", Severity::Warn)]).map(|severity| severity.value)
}

fn read_kind(fields: &mut Fields<'_>, word: &str, place: &Place) -> Option<TestKind> {
    let source = fields.source();
    let missing = |key: &str| {
        let error = Error::new(Code::InvalidTest, format!("`{word}` needs `{key}`")).at(place.clone());
        source.problems.push(error);
    };
    match word {
        "not_null" => Some(TestKind::NotNull),
        "unique" => Some(TestKind::Unique),
        "accepted_values" => {
            let quoted = fields.truth("quote").unwrap_or(false);
            let Some(node) = fields.node("values") else {
                missing("values");
                return None;
            };
            let scalars = source.items(node).iter().filter_map(|item| match &item.value {
                Value::Scalar(scalar) => Some(scalar),
                _ => report(source, item, "a value of `accepted_values` is a single value"),
            });
            let values = scalars.filter(|scalar| !scalar.is_null()).map(|scalar| literal(scalar, quoted)).collect();
            Some(TestKind::AcceptedValues(values))
        }
        _ => {
            let (to, field) = (fields.text("to"), fields.text("field"));
            if to.is_none() {
                missing("to");
            }
            if field.is_none() {
                missing("field");
            }
            let (to, field) = (to?, field?);
            match read_target(&to.value) {
                Ok(table) => {
                    let place = source.document.place(to.span);
                    Some(TestKind::Relationships { to: table, place, field: field.value })
                }
                Err(error) => {
                    source.problems.push(error.at(source.document.place(to.span)));
                    None
                }
            }
        }
    }
}

/// Reads `raw.planes`, `planes`, `ref('planes')` and `source('raw', 'planes')`, with or without dbt's braces.
pub(super) fn read_target(text: &str) -> bywash_core::Result<TableRef> {
    let text = text.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
    let Some((call, rest)) = text.split_once('(') else { return TableRef::parse(text) };
    let arguments: Vec<&str> =
        rest.trim_end_matches(')').split(',').map(|part| part.trim().trim_matches(['\'', '"'])).collect();
    match (call.trim(), arguments.as_slice()) {
        ("ref", [table]) => TableRef::parse(table),
        ("source", [source, table]) => TableRef::parse(&format!("{source}.{table}")),
        _ => Err(Error::new(Code::InvalidTest, format!("`{text}` is not a table"))
            .hint("write its name, like `raw.planes`, or `ref('planes')`")),
    }
}

/// A value as SQL writes it: a plain number or truth value stays one, unless all shall be texts.
fn literal(scalar: &Scalar, quoted: bool) -> String {
    let text = &scalar.text;
    let is_number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let starts_well = digits.starts_with(|c: char| c.is_ascii_digit()) && !has_leading_zero(digits);
        starts_well && digits.parse::<f64>().is_ok_and(f64::is_finite) && !digits.contains(['e', 'E'])
    };
    match scalar.as_bool() {
        Some(truth) if !quoted => truth.to_string(),
        _ if !quoted && !scalar.quoted && is_number(text) => text.clone(),
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

fn has_leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
}

impl TestDeclaration {
    /// The test's name without its namespace: as written, or made of kind, table and column.
    pub(crate) fn stem(&self, table: &TableName) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let kind = match &self.kind {
            TestKind::NotNull => "not_null",
            TestKind::Unique | TestKind::UniqueWith(_) => "unique",
            TestKind::Check(_) => "check",
            TestKind::AcceptedValues(_) => "accepted_values",
            TestKind::Relationships { .. } => "relationships",
        };
        let constraint = if self.of_constraint { "constraint_" } else { "" };
        let text = format!("{constraint}{kind}_{}_{}_{}", table.namespace(), table.name(), self.column);
        text.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).take(120).collect()
    }

    /// The table that the test compares with and where it is written, if there is one.
    pub(crate) fn other(&self) -> Option<(&TableRef, &Place)> {
        match &self.kind {
            TestKind::Relationships { to, place, .. } => Some((to, place)),
            _ => None,
        }
    }

    /// The query for the bad rows; `other` is the resolved name of [`Self::other`].
    pub(crate) fn sql(&self, table: &TableName, other: &str) -> String {
        let column = identifier(&self.column);
        let table = quoted_name(&table.to_string());
        let filter = self.filter.as_ref().map_or_else(String::new, |filter| format!("({filter}) and "));
        match &self.kind {
            TestKind::NotNull => format!("select * from {table} where {filter}{column} is null"),
            TestKind::Unique => format!(
                "select {column}, count(*) as duplicates from {table} where {filter}{column} is not null group by \
                 {column} having count(*) > 1"
            ),
            TestKind::UniqueWith(others) => {
                let columns: Vec<_> = [&self.column].into_iter().chain(others).map(|name| identifier(name)).collect();
                let columns = columns.join(", ");
                format!("select {columns}, count(*) as duplicates from {table} group by {columns} having count(*) > 1")
            }
            TestKind::Check(condition) => format!("select * from {table} where not ({condition})"),
            TestKind::AcceptedValues(values) if values.is_empty() => {
                format!("select * from {table} where {filter}{column} is not null")
            }
            TestKind::AcceptedValues(values) => {
                format!("select * from {table} where {filter}{column} not in ({})", values.join(", "))
            }
            TestKind::Relationships { field, .. } => {
                let child = match &self.filter {
                    Some(filter) => format!("(select * from {table} where {filter})"),
                    None => table,
                };
                format!(
                    "select child.* from {child} as child where child.{column} is not null and not exists (select 1 \
                     from {} as parent where parent.{} = child.{column})",
                    quoted_name(other),
                    identifier(field)
                )
            }
        }
    }
}

/// `namespace.table` with each part as SQL reads it.
fn quoted_name(name: &str) -> String {
    name.split('.').map(identifier).collect::<Vec<_>>().join(".")
}

/// A name as SQL reads it: quoted when it is not plain lower case, or when it is a word of the language.
pub(crate) fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !RESERVED.split_whitespace().any(|word| word == name) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Words that cannot stand alone as a name everywhere in a query; quoting one too many does no harm.
const RESERVED: &str = "all and any anti array as asc at between both by case cast check collate column constraint create cross \
    cube current_date current_time current_timestamp date day default delete desc describe distinct drop \
    else end except exists explain extract false fetch filter first following for foreign from full global \
    grant group grouping having hour in inner insert intersect interval into is join last lateral left like \
    limit minute minus month natural not null nulls of offset on only or order outer over partition position \
    precision primary qualify range recursive references right row rows second select semi session set \
    settings sort some start struct substring table tablesample then time timestamp top trim true uescape \
    union unique unnest update user using value values view when where window with within year";
