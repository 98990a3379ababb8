//! What the optimizer is told about the rows of a scan (rule T8): exact only where it provably is.
//!
//! Row counts are exact: files are immutable and have no deletes. Null counts are, where every file has them. Extremes
//! are exact for whole numbers, decimals, dates, times and booleans, whose bounds are kept whole; those of text are cut
//! and rounded outward and those of floats leave NaN out, so they only bound.

use arrow::datatypes::{DataType, SchemaRef};
use bywash_lake::tables::{DataFile, Datum, Field, Schema, Type};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, ScalarValue, Statistics};

use super::datum::scalar;

/// How much larger a column of text or a nested column is in memory than compressed in a file; a guess.
const UNPACKED: u64 = 3;

/// The statistics of some files of a table together.
pub(super) fn of(files: &[&DataFile], table: &Schema, schema: &SchemaRef) -> Statistics {
    let rows = files.iter().map(|file| file.record_count).sum::<u64>();
    let columns: Vec<ColumnStatistics> = schema
        .fields()
        .iter()
        .map(|column| match table.field(column.name()) {
            Some(field) => of_column(files, field, column.data_type(), rows),
            None => ColumnStatistics::new_unknown(),
        })
        .collect();
    let bytes = columns.iter().filter_map(|column| column.byte_size.get_value()).sum::<usize>();
    Statistics {
        num_rows: Precision::Exact(to_usize(rows)),
        total_byte_size: Precision::Inexact(bytes),
        column_statistics: columns,
    }
}

fn of_column(files: &[&DataFile], field: &Field, kind: &DataType, rows: u64) -> ColumnStatistics {
    let nulls: Option<u64> = files.iter().map(|file| file.null_value_counts.get(&field.id).copied()).sum();
    let compressed: u64 = files.iter().filter_map(|file| file.column_sizes.get(&field.id)).sum();
    let bytes = kind.primitive_width().map_or(compressed * UNPACKED, |width| rows * width as u64);
    ColumnStatistics {
        null_count: nulls.map_or(Precision::Absent, |nulls| Precision::Exact(to_usize(nulls))),
        min_value: extreme(files, field, kind, |file| file.lower_bounds.get(&field.id), |new, old| new < old),
        max_value: extreme(files, field, kind, |file| file.upper_bounds.get(&field.id), |new, old| new > old),
        byte_size: Precision::Inexact(to_usize(bytes)),
        ..ColumnStatistics::new_unknown()
    }
}

/// The least or greatest bound, if every file that has a value of the column has a bound.
fn extreme<'a>(
    files: &[&'a DataFile],
    field: &Field,
    kind: &DataType,
    bound: impl Fn(&'a DataFile) -> Option<&'a Datum>,
    beats: impl Fn(&Datum, &Datum) -> bool,
) -> Precision<ScalarValue> {
    let mut best: Option<&Datum> = None;
    for file in files {
        let is_empty = file.null_value_counts.get(&field.id) == Some(&file.record_count);
        match bound(file) {
            _ if is_empty => {}
            Some(found) if best.is_none_or(|best| beats(found, best)) => best = Some(found),
            Some(_) => {}
            None => return Precision::Absent,
        }
    }
    match best.and_then(|best| scalar(best, kind)) {
        Some(value) if is_kept_whole(&field.kind) => Precision::Exact(value),
        Some(value) => Precision::Inexact(value),
        None => Precision::Absent,
    }
}

const fn is_kept_whole(kind: &Type) -> bool {
    matches!(
        kind,
        Type::Boolean
            | Type::Int
            | Type::Long
            | Type::Decimal { .. }
            | Type::Date
            | Type::Time
            | Type::Timestamp
            | Type::Timestamptz
    )
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
