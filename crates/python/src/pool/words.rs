//! What this process and a worker say to each other; `python/bywash/_worker` is the other side.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The warm process is ready.
#[derive(Debug, Deserialize)]
pub(super) struct Ready {
    pub(super) python: String,
    pub(super) pyarrow: String,
}

/// What a run is to do. Its descriptors are the doors of its groups, then its inputs.
#[derive(Debug, Serialize)]
pub(super) struct Job {
    pub(super) node: String,
    pub(super) project: PathBuf,
    pub(super) search: Vec<PathBuf>,
    pub(super) file: PathBuf,
    pub(super) function: String,
    pub(super) arguments: Vec<Given>,
    /// None: whatever is returned.
    pub(super) tables: Vec<Table>,
    /// Whether the tables come in a dictionary.
    pub(super) several: bool,
    /// Whether it is called again and again.
    pub(super) repeated: bool,
    pub(super) network: bool,
    pub(super) doors: usize,
    pub(super) limits: JobLimits,
    pub(super) identity: Option<u32>,
    pub(super) scratch: PathBuf,
    pub(super) number: u64,
}

/// An argument: rows in a file, or a value.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Given {
    Rows { name: String, form: &'static str, file: usize },
    Value { name: String, value: Value },
}

/// A table that is expected; its schema as Arrow writes it, in hexadecimal digits.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) schema: String,
}

/// Limits that the run sets itself, where groups do not.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct JobLimits {
    pub(super) memory: Option<u64>,
    pub(super) processes: Option<u32>,
    pub(super) file_bytes: Option<u64>,
    pub(super) cores: Option<u64>,
}

/// What a run says.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Said {
    Log {
        level: u32,
        text: String,
    },
    /// A function that is called again and again is imported; in seconds.
    Ready(f64),
    Begin(Begin),
    /// It has something to write, and needs files.
    Outputs(Vec<String>),
    Done(Done),
    Failed(Failure),
}

/// The function is about to be called. In seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Begin {
    pub(super) import: f64,
    pub(super) decode: f64,
}

/// Everything is written.
#[derive(Debug, Deserialize)]
pub(super) struct Done {
    pub(super) tables: Vec<Written>,
    pub(super) function: f64,
}

/// A table that was written.
#[derive(Debug, Deserialize)]
pub(super) struct Written {
    pub(super) name: String,
    pub(super) rows: u64,
}

/// The function failed, and could still say why.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    pub(super) hints: Vec<String>,
    /// In the project's own files, the one that raised last.
    pub(super) frames: Vec<Frame>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum FailureKind {
    Exception,
    Columns,
    Memory,
}

#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    pub(super) path: PathBuf,
    pub(super) line: u64,
    pub(super) column: Option<u64>,
    pub(super) length: Option<u64>,
    pub(super) name: String,
}

/// How a run ended, told by its guard when nothing is left of it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ended {
    Code(i32),
    Signal(i32),
}
