//! How a user writes a table's layout: `month(time_hour)`, `bucket(4, id)`, `carrier`.

use std::str::FromStr;

use bywash_core::{Code, Error, Result, suggestion};
use bywash_iceberg_spec::{Field, PartitionField, PartitionSpec, Schema, Transform};

/// Ids of partition fields begin here, as in every Iceberg table.
const FIRST_PARTITION_FIELD_ID: i32 = 1000;

/// A column and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionTerm {
    /// What is done.
    pub transform: Transform,
    /// The column's name.
    pub column: String,
}

impl FromStr for PartitionTerm {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(Code::InvalidSetting, format!("`{text}` is not a partition field"))
                .hint("write a column, or `year(c)`, `month(c)`, `day(c)`, `hour(c)`, `bucket(n, c)`, `truncate(n, c)`")
        };
        let text = text.trim();
        let Some((name, inside)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) else {
            let column = unquoted(text).ok_or_else(wrong)?;
            return Ok(Self { transform: Transform::Identity, column });
        };
        let (number, column) = match inside.split_once(',') {
            Some((number, column)) => {
                let number: u32 = number.trim().parse().map_err(|_| wrong())?;
                (Some(number).filter(|number| *number > 0 && *number <= i32::MAX.unsigned_abs()), column)
            }
            None => (None, inside),
        };
        let transform = match (name.trim().to_lowercase().as_str(), number, inside.contains(',')) {
            ("bucket", Some(count), _) => Transform::Bucket(count),
            ("truncate", Some(width), _) => Transform::Truncate(width),
            ("year" | "years", _, false) => Transform::Year,
            ("month" | "months", _, false) => Transform::Month,
            ("day" | "days" | "date", _, false) => Transform::Day,
            ("hour" | "hours", _, false) => Transform::Hour,
            ("identity", _, false) => Transform::Identity,
            _ => return Err(wrong()),
        };
        Ok(Self { transform, column: unquoted(column.trim()).ok_or_else(wrong)? })
    }
}

/// A column name, in double quotes or backticks if it has spaces or brackets.
fn unquoted(text: &str) -> Option<String> {
    for quote in ['"', '`'] {
        if let Some(inside) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return Some(inside.to_owned()).filter(|name| !name.is_empty());
        }
    }
    let plain = !text.is_empty() && !text.contains(['(', ')', ',', '"', '`', ' ']);
    plain.then(|| text.to_owned())
}

/// The partition spec of a new table, with id 0, for terms as users write them.
///
/// # Errors
/// A term that is none, a column that is missing or that the transform does not fit; all problems at once.
pub fn partition_spec(terms: &[String], schema: &Schema) -> Result<PartitionSpec> {
    let mut spec = PartitionSpec::unpartitioned(0);
    let mut problems = Vec::new();
    for (field_id, term) in (FIRST_PARTITION_FIELD_ID..).zip(terms) {
        match partition_field(term, field_id, schema, &spec.fields) {
            Ok(field) => spec.fields.push(field),
            Err(problem) => problems.push(problem),
        }
    }
    Error::all(problems).map_or(Ok(spec), Err)
}

fn partition_field(text: &str, field_id: i32, schema: &Schema, earlier: &[PartitionField]) -> Result<PartitionField> {
    let term: PartitionTerm = text.parse()?;
    let source = find_column(&term.column, schema)?;
    let result = term.transform.result_type(&source.kind).map_err(|error| {
        error
            .context(format!("partition field `{text}`"))
            .hint("dates go by year, month, day; numbers and text by truncate or bucket")
    })?;
    if result == bywash_iceberg_spec::Type::Uuid {
        return Err(Error::new(
            Code::UnsupportedType,
            format!("partition field `{text}`: a uuid cannot divide a table"),
        )
        .hint(format!("use `bucket(16, {})`", term.column)));
    }
    if earlier.iter().any(|other| other.source_id == source.id && other.transform == term.transform) {
        return Err(Error::new(Code::InvalidSetting, format!("partition field `{text}` stands twice")));
    }
    let name = field_name(term.transform, &source.name);
    let taken = |name: &str| {
        earlier.iter().any(|other| other.name == name)
            || (term.transform != Transform::Identity && schema.field(name).is_some())
            || (name != source.name && schema.field(name).is_some())
    };
    let free = (2..).map(|number| format!("{name}_{number}")).find(|name| !taken(name));
    let name = if taken(&name) { free.unwrap_or(name) } else { name };
    Ok(PartitionField { source_id: source.id, field_id, name, transform: term.transform })
}

