//! What a function in Python reads: checked without rows, then handed over with columns and filter pushed into the
//! scan.

use std::collections::BTreeMap;
use std::sync::Arc;

use bywash_core::{Code, Error, Result, suggestion};
use bywash_engine::Session;
use bywash_engine::sql::{ParameterValue, Parameters, parse};
use bywash_python::syntax::{ArgumentKind, Constant};
use bywash_python::{Argument, ArgumentValue, Pool, Sealed};
use futures::TryStreamExt;
use serde_json::Value;

use super::function_lineage;
use crate::blocking::blocking;
use crate::project::{PythonInput, PythonModel};

/// Whether all inputs are there with the columns that are read, and filters and parameters fit.
///
/// # Errors
/// Every problem, each at its place in the file.
pub(super) async fn check_inputs(
    session: &Session,
    python: &PythonModel,
    (parameters, texts): (&Parameters, &BTreeMap<String, String>),
) -> Result<()> {
    let mut problems: Vec<Error> = python.function.undeclared.iter().cloned().collect();
    problems.extend(check_given(session, python, (parameters, texts)).await.err());
    Error::all(problems).map_or(Ok(()), Err)
}

/// The same of a function whose columns are to be found.
///
/// # Errors
/// As for [`check_inputs`].
pub(super) async fn check_given(
    session: &Session,
    python: &PythonModel,
    (parameters, texts): (&Parameters, &BTreeMap<String, String>),
) -> Result<()> {
    let mut problems = function_lineage::check_names(python);
    for input in python.inputs.iter() {
        match check_columns(session, input).await {
            Ok(unknown) if unknown.is_empty() => match session.plan(&input.query, parameters).await {
                Ok(planned) => problems.extend(function_lineage::check_columns(python, input, &planned.schema())),
                Err(error) => problems.push(input.placed(&error)),
            },
            Ok(unknown) => problems.extend(unknown),
            Err(error) => problems.push(error),
        }
    }
    problems.extend(values(python, texts).err());
    Error::all(problems).map_or(Ok(()), Err)
}

/// The columns that are named and not there.
async fn check_columns(session: &Session, input: &PythonInput) -> Result<Vec<Error>> {
    let all = parse("<input>", &format!("select * from \"{}\"", input.table))?;
    let planned = session.plan(&all, &Parameters::new()).await;
    let schema = planned.map_err(|error| at_table(&error, input))?.schema();
    let known: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let named = input.columns.iter().flatten().filter(|column| !known.contains(&column.value.as_str()));
    let unknown = named.map(|column| {
        let hint = suggestion(&column.value, known.iter().copied())
            .unwrap_or_else(|| format!("it has {}", crate::project::listed(known.iter().copied())));
        Error::new(Code::UnknownColumn, format!("`{}` has no column `{}`", input.table, column.value))
            .at(column.place.clone())
            .hint(hint)
    });
    Ok(unknown.collect())
}

fn at_table(error: &Error, input: &PythonInput) -> Error {
    let placed = Error::new(error.code(), error.message()).at(input.place.clone());
    error.hints().iter().fold(placed, Error::hint)
}

/// The values of a function's parameters, by argument.
///
/// # Errors
/// One is given nowhere, or is not what its default is.
pub(super) fn values(python: &PythonModel, texts: &BTreeMap<String, String>) -> Result<Vec<Argument>> {
    let mut found = Vec::new();
    for argument in &python.function.arguments {
        let ArgumentKind::Parameter { parameter, default } = &argument.kind else { continue };
        let value = match (texts.get(parameter), default) {
            (Some(text), default) => given(text, default.as_ref()).ok_or_else(|| {
                let message =
                    format!("`{text}` is given for the parameter `{parameter}`, whose default is of another type");
                Error::new(Code::InvalidPython, message).at(argument.place.clone())
            })?,
            (None, Some(default)) => value_of(default),
            (None, None) => {
                let message = format!("no value is given for the parameter `{parameter}`");
                return Err(Error::new(Code::InvalidPython, message).at(argument.place.clone()).hint(format!(
                    "add `--param {parameter}=VALUE`, or a default: `bw.param(\"{parameter}\", VALUE)`"
                )));
            }
        };
        found.push(Argument { name: argument.name.clone(), value: ArgumentValue::Value(value) });
    }
    Ok(found)
}

/// What was typed, read as the type of the default.
fn given(text: &str, default: Option<&Constant>) -> Option<Value> {
    match default {
        Some(Constant::Truth(_)) => text.to_lowercase().parse::<bool>().ok().map(Value::from),
        Some(Constant::Whole(_)) => text.parse::<i64>().ok().map(Value::from),
        Some(Constant::Float(_)) => text.parse::<f64>().ok().map(Value::from),
        Some(Constant::Text(_) | Constant::Nothing) | None => Some(Value::from(text_of(text))),
    }
}

/// A text without the quotes that say that it is one.
fn text_of(given: &str) -> String {
    match ParameterValue::guess(given) {
        ParameterValue::Text(text) => text,
        _ => given.to_owned(),
    }
}

fn value_of(constant: &Constant) -> Value {
    match constant {
        Constant::Nothing => Value::Null,
        Constant::Truth(truth) => Value::from(*truth),
        Constant::Whole(number) => Value::from(*number),
        Constant::Float(number) => Value::from(*number),
        Constant::Text(text) => Value::from(text.as_str()),
    }
}

/// Rows that a function reads, lying in a sealed file; `most` of them, if that is said.
pub(super) async fn hand_over(
    session: &Session,
    pool: &Pool,
    input: &PythonInput,
    parameters: &Parameters,
    most: Option<u64>,
) -> Result<(Sealed, u64)> {
    let query = match most {
        None => input.query.clone(),
        Some(most) => {
            let text = format!("select * from ({}) as bywash_sample limit {most}", input.query.sql());
            Arc::new(parse("<sample>", &text)?)
        }
    };
    let planned = session.plan(&query, parameters).await.map_err(|error| input.placed(&error))?;
    let mut rows = planned.stream().await?;
    let mut handover = pool.handover(&rows.schema())?;
    let mut count = 0;
    while let Some(batch) = rows.try_next().await? {
        count += batch.num_rows() as u64;
        handover = blocking(move || handover.write(&batch).map(|()| handover)).await?;
    }
    Ok((blocking(move || handover.finish()).await?, count))
}
