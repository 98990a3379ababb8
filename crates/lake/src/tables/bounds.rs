//! Statistics of a data file, computed from its rows (rule T8).
//!
//! Bounds hold for the whole file or are not given. Long texts and bytes are cut to 16 characters or bytes, the upper
//! bound rounded up. A column with a NaN has no bounds; a bound of zero has the sign that includes both zeros.
//! Columns inside lists and maps have no statistics.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::compute::{
    max, max_binary, max_boolean, max_fixed_size_binary, max_string, min, min_binary, min_boolean,
    min_fixed_size_binary, min_string,
};
use arrow::datatypes::{
    ArrowNumericType, Date32Type, Decimal128Type, Int32Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use bywash_core::{Error, Result};
use bywash_iceberg_spec::{DataFile, Datum, Field, Schema, Type};

use super::ranges::{next_bytes, next_text};
use super::transforms::first_characters;

const LONGEST_BOUND: u32 = 16;

/// Statistics of the rows seen so far.
pub(super) struct FileStatistics {
    fields: Vec<Field>,
    columns: BTreeMap<i32, ColumnStatistics>,
}

#[derive(Default)]
struct ColumnStatistics {
    values: u64,
    nulls: u64,
    nans: u64,
    bounds: Option<(Datum, Datum)>,
}

impl FileStatistics {
    pub(super) fn new(schema: &Schema) -> Self {
        Self { fields: schema.fields.clone(), columns: BTreeMap::new() }
    }

    /// Adds rows; the batch has the columns of the schema, in order.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        for (field, column) in self.fields.iter().zip(batch.columns()) {
            add_column(&mut self.columns, field, column, None)?;
        }
        Ok(())
    }

    /// Writes what is known into the description of the file.
    pub(super) fn finish(self, file: &mut DataFile) {
        let floats = floats(&self.fields);
        for (id, column) in self.columns {
            file.value_counts.insert(id, column.values);
            file.null_value_counts.insert(id, column.nulls);
            if floats.contains(&id) {
                file.nan_value_counts.insert(id, column.nans);
            }
            let Some((lower, upper)) = column.bounds.filter(|_| column.nans == 0) else { continue };
            file.lower_bounds.insert(id, round_down(lower));
            if let Some(upper) = round_up(upper) {
                file.upper_bounds.insert(id, upper);
            }
        }
    }
}

fn floats(fields: &[Field]) -> Vec<i32> {
    let of = |field: &Field| match &field.kind {
        Type::Float | Type::Double => vec![field.id],
        Type::Struct(parts) => floats(parts),
        _ => Vec::new(),
    };
    fields.iter().flat_map(of).collect()
}

/// `outside` are the nulls of the structs around the column: where a struct is null, so are its parts.
fn add_column(
    columns: &mut BTreeMap<i32, ColumnStatistics>,
    field: &Field,
    array: &ArrayRef,
    outside: Option<&NullBuffer>,
) -> Result<()> {
    let nulls = NullBuffer::union(array.logical_nulls().as_ref(), outside);
    match &field.kind {
        Type::Struct(parts) => {
            for (part, column) in parts.iter().zip(array.as_struct().columns()) {
                add_column(columns, part, column, nulls.as_ref())?;
            }
            Ok(())
        }
        Type::List(_) | Type::Map(..) => Ok(()),
        kind => {
            let column = columns.entry(field.id).or_default();
            column.values += array.len() as u64;
            column.nulls += nulls.as_ref().map_or(0, NullBuffer::null_count) as u64;
            let array = with_nulls(array, nulls)?;
            let (bounds, nans) = bounds_of(kind, &array)?;
            column.nans += nans;
            column.bounds = widest(column.bounds.take(), bounds);
            Ok(())
        }
    }
}

fn with_nulls(array: &ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    if nulls.as_ref().map_or(0, NullBuffer::null_count) == array.null_count() {
        return Ok(array.clone());
    }
    let data = array.to_data().into_builder().nulls(nulls).build();
    data.map(arrow::array::make_array).map_err(|error| Error::bug(error.to_string()))
}

fn widest(one: Option<(Datum, Datum)>, other: Option<(Datum, Datum)>) -> Option<(Datum, Datum)> {
    match (one, other) {
        (Some((lower, upper)), Some((low, up))) => {
            Some((if low < lower { low } else { lower }, if up > upper { up } else { upper }))
        }
        (one, other) => one.or(other),
    }
}

