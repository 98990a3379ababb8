//! Adds up rows while they are written (rule R4).
//!
//! A value is hashed with the id of its field; a row is the hash of the sum of its values' hashes. A null adds nothing,
//! so that a row written before a column came is the row that a reader sees later. Numbers are hashed in the widest type
//! that their column may get, so that widening a column changes no sum.

use std::collections::BTreeSet;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use bywash_core::{Error, Projection, Result, RowSum, RowSums};
use bywash_iceberg_spec::{Field, Schema, Type};

use super::murmur::{murmur3_of_bytes, murmur3_of_word};

/// Adds up the rows of one file.
pub(super) struct RowAdder {
    fields: Vec<Field>,
    whole: Sum,
    projections: Vec<(Projection, Sum)>,
    /// The hashes of one column's values.
    values: Vec<u128>,
}

/// One of the sums, and what the rows at hand have come to so far.
#[derive(Default)]
struct Sum {
    sum: RowSum,
    rows: Vec<u128>,
}

impl RowAdder {
    /// For rows of this schema, whole and through these columns.
    pub(super) fn new(schema: &Schema, projections: &BTreeSet<Projection>) -> Self {
        let projections = projections.iter().map(|projection| (projection.clone(), Sum::default()));
        Self {
            fields: schema.fields.clone(),
            whole: Sum::default(),
            projections: projections.collect(),
            values: Vec::new(),
        }
    }

    /// Adds rows; the batch has the columns of the schema, in order.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let count = batch.num_rows();
        for sum in self.projections.iter_mut().map(|(_, sum)| sum).chain([&mut self.whole]) {
            sum.rows.clear();
            sum.rows.resize(count, 0);
        }
        for (field, column) in self.fields.iter().zip(batch.columns()) {
            self.values.clear();
            self.values.resize(count, 0);
            add_values(field, column, &mut self.values)?;
            self.whole.see(&self.values);
            for (_, sum) in self.projections.iter_mut().filter(|(projection, _)| projection.0.contains(&field.id)) {
                sum.see(&self.values);
            }
        }
        self.whole.end();
        self.projections.iter_mut().for_each(|(_, sum)| sum.end());
        Ok(())
    }

    pub(super) fn finish(self) -> RowSums {
        let projections = self.projections.into_iter().map(|(projection, sum)| (projection, sum.sum)).collect();
        RowSums { whole: self.whole.sum, projections }
    }
}

impl Sum {
    fn see(&mut self, values: &[u128]) {
        self.rows.iter_mut().zip(values).for_each(|(row, value)| *row = row.wrapping_add(*value));
    }

    /// Hashed once more: else columns would be added up one by one, and which values stand in one row would not count.
    fn end(&mut self) {
        let row = |row: &u128| murmur3_of_bytes(0, &row.to_le_bytes());
        let rows = self.rows.iter().fold(0_u128, |sum, next| sum.wrapping_add(row(next)));
        self.sum = self.sum.plus(RowSum(rows));
    }
}

