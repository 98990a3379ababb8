//! Where the columns of a function's table come from. Nobody sees into a function: each column may be made of all that the
//! function reads, unless its author declares what it is made of (`lineage=` of `@bw.model`).

use std::collections::BTreeMap;

use arrow::datatypes::Schema;
use bywash_core::{Code, Error, Result, suggestion};
use bywash_engine::sql::Parameters;
use bywash_engine::{Origins, Session};
use bywash_python::syntax::Text;

use crate::project::{PythonInput, PythonModel};

/// The origins of each column in the tables that the function reads.
///
/// # Errors
/// An input cannot be planned.
pub(super) async fn lineage_of_function(
    session: &Session,
    python: &PythonModel,
    values: &Parameters,
) -> Result<BTreeMap<String, Origins>> {
    let mut inputs = BTreeMap::new();
    for input in python.inputs.iter() {
        inputs.insert(input.argument.as_str(), session.plan(&input.query, values).await?.lineage());
    }
    let everything = || inputs.values().flat_map(BTreeMap::values).cloned().fold(Origins::default(), Origins::and);
    // Whatever a column is made of, what decides which rows are handed over decides its rows.
    let decides = || {
        let influence =
            inputs.values().flat_map(BTreeMap::values).flat_map(|origins| origins.influence.iter().cloned());
        Origins { influence: influence.collect(), ..Origins::default() }
    };
    let origins = |text: &Text| {
        let (argument, column) = text.value.split_once('.')?;
        inputs.get(argument)?.get(column).cloned()
    };
    let of_column = |name: &String| match declared(python, name) {
        Some(made_of) => made_of.iter().filter_map(origins).fold(decides(), Origins::and),
        None => everything(),
    };
    Ok(python.schema.fields().iter().map(|field| (field.name().clone(), of_column(field.name()))).collect())
}

/// What the author declares of a column: by its name, or with the name of its table where the function makes several.
fn declared<'a>(python: &'a PythonModel, column: &str) -> Option<&'a [Text]> {
    let whole = format!("{}.{column}", python.output);
    let named = |wanted: &str| python.function.lineage.iter().find(|(name, _)| name.value == wanted);
    named(&whole).or_else(|| named(column)).map(|(_, made_of)| made_of.as_slice())
}

/// What is declared of columns that the function does not give, or with arguments that are no tables.
pub(super) fn check_names(python: &PythonModel) -> Vec<Error> {
    let outputs = &python.function.outputs;
    let given: Vec<String> = outputs
        .iter()
        .flat_map(|output| output.columns.iter().map(move |column| (output, column)))
        .flat_map(|(output, column)| [column.name.clone(), format!("{}.{}", output.name, column.name)])
        .collect();
    let arguments: Vec<&str> = python.inputs.iter().map(|input| input.argument.as_str()).collect();
    let mut problems = Vec::new();
    for (name, made_of) in &python.function.lineage {
        if !given.is_empty() && !given.contains(&name.value) {
            let message = format!("`{}` gives no column `{}`", python.function.name, name.value);
            problems.push(unknown(message, name, suggestion(&name.value, given.iter().map(String::as_str))));
        }
        for text in made_of {
            let argument = text.value.split_once('.').map_or(text.value.as_str(), |(argument, _)| argument);
            if argument == text.value || !arguments.contains(&argument) {
                let message = format!("`{}` is no column of a table that `{}` reads", text.value, python.function.name);
                let near = suggestion(argument, arguments.iter().copied());
                let hint = near.unwrap_or_else(|| "write `argument.column`, as in `flights.delay`".to_owned());
                problems.push(unknown(message, text, Some(hint)));
            }
        }
    }
    problems
}

/// What is declared to be made of columns that an input does not have.
pub(super) fn check_columns(python: &PythonModel, input: &PythonInput, schema: &Schema) -> Vec<Error> {
    let of_input = |text: &&Text| text.value.split_once('.').is_some_and(|(argument, _)| argument == input.argument);
    let texts = python.function.lineage.iter().flat_map(|(_, made_of)| made_of).filter(of_input);
    let unread = texts.filter_map(|text| {
        let column = text.value.split_once('.')?.1;
        let known = schema.fields().iter().map(|field| field.name().as_str());
        let message = format!("`{}` does not read `{column}` of `{}`", python.function.name, input.table);
        schema.field_with_name(column).is_err().then(|| unknown(message, text, suggestion(column, known)))
    });
    unread.collect()
}

fn unknown(message: String, text: &Text, hint: Option<String>) -> Error {
    Error::new(Code::UnknownColumn, message).at(text.place.clone()).maybe_hint(hint)
}