/// The least and the greatest value of a column without parts, and how many are NaN.
fn bounds_of(kind: &Type, array: &ArrayRef) -> Result<(Option<(Datum, Datum)>, u64)> {
    let bounds = match kind {
        Type::Boolean => boolean(array.as_boolean()),
        Type::Int => primitive::<Int32Type>(array, Datum::Int),
        Type::Long => primitive::<Int64Type>(array, Datum::Long),
        Type::Date => primitive::<Date32Type>(array, Datum::Date),
        Type::Time => primitive::<Time64MicrosecondType>(array, Datum::Time),
        Type::Timestamp => primitive::<TimestampMicrosecondType>(array, Datum::Timestamp),
        Type::Timestamptz => primitive::<TimestampMicrosecondType>(array, Datum::Timestamptz),
        Type::Decimal { precision, scale } => primitive::<Decimal128Type>(array, |unscaled| Datum::Decimal {
            unscaled,
            precision: *precision,
            scale: *scale,
        }),
        Type::Float => return Ok(float(array.as_primitive())),
        Type::Double => return Ok(double(array.as_primitive())),
        Type::String => {
            let texts = array.as_string::<i32>();
            pair(min_string(texts), max_string(texts), |text| Datum::String(text.to_owned()))
        }
        Type::Binary => {
            let bytes = array.as_binary::<i32>();
            pair(min_binary(bytes), max_binary(bytes), |bytes| Datum::Binary(bytes.to_vec()))
        }
        Type::Fixed(_) => {
            let bytes = array.as_fixed_size_binary();
            pair(min_fixed_size_binary(bytes), max_fixed_size_binary(bytes), |bytes| Datum::Fixed(bytes.to_vec()))
        }
        // Engines do not agree on the order of uuids.
        Type::Uuid | Type::Struct(_) | Type::List(_) | Type::Map(..) => None,
    };
    Ok((bounds, 0))
}

fn pair<T>(lower: Option<T>, upper: Option<T>, datum: impl Fn(T) -> Datum) -> Option<(Datum, Datum)> {
    Some((datum(lower?), datum(upper?)))
}

fn boolean(array: &BooleanArray) -> Option<(Datum, Datum)> {
    pair(min_boolean(array), max_boolean(array), Datum::Boolean)
}

fn primitive<T: ArrowNumericType>(array: &ArrayRef, datum: impl Fn(T::Native) -> Datum) -> Option<(Datum, Datum)> {
    let array = array.as_primitive::<T>();
    pair(min(array), max(array), datum)
}

fn float(array: &Float32Array) -> (Option<(Datum, Datum)>, u64) {
    let mut nans = 0;
    let (mut lower, mut upper) = (None::<f32>, None::<f32>);
    for value in array.iter().flatten() {
        if value.is_nan() {
            nans += 1;
            continue;
        }
        lower = Some(lower.map_or(value, |lower| lower.min(value)));
        upper = Some(upper.map_or(value, |upper| upper.max(value)));
    }
    (pair(lower, upper, Datum::Float), nans)
}

fn double(array: &Float64Array) -> (Option<(Datum, Datum)>, u64) {
    let mut nans = 0;
    let (mut lower, mut upper) = (None::<f64>, None::<f64>);
    for value in array.iter().flatten() {
        if value.is_nan() {
            nans += 1;
            continue;
        }
        lower = Some(lower.map_or(value, |lower| lower.min(value)));
        upper = Some(upper.map_or(value, |upper| upper.max(value)));
    }
    (pair(lower, upper, Datum::Double), nans)
}

fn round_down(bound: Datum) -> Datum {
    match bound {
        Datum::Float(0.0) => Datum::Float(-0.0),
        Datum::Double(0.0) => Datum::Double(-0.0),
        Datum::String(text) => Datum::String(first_characters(&text, LONGEST_BOUND).to_owned()),
        Datum::Binary(mut bytes) => {
            bytes.truncate(LONGEST_BOUND as usize);
            Datum::Binary(bytes)
        }
        exact => exact,
    }
}

/// `None` where nothing short is greater.
fn round_up(bound: Datum) -> Option<Datum> {
    Some(match bound {
        Datum::Float(0.0) => Datum::Float(0.0),
        Datum::Double(0.0) => Datum::Double(0.0),
        Datum::String(text) => {
            let short = first_characters(&text, LONGEST_BOUND);
            Datum::String(if short.len() == text.len() { text } else { next_text(short)? })
        }
        Datum::Binary(bytes) => {
            let whole = bytes.len() <= LONGEST_BOUND as usize;
            Datum::Binary(if whole { bytes } else { next_bytes(&bytes[..LONGEST_BOUND as usize])? })
        }
        exact => exact,
    })
}