/// Adds the hash of each value to `into`.
fn add_values(field: &Field, array: &ArrayRef, into: &mut [u128]) -> Result<()> {
    let seed = u64::from(field.id.cast_unsigned());
    match (array.data_type(), &field.kind) {
        (DataType::Boolean, _) => {
            let values = array.as_boolean();
            add_each(array, into, |row| murmur3_of_word(seed, u64::from(values.value(row))));
        }
        (DataType::Int32, _) => add_words::<Int32Type>(seed, array, into, |value| i64::from(value).cast_unsigned()),
        (DataType::Date32, _) => add_words::<Date32Type>(seed, array, into, |value| i64::from(value).cast_unsigned()),
        (DataType::Int64, _) => add_words::<Int64Type>(seed, array, into, i64::cast_unsigned),
        (DataType::Time64(_), _) => add_words::<Time64MicrosecondType>(seed, array, into, i64::cast_unsigned),
        (DataType::Timestamp(..), _) => add_words::<TimestampMicrosecondType>(seed, array, into, i64::cast_unsigned),
        (DataType::Float32, _) => add_words::<Float32Type>(seed, array, into, |value| f64::from(value).to_bits()),
        (DataType::Float64, _) => add_words::<Float64Type>(seed, array, into, f64::to_bits),
        (DataType::Decimal128(..), _) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            add_each(array, into, |row| murmur3_of_bytes(seed, &values[row].to_le_bytes()));
        }
        (DataType::Utf8, _) => {
            let values = array.as_string::<i32>();
            add_each(array, into, |row| murmur3_of_bytes(seed, values.value(row).as_bytes()));
        }
        (DataType::Binary, _) => {
            let values = array.as_binary::<i32>();
            add_each(array, into, |row| murmur3_of_bytes(seed, values.value(row)));
        }
        (DataType::FixedSizeBinary(_), _) => {
            let values = array.as_fixed_size_binary();
            add_each(array, into, |row| murmur3_of_bytes(seed, values.value(row)));
        }
        (DataType::Struct(_), Type::Struct(parts)) => {
            let mut values = vec![murmur3_of_word(seed, 0); array.len()];
            for (part, column) in parts.iter().zip(array.as_struct().columns()) {
                add_values(part, column, &mut values)?;
            }
            add_each(array, into, |row| values[row]);
        }
        (DataType::List(_), Type::List(element)) => {
            let (list, within) = (array.as_list::<i32>(), Range::of(array.as_list::<i32>().value_offsets()));
            let mut values = vec![0; within.length];
            add_values(element, &within.of_array(list.values()), &mut values)?;
            add_sequences(seed, array, list.value_offsets(), &values, into);
        }
        (DataType::Map(..), Type::Map(key, value)) => {
            let (map, within) = (array.as_map(), Range::of(array.as_map().value_offsets()));
            let mut values = vec![0; within.length];
            add_values(key, &within.of_array(map.keys()), &mut values)?;
            add_values(value, &within.of_array(map.values()), &mut values)?;
            add_sequences(seed, array, map.value_offsets(), &values, into);
        }
        (other, _) => return Err(Error::bug(format!("values of type `{other}` are not added up"))),
    }
    Ok(())
}

fn add_each(array: &ArrayRef, into: &mut [u128], hash: impl Fn(usize) -> u128) {
    match array.nulls() {
        None => into.iter_mut().enumerate().for_each(|(row, sum)| *sum = sum.wrapping_add(hash(row))),
        Some(nulls) => nulls.valid_indices().for_each(|row| into[row] = into[row].wrapping_add(hash(row))),
    }
}

fn add_words<T: ArrowPrimitiveType>(seed: u64, array: &ArrayRef, into: &mut [u128], word: impl Fn(T::Native) -> u64) {
    let values = array.as_primitive::<T>().values();
    add_each(array, into, |row| murmur3_of_word(seed, word(values[row])));
}

/// The elements that the rows at hand have, among those of all rows that share their memory.
struct Range {
    first: usize,
    length: usize,
}

impl Range {
    fn of(offsets: &[i32]) -> Self {
        let place = |offset: Option<&i32>| offset.and_then(|offset| usize::try_from(*offset).ok()).unwrap_or_default();
        let first = place(offsets.first());
        Self { first, length: place(offsets.last()) - first }
    }

    fn of_array(&self, array: &ArrayRef) -> ArrayRef {
        array.slice(self.first, self.length)
    }
}

/// Lists and maps: the order of their elements counts, and how many there are.
fn add_sequences(seed: u64, array: &ArrayRef, offsets: &[i32], values: &[u128], into: &mut [u128]) {
    let first = Range::of(offsets).first;
    let place = |row: usize| usize::try_from(offsets[row]).unwrap_or_default() - first;
    add_each(array, into, |row| {
        let elements = &values[place(row)..place(row + 1)];
        let bytes: Vec<u8> = elements.iter().flat_map(|value| value.to_le_bytes()).collect();
        murmur3_of_bytes(seed, &bytes)
    });
}
