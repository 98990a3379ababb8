//! What a function gave back.

use std::time::Duration;

use arrow::datatypes::SchemaRef;

use crate::Batches;
use crate::handover::Mapped;

/// What a call gave.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The tables, in the order they were declared, or returned.
    pub outputs: Vec<Output>,
    /// Where the time went.
    pub timings: Timings,
}

/// A table that a function returned, lying in a sealed file.
#[derive(Clone, Debug)]
pub struct Output {
    pub(crate) name: String,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) file: Mapped,
}

impl Output {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its columns: those that were declared, or those that were found.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        self.file.schema()
    }

    /// How many rows the function says it has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How long its file is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Its rows; each batch is decoded and validated when it is asked for. Blocks while the disk does.
    #[must_use]
    pub fn batches(&self) -> Batches {
        self.file.batches()
    }
}

/// Where the time of a call went, told by the worker's own clock but for `whole`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// From the call until a process is ready for it: waiting for a free worker, starting one if none is warm.
    pub worker: Duration,
    /// Importing the function's module.
    pub import: Duration,
    /// Opening the inputs and giving them their form. No row is looked at for tables and readers.
    pub decode: Duration,
    /// From the call until the function's first line, for which nothing needs to be started.
    pub first_line: Duration,
    /// The function itself, and writing what it returns.
    pub function: Duration,
    /// From the call until the outputs are sealed.
    pub whole: Duration,
}
