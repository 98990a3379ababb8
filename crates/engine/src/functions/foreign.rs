//! Functions of SQL that somebody else computes, many rows at a time.
//!
//! The engine knows their types and waits for their values, wherever an expression may stand: the thread that computes
//! it waits, and the runtime has another one take its place. (DataFusion's functions that are awaited work in some
//! operators only.) They count as volatile to the planner, which then neither computes them while it plans nor moves
//! them to where they would see more rows.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_empty_array};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use bywash_core::{Error, Result};
use datafusion::common::DataFusionError;
use datafusion::common::Result as Planning;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// A function that somebody else computes.
#[async_trait]
pub trait ForeignFunction: fmt::Debug + Send + Sync {
    /// Its name in SQL.
    fn name(&self) -> &str;

    /// The types of its arguments.
    fn arguments(&self) -> &[DataType];

    /// The type of its values.
    fn returns(&self) -> &DataType;

    /// Its value for each row of `arguments`, whose columns are the arguments in order.
    ///
    /// # Errors
    /// Whatever it fails with.
    async fn apply(&self, arguments: RecordBatch) -> Result<ArrayRef>;
}

/// The function as the planner knows it.
pub(crate) fn planned(function: Arc<dyn ForeignFunction>) -> ScalarUDF {
    let signature = match function.arguments() {
        [] => Signature::nullary(Volatility::Volatile),
        types => Signature::exact(types.to_vec(), Volatility::Volatile),
    };
    ScalarUDF::new_from_impl(Foreign { function, signature })
}

#[derive(Debug)]
struct Foreign {
    function: Arc<dyn ForeignFunction>,
    signature: Signature,
}

impl PartialEq for Foreign {
    fn eq(&self, other: &Self) -> bool {
        self.function.name() == other.function.name()
    }
}

impl Eq for Foreign {}

impl Hash for Foreign {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name().hash(state);
    }
}

impl ScalarUDFImpl for Foreign {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Planning<DataType> {
        Ok(self.function.returns().clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Planning<ColumnarValue> {
        let rows = arguments.number_rows;
        if rows == 0 {
            return Ok(ColumnarValue::Array(new_empty_array(self.function.returns())));
        }
        let columns = arguments.args.iter().map(|value| value.to_array(rows)).collect::<Planning<Vec<_>>>()?;
        let types = self.function.arguments().iter().enumerate();
        let fields: Vec<_> = types.map(|(at, kind)| Field::new(format!("argument_{at}"), kind.clone(), true)).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
        let values = wait_for(self.function.apply(batch)).map_err(external)?;
        if values.len() != rows || values.data_type() != self.function.returns() {
            let name = self.function.name();
            let message = format!("`{name}` gave {} values of {} for {rows} rows", values.len(), values.data_type());
            return Err(external(Error::bug(message)));
        }
        Ok(ColumnarValue::Array(values))
    }
}

/// Waits where nobody can be awaited.
fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = Handle::try_current().map_err(|error| Error::bug(error.to_string()))?;
    block_in_place(|| runtime.block_on(work))
}

fn external(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