/// The name that Iceberg's own writers give, in letters, digits and underscores only, as Avro demands.
fn field_name(transform: Transform, column: &str) -> String {
    let suffix = match transform {
        Transform::Identity => String::new(),
        Transform::Bucket(count) => format!("_bucket_{count}"),
        Transform::Truncate(width) => format!("_trunc_{width}"),
        Transform::Year => "_year".to_owned(),
        Transform::Month => "_month".to_owned(),
        Transform::Day => "_day".to_owned(),
        Transform::Hour => "_hour".to_owned(),
        Transform::Void => "_void".to_owned(),
    };
    let mut name: String = column.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_digit()) || name.is_empty() {
        name.insert(0, '_');
    }
    name + &suffix
}

/// Partition fields in the order of these columns and transforms, with the ids that `id` gives. A field that a known
/// spec has keeps its name, if no column has it.
///
/// # Errors
/// A column that is missing or that the transform does not fit.
pub(crate) fn partition_fields(
    terms: &[(i32, Transform)],
    schema: &Schema,
    known: &[PartitionField],
    mut id: impl FnMut(i32, Transform) -> i32,
) -> Result<Vec<PartitionField>> {
    let mut fields: Vec<PartitionField> = Vec::with_capacity(terms.len());
    for (source_id, transform) in terms {
        let source = schema.fields.iter().find(|field| field.id == *source_id);
        let source = source.ok_or_else(|| Error::bug(format!("partition column {source_id} is missing")))?;
        let term = term(*transform, &source.name);
        let mut field = partition_field(&term, id(*source_id, *transform), schema, &fields)?;
        let is_free = |name: &str| {
            let is_own = *transform == Transform::Identity && name == source.name;
            (is_own || schema.field(name).is_none()) && fields.iter().all(|other| other.name != name)
        };
        let same = known.iter().rev().find(|known| known.source_id == *source_id && known.transform == *transform);
        if let Some(same) = same.filter(|same| is_free(&same.name)) {
            same.name.clone_into(&mut field.name);
        }
        fields.push(field);
    }
    Ok(fields)
}

/// A spec as users write it: `month(time_hour)`.
#[must_use]
pub fn partition_terms(spec: &PartitionSpec, schema: &Schema) -> Vec<String> {
    let fields = spec.fields.iter().filter(|field| field.transform != Transform::Void);
    fields.filter_map(|field| Some(term(field.transform, &field.source(schema).ok()?.name))).collect()
}

fn term(transform: Transform, column: &str) -> String {
    let column = quoted(column);
    match transform {
        Transform::Identity | Transform::Void => column,
        Transform::Bucket(count) => format!("bucket({count}, {column})"),
        Transform::Truncate(width) => format!("truncate({width}, {column})"),
        simple => format!("{simple}({column})"),
    }
}

/// A column name as [`PartitionTerm`] reads it.
fn quoted(column: &str) -> String {
    let plain = unquoted(column).as_deref() == Some(column);
    if plain { column.to_owned() } else { format!("\"{column}\"") }
}

/// Checks that every name is a column, as for `cluster_by`.
///
/// # Errors
/// Names that are none, all at once.
pub fn check_columns(names: &[String], schema: &Schema) -> Result<()> {
    let problems = names.iter().filter_map(|name| find_column(name, schema).err()).collect();
    Error::all(problems).map_or(Ok(()), Err)
}

fn find_column<'a>(name: &str, schema: &'a Schema) -> Result<&'a Field> {
    schema.field(name).ok_or_else(|| {
        let known = schema.fields.iter().map(|field| field.name.as_str());
        Error::new(Code::UnknownColumn, format!("there is no column `{name}`")).maybe_hint(suggestion(name, known))
    })
}
