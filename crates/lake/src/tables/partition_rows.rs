//! Divides a batch by its partition values.
//!
//! Rows keep their order within a partition. Where equal values already stand together, rows are not copied.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{SortColumn, lexsort_to_indices, partition, take_record_batch};
use bywash_core::{Error, Result};
use bywash_iceberg_spec::{Datum, PartitionSpec, Schema};

use super::columns::datum_at;
use super::transforms::apply;

/// The values of one partition.
pub(super) type PartitionValues = Vec<Option<Datum>>;

/// More runs than this in one batch, and it is cheaper to bring equal values together first.
const FEW_RUNS: usize = 16;

/// The parts of a batch with their partition values; one part may come more than once.
pub(super) fn partition_rows(
    batch: &RecordBatch,
    schema: &Schema,
    spec: &PartitionSpec,
) -> Result<Vec<(PartitionValues, RecordBatch)>> {
    if spec.fields.is_empty() || batch.num_rows() == 0 {
        return Ok(vec![(Vec::new(), batch.clone())]);
    }
    let values = partition_columns(batch, schema, spec)?;
    let runs = partition(&values).map_err(failed)?.ranges();
    if runs.len() <= FEW_RUNS {
        return parts(batch, &values, runs);
    }
    let order = stable_order(&values, batch.num_rows())?;
    let batch = take_record_batch(batch, &order).map_err(failed)?;
    let values = values
        .iter()
        .map(|column| arrow::compute::take(column, &order, None).map_err(failed))
        .collect::<Result<Vec<_>>>()?;
    let runs = partition(&values).map_err(failed)?.ranges();
    parts(&batch, &values, runs)
}

fn partition_columns(batch: &RecordBatch, schema: &Schema, spec: &PartitionSpec) -> Result<Vec<ArrayRef>> {
    let column = |source_id: i32| {
        let place = schema.fields.iter().position(|field| field.id == source_id);
        place.map(|place| batch.column(place)).ok_or_else(|| Error::bug("a partition column is not at the top level"))
    };
    spec.fields.iter().map(|field| apply(field.transform, column(field.source_id)?)).collect()
}

fn parts(
    batch: &RecordBatch,
    values: &[ArrayRef],
    runs: Vec<std::ops::Range<usize>>,
) -> Result<Vec<(PartitionValues, RecordBatch)>> {
    let part = |run: std::ops::Range<usize>| {
        let values = values.iter().map(|column| datum_at(column, run.start)).collect::<Result<_>>()?;
        Ok((values, batch.slice(run.start, run.len())))
    };
    runs.into_iter().map(part).collect()
}

fn stable_order(values: &[ArrayRef], rows: usize) -> Result<arrow::array::UInt32Array> {
    let places: ArrayRef = Arc::new(UInt64Array::from_iter_values(0..rows as u64));
    let columns: Vec<SortColumn> =
        values.iter().chain([&places]).map(|column| SortColumn { values: column.clone(), options: None }).collect();
    lexsort_to_indices(&columns, None).map_err(failed)
}

fn failed(error: arrow::error::ArrowError) -> Error {
    Error::bug(format!("rows cannot be divided into partitions: {error}"))
}
