//! What a caller asks of a function, and what it hears while the function runs.

use std::path::PathBuf;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use serde_json::Value;

use crate::{Environment, Sealed};

/// One call of one function.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who asks: the name of the node, by which lists of processes show the function.
    pub node: String,
    /// The environment that the function runs in.
    pub environment: Environment,
    /// The root of the project: readable, the working folder, and what paths in messages are relative to.
    pub project: PathBuf,
    /// Where the project's helper modules are imported from, first to last; the root of the project if empty.
    pub search: Vec<PathBuf>,
    /// The module, relative to the project.
    pub file: PathBuf,
    /// The function in it.
    pub function: String,
    /// What it is called with, by name.
    pub arguments: Vec<Argument>,
    /// What it must return.
    pub expected: Expected,
    /// What it may take.
    pub limits: Limits,
    /// Whether it may use the network.
    pub network: bool,
    /// Files and folders outside the project that it may read.
    pub readable: Vec<PathBuf>,
}

/// One argument.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The name of the parameter.
    pub name: String,
    /// What is given.
    pub value: ArgumentValue,
}

/// What an argument is.
#[derive(Clone, Debug)]
pub enum ArgumentValue {
    /// Rows, in the form that the function asks for.
    Rows(Sealed, Form),
    /// A plain value, such as a parameter of the project.
    Value(Value),
}

/// The form in which a function gets rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// `pyarrow.Table`
    #[default]
    Table,
    /// `pyarrow.RecordBatchReader`: batch by batch, for what is larger than memory.
    Reader,
    /// `pandas.DataFrame`
    Pandas,
    /// `polars.DataFrame`
    Polars,
}

/// What a function must return.
#[derive(Clone, Debug)]
pub enum Expected {
    /// One table with these columns, in this order.
    One(Declared),
    /// A dictionary of these tables.
    Several(Vec<Declared>),
    /// Whatever it returns, for finding out its columns. A dictionary gives several tables; one has the function's name.
    Anything,
}

/// A table that a function declares.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its name: the key in the dictionary, and what messages call it.
    pub name: String,
    /// Its columns. A column that is not nullable refuses nulls.
    pub schema: SchemaRef,
}

/// What a function may take.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Bytes of memory of its own; mapped inputs do not count. The pool's if unset.
    pub memory: Option<u64>,
    /// Processor cores.
    pub cpus: Option<f64>,
    /// Time by the clock.
    pub timeout: Option<Duration>,
}

/// A line that a function wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Where it wrote it.
    pub stream: Stream,
    /// The line, without its end.
    pub text: String,
}

/// Where a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// `print`
    Stdout,
    /// Standard error, where libraries and crashes write.
    Stderr,
    /// The module `logging`.
    Logging(Level),
}

/// How much a line of `logging` matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `debug`
    Debug,
    /// `info`
    Info,
    /// `warning`
    Warning,
    /// `error` and `critical`
    Error,
}
