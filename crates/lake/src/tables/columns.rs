//! Single values out of Arrow columns, and into them.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float32Array, Float64Array, Int32Array, Int64Array, StringArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimeUnit, TimestampMicrosecondType,
};
use bywash_core::{Error, Result};
use bywash_iceberg_spec::Datum;

/// The value in a row of a column that has one of the types tables hold; `None` for null.
pub(super) fn datum_at(column: &ArrayRef, row: usize) -> Result<Option<Datum>> {
    if column.is_null(row) {
        return Ok(None);
    }
    let datum = match column.data_type() {
        DataType::Boolean => Datum::Boolean(column.as_boolean().value(row)),
        DataType::Int32 => Datum::Int(column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Datum::Long(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => Datum::Float(column.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Datum::Double(column.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => Datum::Date(column.as_primitive::<Date32Type>().value(row)),
        DataType::Time64(TimeUnit::Microsecond) => {
            Datum::Time(column.as_primitive::<Time64MicrosecondType>().value(row))
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
            if zone.is_some() { Datum::Timestamptz(micros) } else { Datum::Timestamp(micros) }
        }
        DataType::Decimal128(precision, scale) => Datum::Decimal {
            unscaled: column.as_primitive::<Decimal128Type>().value(row),
            precision: *precision,
            scale: scale.unsigned_abs(),
        },
        DataType::Utf8 => Datum::String(column.as_string::<i32>().value(row).to_owned()),
        DataType::Binary => Datum::Binary(column.as_binary::<i32>().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => Datum::Fixed(column.as_fixed_size_binary().value(row).to_vec()),
        other => return Err(Error::bug(format!("a column of a table has type `{other}`"))),
    };
    Ok(Some(datum))
}

/// A column of one row.
pub(super) fn array_of(value: &Datum) -> ArrayRef {
    match value {
        Datum::Boolean(value) => Arc::new(BooleanArray::from(vec![*value])),
        Datum::Int(value) => Arc::new(Int32Array::from(vec![*value])),
        Datum::Long(value) => Arc::new(Int64Array::from(vec![*value])),
        Datum::Float(value) => Arc::new(Float32Array::from(vec![*value])),
        Datum::Double(value) => Arc::new(Float64Array::from(vec![*value])),
        Datum::Decimal { unscaled, precision, scale } => {
            let data_type = DataType::Decimal128(*precision, scale.cast_signed());
            Arc::new(Decimal128Array::from(vec![*unscaled]).with_data_type(data_type))
        }
        Datum::Date(value) => Arc::new(Date32Array::from(vec![*value])),
        Datum::Time(value) => Arc::new(Time64MicrosecondArray::from(vec![*value])),
        Datum::Timestamp(value) => Arc::new(TimestampMicrosecondArray::from(vec![*value])),
        Datum::Timestamptz(value) => Arc::new(TimestampMicrosecondArray::from(vec![*value]).with_timezone("UTC")),
        Datum::String(value) => Arc::new(StringArray::from(vec![value.as_str()])),
        Datum::Uuid(value) => Arc::new(FixedSizeBinaryArray::new_scalar(value.as_bytes()).into_inner()),
        Datum::Fixed(value) => Arc::new(FixedSizeBinaryArray::new_scalar(value).into_inner()),
        Datum::Binary(value) => Arc::new(BinaryArray::from(vec![value.as_slice()])),
    }
}
