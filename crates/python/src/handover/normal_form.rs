//! The types that rows have while they are handed over: each value written out, in the plainest layout.
//!
//! A dictionary may not change from batch to batch of an IPC file, and a slice of views carries the whole of its
//! buffers; so both are cast to what they stand for. A function sees `string`, whatever the engine held.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The schema in which rows of this one are handed over.
#[must_use]
pub fn normal_schema(schema: &Schema) -> SchemaRef {
    let fields: Vec<_> = schema.fields().iter().map(normal_field).collect();
    Arc::new(Schema::new(fields))
}

/// Metadata is left behind: it belongs to whoever made the rows.
fn normal_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), normal_type(field.data_type()), field.is_nullable()))
}

fn normal_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, values) => normal_type(values),
        DataType::RunEndEncoded(_, values) => normal_type(values.data_type()),
        DataType::List(item) | DataType::LargeList(item) | DataType::ListView(item) | DataType::LargeListView(item) => {
            DataType::List(normal_field(item))
        }
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(normal_field(item), *length),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(normal_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(normal_field(entries), *sorted),
        plain => plain.clone(),
    }
}

/// The same rows in `schema`, which is the normal form of theirs. More than one batch if offsets of 32 bits do not reach.
pub(crate) fn normal_batches(batch: &RecordBatch, schema: &SchemaRef) -> Result<Vec<RecordBatch>, ArrowError> {
    match normal_batch(batch, schema) {
        Ok(batch) => Ok(vec![batch]),
        Err(_) if batch.num_rows() > 1 => {
            let half = batch.num_rows() / 2;
            let mut batches = normal_batches(&batch.slice(0, half), schema)?;
            batches.extend(normal_batches(&batch.slice(half, batch.num_rows() - half), schema)?);
            Ok(batches)
        }
        Err(error) => Err(error),
    }
}

fn normal_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let exact = CastOptions { safe: false, ..CastOptions::default() };
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() {
            Ok(ArrayRef::clone(column))
        } else {
            cast_with_options(column, field.data_type(), &exact)
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)
}
