//! Partition transforms on columns, value for value as the specification of Iceberg defines them.
//!
//! Nulls stay nulls. Everything rounds down, also below zero and before 1970.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryArray, Date32Array, Int32Array, PrimitiveArray, StringArray,
    new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type, Time64MicrosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use bywash_core::{Code, Error, Result};
use bywash_iceberg_spec::{Datum, Transform};

use super::calendar::{DAY, HOUR, date_of};
use super::murmur::bucket;
use super::schema::{arrow_type, kind_of};

pub use super::layout::PartitionTerm;
pub use super::ranges::range_of;

/// The partition values of a column.
///
/// Columns of a type that tables do not hold are first cast to the one that would hold them.
///
/// # Errors
/// A transform that does not fit the column's type.
pub fn apply(transform: Transform, column: &ArrayRef) -> Result<ArrayRef> {
    let kind = kind_of("value", column.data_type())?;
    transform.result_type(&kind)?;
    let stored = arrow_type(&kind)?;
    let column = if *column.data_type() == stored {
        column.clone()
    } else {
        let options = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(column, &stored, &options).map_err(|error| {
            Error::new(Code::InvalidValue, format!("`{transform}` cannot be computed")).caused_by(error)
        })?
    };
    match transform {
        Transform::Identity => Ok(column),
        Transform::Void => Ok(new_null_array(&stored, column.len())),
        Transform::Bucket(count) => buckets(&column, count),
        Transform::Truncate(width) => truncated(&column, width),
        Transform::Year | Transform::Month | Transform::Day | Transform::Hour => temporal(&column, transform),
    }
}

/// The same for a single value.
///
/// # Errors
/// A transform that does not fit the value's type.
pub fn apply_to(transform: Transform, value: &Datum) -> Result<Option<Datum>> {
    let column = super::columns::array_of(value);
    super::columns::datum_at(&apply(transform, &column)?, 0)
}

fn buckets(column: &ArrayRef, count: u32) -> Result<ArrayRef> {
    let of_long = |value: i64| bucket(&value.to_le_bytes(), count);
    let buckets: Int32Array = match column.data_type() {
        DataType::Int32 => map(column.as_primitive::<Int32Type>(), |value| of_long(i64::from(value))),
        DataType::Date32 => map(column.as_primitive::<Date32Type>(), |value| of_long(i64::from(value))),
        DataType::Int64 => map(column.as_primitive::<Int64Type>(), of_long),
        DataType::Time64(_) => map(column.as_primitive::<Time64MicrosecondType>(), of_long),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            map(column.as_primitive::<TimestampMicrosecondType>(), of_long)
        }
        DataType::Decimal128(precision, scale) => {
            let (precision, scale) = (*precision, scale.unsigned_abs());
            map(column.as_primitive::<Decimal128Type>(), |unscaled| {
                bucket(&Datum::Decimal { unscaled, precision, scale }.to_bytes(), count)
            })
        }
        DataType::Utf8 => column.as_string::<i32>().iter().map(|text| Some(bucket(text?.as_bytes(), count))).collect(),
        DataType::Binary => column.as_binary::<i32>().iter().map(|bytes| Some(bucket(bytes?, count))).collect(),
        DataType::FixedSizeBinary(_) => {
            column.as_fixed_size_binary().iter().map(|bytes| Some(bucket(bytes?, count))).collect()
        }
        other => return Err(unexpected(other)),
    };
    Ok(Arc::new(buckets))
}

fn truncated(column: &ArrayRef, width: u32) -> Result<ArrayRef> {
    let long = i64::from(width);
    Ok(match column.data_type() {
        DataType::Int32 => {
            let down = |value: i32| value.wrapping_sub((i64::from(value).rem_euclid(long)) as i32);
            Arc::new(map::<_, Int32Type>(column.as_primitive::<Int32Type>(), down))
        }
        DataType::Int64 => {
            let down = |value: i64| value.wrapping_sub(value.rem_euclid(long));
            Arc::new(map::<_, Int64Type>(column.as_primitive::<Int64Type>(), down))
        }
        DataType::Decimal128(..) => {
            let down = |value: i128| value.wrapping_sub(value.rem_euclid(i128::from(width)));
            let values = map::<_, Decimal128Type>(column.as_primitive::<Decimal128Type>(), down);
            Arc::new(values.with_data_type(column.data_type().clone()))
        }
        DataType::Utf8 => {
            let texts = column.as_string::<i32>().iter().map(|text| text.map(|text| first_characters(text, width)));
            Arc::new(texts.collect::<StringArray>())
        }
        DataType::Binary => {
            let bytes = column.as_binary::<i32>().iter();
            Arc::new(
                bytes
                    .map(|bytes| bytes.map(|bytes| &bytes[..bytes.len().min(width as usize)]))
                    .collect::<BinaryArray>(),
            )
        }
        other => return Err(unexpected(other)),
    })
}

/// The first so many characters of a text.
pub(super) fn first_characters(text: &str, count: u32) -> &str {
    text.char_indices().nth(count as usize).map_or(text, |(end, _)| &text[..end])
}

fn temporal(column: &ArrayRef, transform: Transform) -> Result<ArrayRef> {
    let of_days = |days: i64| -> i32 {
        let (year, month, _) = date_of(days);
        let value = match transform {
            Transform::Year => year - 1970,
            Transform::Month => (year - 1970) * 12 + month - 1,
            _ => days,
        };
        value as i32
    };
    let values: Int32Array = match column.data_type() {
        DataType::Date32 => map(column.as_primitive::<Date32Type>(), |days| of_days(i64::from(days))),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            map(column.as_primitive::<TimestampMicrosecondType>(), |micros| match transform {
                // Hours beyond the type are kept at its ends, of which `range_of` says nothing.
                Transform::Hour => micros.div_euclid(HOUR).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
                _ => of_days(micros.div_euclid(DAY)),
            })
        }
        other => return Err(unexpected(other)),
    };
    Ok(match transform {
        Transform::Day => Arc::new(map::<_, Date32Type>(&values, |days| days)) as Arc<Date32Array>,
        _ => Arc::new(values),
    })
}

fn map<S: ArrowPrimitiveType, T: ArrowPrimitiveType>(
    values: &PrimitiveArray<S>,
    apply: impl Fn(S::Native) -> T::Native,
) -> PrimitiveArray<T> {
    values.unary(apply)
}

fn unexpected(found: &DataType) -> Error {
    Error::bug(format!("a partition column has type `{found}`"))
}
