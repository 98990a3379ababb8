//! Partition transforms as functions: what decides the file that a row lies in.
//!
//! In SQL these are `bucket(n, c)` and `truncate(n, c)`. Years, months, days and hours are functions of plans only: as
//! a table counts them (months since 1970) they are not what a person means by `month(c)`.

use std::sync::Arc;

use arrow::datatypes::DataType;
use bywash_lake::tables::{Transform, arrow_type, kind_of, transforms};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The partition value of a column, as an expression.
pub(crate) fn partition_value(transform: Transform, column: Expr) -> Expr {
    match transform {
        Transform::Identity | Transform::Void => column,
        _ => ScalarUDF::new_from_impl(OfColumn::new(transform)).call(vec![column]),
    }
}

/// The functions that users may call.
pub(super) fn sql_functions() -> [OfNumberAndColumn; 2] {
    [OfNumberAndColumn::new(Numbered::Bucket), OfNumberAndColumn::new(Numbered::Truncate)]
}

/// A transform whose number is fixed: `month(c)`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfColumn {
    name: String,
    transform: Transform,
    signature: Signature,
}

impl OfColumn {
    fn new(transform: Transform) -> Self {
        Self { name: transform.to_string(), transform, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for OfColumn {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [column] => result_type(self.transform, column),
            _ => plan_err!("`{}` takes one argument", self.name),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [column] => apply(self.transform, column, arguments.number_rows),
            _ => exec_err!("`{}` takes one argument", self.name),
        }
    }
}

/// A transform whose number stands first: `bucket(16, c)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct OfNumberAndColumn {
    form: Numbered,
    signature: Signature,
}

/// The transforms that have a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Numbered {
    Bucket,
    Truncate,
}

impl Numbered {
    const fn of(self, number: u32) -> Transform {
        match self {
            Self::Bucket => Transform::Bucket(number),
            Self::Truncate => Transform::Truncate(number),
        }
    }
}

impl OfNumberAndColumn {
    fn new(form: Numbered) -> Self {
        Self { form, signature: Signature::any(2, Volatility::Immutable) }
    }

    fn transform(&self, number: &ColumnarValue) -> Result<Transform> {
        let number = match number {
            ColumnarValue::Scalar(ScalarValue::Int64(Some(number))) => u32::try_from(*number).ok(),
            _ => None,
        };
        match number.filter(|number| *number > 0) {
            Some(number) => Ok(self.form.of(number)),
            None => exec_err!("the first argument of `{}` must be a whole number above zero", self.name()),
        }
    }
}

impl ScalarUDFImpl for OfNumberAndColumn {
    fn name(&self) -> &str {
        match self.form {
            Numbered::Bucket => "bucket",
            Numbered::Truncate => "truncate",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        match arguments {
            [DataType::Int64, column] => result_type(self.form.of(1), column),
            _ => plan_err!("`{}` takes a whole number and a column", self.name()),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [number, column] => apply(self.transform(number)?, column, arguments.number_rows),
            _ => exec_err!("`{}` takes a number and a column", self.name()),
        }
    }
}

fn result_type(transform: Transform, column: &DataType) -> Result<DataType> {
    let result = kind_of("value", column).and_then(|kind| arrow_type(&transform.result_type(&kind)?));
    result.map_err(|error| DataFusionError::External(Box::new(error)))
}

fn apply(transform: Transform, column: &ColumnarValue, rows: usize) -> Result<ColumnarValue> {
    let values = column.to_array(rows)?;
    let result = transforms::apply(transform, &values).map_err(|error| DataFusionError::External(Box::new(error)))?;
    match column {
        ColumnarValue::Scalar(_) if result.len() == rows && rows > 0 => {
            Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?))
        }
        _ => Ok(ColumnarValue::Array(Arc::clone(&result))),
    }
}
