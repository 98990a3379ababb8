//! A function that is called batch after batch: a worker imports it once and answers until it is dropped.

use std::fmt;
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, new_empty_array};
use arrow::compute::concat;
use bywash_core::{Error, Result};

use super::outcome::{failure, outputs};
use super::session::{End, Session, Told};
use super::{Log, Pool};
use crate::handover::normal_schema;
use crate::{Call, Expected};

/// A function of SQL, ready in a worker of its own. Dropped, the worker ends.
pub struct Udf {
    pool: Pool,
    call: Call,
    log: Log,
    session: Session,
}

impl Udf {
    pub(super) async fn start(pool: Pool, call: Call, log: Log) -> Result<Self> {
        let session = pool.0.start(&call, &log, true).await?;
        let mut udf = Self { pool, call, log, session };
        let told = udf.listen().await?;
        match told.begin {
            Some(_) => Ok(udf),
            None => Err(udf.fail(told).await),
        }
    }

    /// The function's value for each row of `arguments`, whose columns are its parameters in order.
    ///
    /// # Errors
    /// The function fails, takes longer for this batch than its `timeout`, or returns another type or another number of
    /// values. The worker has ended then, and every later call fails too.
    pub async fn apply(&mut self, arguments: &RecordBatch) -> Result<ArrayRef> {
        let mut rows = self.pool.handover(arguments.schema_ref())?;
        rows.write(arguments)?;
        let rows = rows.finish()?.descriptor()?;
        // A worker that has ended says so when it is listened to.
        drop(self.session.say(&serde_json::Map::new(), &[rows]).await);
        let mut told = self.listen().await?;
        if told.done.is_none() {
            return Err(self.fail(told).await);
        }
        let outputs = outputs(&self.call.expected, &mut told)?;
        let batches = outputs.iter().flat_map(crate::Output::batches).collect::<Result<Vec<_>>>()?;
        let columns: Vec<_> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
        let values = if columns.is_empty() { Ok(self.no_values()?) } else { concat(&columns) };
        values.map_err(|error| Error::bug(error.to_string()))
    }

    fn no_values(&self) -> Result<ArrayRef> {
        match &self.call.expected {
            Expected::One(declared) => Ok(new_empty_array(normal_schema(&declared.schema).field(0).data_type())),
            _ => Err(Error::bug("a function of SQL declares one result")),
        }
    }

    /// Listens for as long as one batch may take.
    async fn listen(&mut self) -> Result<Told> {
        let timeout = self.session.bounds.limits.timeout.unwrap_or(Duration::MAX);
        let spoken = tokio::time::timeout(timeout, self.session.listen(self.pool.folder(), &self.log)).await;
        match spoken {
            Ok(told) => told,
            Err(_) => {
                self.session.stop().await;
                self.session.finish().await;
                Err(failure(&self.call, &self.session, &mut Told::default(), End::Late))
            }
        }
    }

    /// Why the worker has ended, or is about to.
    async fn fail(&mut self, mut told: Told) -> Error {
        let end = self.session.wait().await;
        self.session.finish().await;
        failure(&self.call, &self.session, &mut told, end)
    }
}

impl fmt::Debug for Udf {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Udf").field("function", &self.call.function).finish_non_exhaustive()
    }
}
