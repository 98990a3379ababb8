//! A function in Python called outside of a run: its rows are shown or its columns found, and nothing is kept.

use std::collections::BTreeMap;

use bywash_core::{Code, Error, Result};
use bywash_engine::sql::Parameters;
use bywash_engine::{Planned, Session, type_text};
use bywash_python::syntax::NewColumns;
use bywash_python::{Expected, Output};

use super::log::new_run_id;
use super::python_inputs::{check_given, check_inputs};
use super::python_model::{self, Asked, Called};
use super::runner::Runner;
use crate::graph::Node;
use crate::project::PythonModel;

/// What a function is called with outside of a run.
#[derive(Clone, Copy)]
pub struct FunctionCall<'a> {
    /// One of the nodes that it makes.
    pub node: &'a Node,
    /// The function.
    pub python: &'a PythonModel,
    /// Where its inputs are found.
    pub session: &'a Session,
    /// The values of parameters in filters.
    pub parameters: &'a Parameters,
    /// The same as texts, for arguments.
    pub texts: &'a BTreeMap<String, String>,
}

impl Runner {
    /// The rows that a function's table would have now.
    ///
    /// # Errors
    /// An input that is not there or does not fit, and whatever the function fails with.
    pub async fn preview_function(&self, call: FunctionCall<'_>) -> Result<Planned> {
        let called = self.call_outside(call, self.expected(call.python), None).await?;
        let outputs = called.outputs().iter();
        let output = outputs.into_iter().find(|output| output.name() == call.python.output);
        let output = output.ok_or_else(|| Error::bug(format!("the function gave no `{}`", call.python.output)))?;
        python_model::planned(&self.engine, output.clone()).await
    }

    /// The columns of what a function returns for the first rows of its inputs, as it may declare them.
    ///
    /// # Errors
    /// As for [`Self::preview_function`], and columns that no table can have.
    pub async fn infer_columns(&self, call: FunctionCall<'_>, rows: u64) -> Result<Vec<NewColumns>> {
        let called = self.call_outside(call, Expected::Anything, Some(rows)).await?;
        let name = &call.python.function.name;
        match called.outputs() {
            [only] if only.name() == name && !call.python.function.returns_several => Ok(vec![(None, columns(only)?)]),
            several => several.iter().map(|output| Ok((Some(output.name().to_owned()), columns(output)?))).collect(),
        }
    }

    async fn call_outside(&self, call: FunctionCall<'_>, expected: Expected, most: Option<u64>) -> Result<Called> {
        let FunctionCall { node, python, session, parameters, texts } = call;
        match &expected {
            Expected::Anything => check_given(session, python, (parameters, texts)).await?,
            _ => check_inputs(session, python, (parameters, texts)).await?,
        }
        let log = self.functions.log(&new_run_id(), &node.name.to_string(), self.listener.clone());
        let asked = Asked { node: node.name.to_string(), expected, most, parameters, texts };
        let called = python_model::call(&self.functions, &*self.listener, session, python, asked, log).await;
        called.map_err(|error| error.or_at(node.place()))
    }
}

fn columns(output: &Output) -> Result<Vec<(String, String)>> {
    let fields = output.schema().fields().iter();
    let read = fields.map(|field| match type_text(field.data_type()) {
        Some(text) => Ok((field.name().clone(), text)),
        None => {
            let message = format!("the column `{}` is of the type `{}`", field.name(), field.data_type());
            Err(Error::new(Code::UnsupportedType, message).hint("cast it in the function to a type that tables have"))
        }
    });
    read.collect()
}
