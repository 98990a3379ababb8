//! A call in the words of the worker.

use std::os::fd::OwnedFd;

use arrow::ipc::writer::StreamWriter;
use bywash_core::{Code, Error, Result};

use super::bounds::Bounds;
use super::frames::MOST_DESCRIPTORS;
use super::words::{Given, Job, Table};
use crate::handover::normal_schema;
use crate::{ArgumentValue, Call, Declared, Expected, Form};

/// What a run is to do, and the descriptors that go with it.
pub(super) fn job(call: &Call, bounds: &Bounds, repeated: bool) -> Result<(Job, Vec<OwnedFd>)> {
    let mut descriptors = bounds.doors();
    let doors = descriptors.len();
    let mut arguments = Vec::new();
    for argument in &call.arguments {
        let name = argument.name.clone();
        arguments.push(match &argument.value {
            ArgumentValue::Rows(rows, form) => {
                descriptors.push(rows.descriptor()?);
                Given::Rows { name, form: form_name(*form), file: descriptors.len() - doors - 1 }
            }
            ArgumentValue::Value(value) => Given::Value { name, value: value.clone() },
        });
    }
    if descriptors.len() > MOST_DESCRIPTORS {
        let message = format!("`{}` has more inputs than can be handed over: {}", call.function, call.arguments.len());
        return Err(Error::new(Code::NotYetSupported, message).hint("join some of them in a SQL model first"));
    }
    let job = Job {
        node: call.node.clone(),
        project: call.project.clone(),
        search: if call.search.is_empty() { vec![call.project.clone()] } else { call.search.clone() },
        file: call.file.clone(),
        function: call.function.clone(),
        arguments,
        tables: declared(&call.expected).iter().map(table).collect::<Result<_>>()?,
        several: matches!(call.expected, Expected::Several(_)),
        repeated,
        network: call.network,
        doors,
        limits: bounds.by_process,
        identity: bounds.identity,
        scratch: bounds.scratch.clone(),
        number: bounds.number,
    };
    Ok((job, descriptors))
}

/// The tables that are expected; none if anything is.
pub(super) fn declared(expected: &Expected) -> &[Declared] {
    match expected {
        Expected::One(one) => std::slice::from_ref(one),
        Expected::Several(several) => several,
        Expected::Anything => &[],
    }
}

fn table(declared: &Declared) -> Result<Table> {
    let schema = normal_schema(&declared.schema);
    // A stream without a batch: its first message is the schema.
    let written = StreamWriter::try_new(Vec::new(), &schema).and_then(StreamWriter::into_inner);
    let written = written.map_err(|error| {
        Error::new(
            Code::UnsupportedType,
            format!("`{}` has a column of a type that Arrow files have not", declared.name),
        )
        .caused_by(error)
    })?;
    let schema = written.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Table { name: declared.name.clone(), schema })
}

fn form_name(form: Form) -> &'static str {
    match form {
        Form::Table => "table",
        Form::Reader => "reader",
        Form::Pandas => "pandas",
        Form::Polars => "polars",
    }
}
