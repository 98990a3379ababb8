//! Assignment: a value becomes what a column of a table holds, unchanged, or the statement fails.
//!
//! A cast rounds `1.9` to `1`, cuts a time to its date and swallows digits of a long in a double. Who writes a cast asks
//! for that; who inserts a row does not. What always holds: cast back, an assigned value is what it was.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, new_null_array};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bywash_core::{Code, Error};
use bywash_lake::tables::kind_of;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The expression as a value of a column of this name and type.
pub(crate) fn assigned(column: &str, wanted: &DataType, value: Expr) -> Expr {
    let signature = Signature::any(1, Volatility::Immutable);
    ScalarUDF::new_from_impl(Assign { column: column.to_owned(), wanted: wanted.clone(), signature }).call(vec![value])
}

/// Whether some values of a type can be assigned to a column of this type.
pub(crate) fn can_assign(given: &DataType, wanted: &DataType) -> bool {
    given == wanted || can_cast_types(given, wanted)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Assign {
    column: String,
    wanted: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for Assign {
    fn name(&self) -> &str {
        "assign"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.wanted.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value] = arguments.args.as_slice() else {
            return Err(DataFusionError::Internal("assign takes one argument".to_owned()));
        };
        match value {
            ColumnarValue::Array(values) => Ok(ColumnarValue::Array(self.assign(values)?)),
            ColumnarValue::Scalar(value) => {
                let assigned = self.assign(&value.to_array()?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&assigned, 0)?))
            }
        }
    }
}

impl Assign {
    fn assign(&self, values: &ArrayRef) -> Result<ArrayRef> {
        if values.data_type() == &self.wanted {
            return Ok(Arc::clone(values));
        }
        if values.data_type() == &DataType::Null {
            return Ok(new_null_array(&self.wanted, values.len()));
        }
        let cast = cast_with_options(values, &self.wanted, &CastOptions { safe: true, ..CastOptions::default() })?;
        let kept = self.kept(values, &cast)?;
        match (0..values.len()).find(|row| !kept.value(*row)) {
            Some(row) => Err(DataFusionError::External(Box::new(self.refusal(values, row)))),
            None => Ok(cast),
        }
    }

    /// Which values are still what they were.
    fn kept(&self, values: &ArrayRef, cast: &ArrayRef) -> Result<BooleanArray> {
        let compared = self.compared(values)?;
        let options = CastOptions { safe: true, ..CastOptions::default() };
        if is_text(values.data_type()) && !self.wanted.is_decimal() {
            // A text has many forms of one value: what can be read is kept.
            return Ok((0..values.len()).map(|row| Some(values.is_null(row) || cast.is_valid(row))).collect());
        }
        let back = cast_with_options(cast, compared.data_type(), &options)?;
        match compared.data_type().is_nested() {
            true => Ok((0..values.len()).map(|row| Some(back.slice(row, 1) == compared.slice(row, 1))).collect()),
            false => Ok(not_distinct(&back, &compared)?),
        }
    }

    /// What a value is compared as: digits of a text beyond the column's scale would be rounded off; an instant is kept
    /// to the microsecond, which is all that tables hold, so that `now()` can be stored.
    fn compared(&self, values: &ArrayRef) -> Result<ArrayRef> {
        let kind = match (values.data_type(), &self.wanted) {
            (given, DataType::Decimal128(..) | DataType::Decimal256(..)) if is_text(given) => {
                DataType::Decimal256(76, 38)
            }
            (DataType::Timestamp(TimeUnit::Nanosecond, zone), DataType::Timestamp(TimeUnit::Microsecond, _)) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            _ => return Ok(Arc::clone(values)),
        };
        Ok(cast_with_options(values, &kind, &CastOptions { safe: true, ..CastOptions::default() })?)
    }

    fn refusal(&self, values: &ArrayRef, row: usize) -> Error {
        let options = FormatOptions::default();
        let value = ArrayFormatter::try_new(values.as_ref(), &options).map(|shown| shown.value(row).to_string());
        let value = value.unwrap_or_else(|_| "a value".to_owned());
        let kind = kind_of(&self.column, &self.wanted).map_or_else(|_| self.wanted.to_string(), |it| it.to_string());
        Error::new(
            Code::InvalidValue,
            format!("`{value}` does not fit the column `{}`, which holds `{kind}`", self.column),
        )
        .hint("round, cut or convert it yourself, as in `round(x)` or `cast(x as …)`: a table keeps values as they are")
    }
}

const fn is_text(kind: &DataType) -> bool {
    matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}
