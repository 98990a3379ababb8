//! Bounds and partition values as the planner's scalars, and back.

use arrow::datatypes::{DataType, TimeUnit};
use bywash_lake::tables::{Datum, Type};
use datafusion::common::ScalarValue;

/// A value as a scalar of exactly this type; nothing where the two do not fit.
pub(super) fn scalar(datum: &Datum, kind: &DataType) -> Option<ScalarValue> {
    Some(match (datum, kind) {
        (Datum::Boolean(value), DataType::Boolean) => ScalarValue::Boolean(Some(*value)),
        (Datum::Int(value), DataType::Int32) => ScalarValue::Int32(Some(*value)),
        (Datum::Int(value), DataType::Int64) => ScalarValue::Int64(Some(i64::from(*value))),
        (Datum::Long(value), DataType::Int64) => ScalarValue::Int64(Some(*value)),
        (Datum::Float(value), DataType::Float32) => ScalarValue::Float32(Some(*value)),
        (Datum::Float(value), DataType::Float64) => ScalarValue::Float64(Some(f64::from(*value))),
        (Datum::Double(value), DataType::Float64) => ScalarValue::Float64(Some(*value)),
        (Datum::Decimal { unscaled, scale, .. }, DataType::Decimal128(precision, wanted))
            if i16::from(*scale) == i16::from(*wanted) =>
        {
            ScalarValue::Decimal128(Some(*unscaled), *precision, *wanted)
        }
        (Datum::Date(value), DataType::Date32) => ScalarValue::Date32(Some(*value)),
        (Datum::Time(value), DataType::Time64(TimeUnit::Microsecond)) => ScalarValue::Time64Microsecond(Some(*value)),
        (Datum::Timestamp(value) | Datum::Timestamptz(value), DataType::Timestamp(TimeUnit::Microsecond, zone)) => {
            ScalarValue::TimestampMicrosecond(Some(*value), zone.clone())
        }
        (Datum::String(value), DataType::Utf8) => ScalarValue::Utf8(Some(value.clone())),
        (Datum::Binary(value), DataType::Binary) => ScalarValue::Binary(Some(value.clone())),
        (Datum::Fixed(value), DataType::FixedSizeBinary(length)) if usize::try_from(*length) == Ok(value.len()) => {
            ScalarValue::FixedSizeBinary(*length, Some(value.clone()))
        }
        _ => return None,
    })
}

/// A scalar that is not null as a value of a column of this type; nothing where the two do not fit.
pub(super) fn datum(scalar: &ScalarValue, kind: &Type) -> Option<Datum> {
    Some(match (scalar, kind) {
        (ScalarValue::Int32(Some(value)), Type::Int) => Datum::Int(*value),
        (ScalarValue::Int64(Some(value)), Type::Long) => Datum::Long(*value),
        (ScalarValue::Decimal128(Some(unscaled), _, given), Type::Decimal { precision, scale })
            if i16::from(*given) == i16::from(*scale) =>
        {
            Datum::Decimal { unscaled: *unscaled, precision: *precision, scale: *scale }
        }
        (ScalarValue::Date32(Some(value)), Type::Date) => Datum::Date(*value),
        (ScalarValue::Time64Microsecond(Some(value)), Type::Time) => Datum::Time(*value),
        (ScalarValue::TimestampMicrosecond(Some(value), None), Type::Timestamp) => Datum::Timestamp(*value),
        (ScalarValue::TimestampMicrosecond(Some(value), Some(_)), Type::Timestamptz) => Datum::Timestamptz(*value),
        (ScalarValue::Utf8(Some(value)), Type::String) => Datum::String(value.clone()),
        (ScalarValue::Binary(Some(value)), Type::Binary) => Datum::Binary(value.clone()),
        _ => return None,
    })
}
