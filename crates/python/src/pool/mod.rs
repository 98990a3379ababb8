//! Workers, warm and ready: one process an environment that has imported Arrow, and a copy of it for every call.

use std::sync::Arc;

use arrow::datatypes::Schema;
use bywash_core::{Error, Result};

use crate::{Answer, Call, Handover, LogLine, PoolSettings, Udf};

/// Runs functions. Clones share the workers; the last one dropped ends them all.
#[derive(Clone, Debug)]
pub struct Pool {
    settings: Arc<PoolSettings>,
}

impl Pool {
    /// A pool that has started nothing yet.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn new(settings: PoolSettings) -> Result<Self> {
        Ok(Self { settings: Arc::new(settings) })
    }

    /// What this machine cannot keep functions from, each said once: for the log of a run.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Begins to hand rows with these columns to a function.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn handover(&self, schema: &Schema) -> Result<Handover> {
        Handover::new(&self.settings.spill, schema)
    }

    /// Calls a function and waits for what it returns. Lines that it writes go to `log` while it runs, in their order
    /// within each stream. Dropping the future ends the function with everything that it started.
    ///
    /// # Errors
    /// One error that says what went wrong and where: the function raised (`python-exception`), died
    /// (`python-crashed`), took more than its limits (`python-limit`), or returned something else than declared
    /// (`python-columns`).
    pub async fn call(&self, call: Call, log: impl Fn(LogLine) + Send + Sync) -> Result<Answer> {
        let _ = (call, log);
        Err(Error::bug("calls are being built"))
    }

    /// Starts a function of SQL. `call.arguments` is empty; `call.expected` is one table with one column: its result.
    ///
    /// # Errors
    /// Its module cannot be imported.
    pub async fn udf(&self, call: Call, log: impl Fn(LogLine) + Send + Sync + 'static) -> Result<Udf> {
        let _ = (call, log);
        Err(Error::bug("functions of SQL are being built"))
    }
}
