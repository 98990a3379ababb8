//! Instants are shown in UTC: `2013-01-01T05:00:00Z`, whatever zone their column names.
//!
//! An Arrow timestamp with a zone is an instant, so only the name of the zone changes. Named zones would need a
//! database of zones to print.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use arrow::error::ArrowError;

const UTC: &str = "+00:00";

/// The batch with all its instants in UTC.
pub(super) fn in_utc(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let fields = every_field(batch.schema_ref().fields());
    if &fields == batch.schema_ref().fields() {
        return Ok(batch.clone());
    }
    let columns: Vec<ArrayRef> = batch
        .columns()
        .iter()
        .zip(&fields)
        .map(|(column, field)| cast(column, field.data_type()))
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn every_field(fields: &Fields) -> Fields {
    fields.iter().map(one_field).collect()
}

fn one_field(field: &FieldRef) -> FieldRef {
    let kind = one_type(field.data_type());
    if &kind == field.data_type() { Arc::clone(field) } else { Arc::new(Field::clone(field).with_data_type(kind)) }
}

fn one_type(kind: &DataType) -> DataType {
    match kind {
        DataType::Timestamp(unit, Some(_)) => DataType::Timestamp(*unit, Some(UTC.into())),
        DataType::Struct(fields) => DataType::Struct(every_field(fields)),
        DataType::List(item) => DataType::List(one_field(item)),
        DataType::LargeList(item) => DataType::LargeList(one_field(item)),
        DataType::FixedSizeList(item, length) => DataType::FixedSizeList(one_field(item), *length),
        DataType::Map(entries, sorted) => DataType::Map(one_field(entries), *sorted),
        other => other.clone(),
    }
}
