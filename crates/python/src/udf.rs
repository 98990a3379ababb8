//! A function that is called batch after batch: a worker imports it once and answers until it is dropped.

use arrow::array::{ArrayRef, RecordBatch};
use bywash_core::Result;

/// A function of SQL, ready in a worker of its own. Dropped, the worker ends.
#[derive(Debug)]
pub struct Udf {}

impl Udf {
    /// The function's value for each row of `arguments`, whose columns are its parameters in order.
    ///
    /// # Errors
    /// The function fails, or returns another type or another number of values; the worker has ended then.
    pub async fn apply(&mut self, arguments: &RecordBatch) -> Result<ArrayRef> {
        let _ = arguments;
        Err(bywash_core::Error::bug("functions of SQL are being built"))
    }
}
