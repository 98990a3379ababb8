//! Rows with every type that tables hold, with nulls, for the tests of this crate.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryBuilder, Float32Array,
    Float64Array, Int32Array, Int64Array, ListBuilder, MapBuilder, RecordBatch, StringArray, StringBuilder,
    StructArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::array::{Float64Builder, Int64Builder};
use arrow::datatypes::{DataType, Field};

/// Microseconds of 2013-01-01T05:00.
pub const NEW_YEAR: i64 = 1_357_016_400_000_000;

const DAY: i64 = 86_400_000_000;

/// So many rows, beginning with row `first`; every seventh value is null.
pub fn every_type(first: usize, count: usize) -> RecordBatch {
    let rows = || (first..first + count).map(|row| row as i64);
    let some = |row: i64| row % 7 != 3;
    let decimal = Decimal128Array::from_iter(rows().map(|row| some(row).then_some(i128::from(row - 500) * 101)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from_iter_values(rows()))),
        ("flag", Arc::new(rows().map(|row| some(row).then_some(row % 2 == 0)).collect::<BooleanArray>())),
        (
            "small",
            Arc::new(rows().map(|row| some(row).then_some((row * 37 % 1_000 - 500) as i32)).collect::<Int32Array>()),
        ),
        ("ratio", Arc::new(rows().map(|row| some(row).then_some(row as f32 / 8.0)).collect::<Float32Array>())),
        ("amount", Arc::new(rows().map(|row| some(row).then_some(row as f64 * -1.5)).collect::<Float64Array>())),
        ("price", Arc::new(decimal.with_precision_and_scale(9, 2).unwrap())),
        ("day", Arc::new(rows().map(|row| some(row).then_some((row * 11 - 2_000) as i32)).collect::<Date32Array>())),
        (
            "at",
            Arc::new(
                rows().map(|row| some(row).then_some(row * 3_599_000_000 % DAY)).collect::<Time64MicrosecondArray>(),
            ),
        ),
        (
            "seen",
            Arc::new(
                rows().map(|row| some(row).then_some(NEW_YEAR + row * DAY / 5)).collect::<TimestampMicrosecondArray>(),
            ),
        ),
        (
            "seen_utc",
            Arc::new(
                rows()
                    .map(|row| some(row).then_some(row * DAY * 13 - 90 * DAY))
                    .collect::<TimestampMicrosecondArray>()
                    .with_timezone("UTC"),
            ),
        ),
        (
            "name",
            Arc::new(
                rows()
                    .map(|row| some(row).then(|| format!("name of the {row}th row, ü{}", row * row)))
                    .collect::<StringArray>(),
            ),
        ),
        ("raw", Arc::new(rows().map(|row| some(row).then(|| row.to_be_bytes().to_vec())).collect::<BinaryArray>())),
        ("code", fixed(rows())),
        ("place", place(rows())),
        ("tags", tags(rows())),
        ("scores", scores(rows())),
    ];
    let columns = columns.into_iter().map(|(name, array)| (name, array, name != "id"));
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn fixed(rows: impl Iterator<Item = i64>) -> ArrayRef {
    let mut builder = FixedSizeBinaryBuilder::new(4);
    for row in rows {
        match row % 7 {
            3 => builder.append_null(),
            _ => builder.append_value((row as i32).to_be_bytes()).unwrap(),
        }
    }
    Arc::new(builder.finish())
}

/// A struct that is null in some rows, with parts that are null in others.
fn place(rows: impl Iterator<Item = i64>) -> ArrayRef {
    let rows: Vec<i64> = rows.collect();
    let city = rows.iter().map(|row| (row % 5 != 0).then(|| format!("city {row}"))).collect::<StringArray>();
    let height = rows.iter().map(|row| Some(*row as f64)).collect::<Float64Array>();
    let nulls = rows.iter().map(|row| row % 6 != 1).collect::<Vec<bool>>();
    let fields = vec![Field::new("city", DataType::Utf8, true), Field::new("height", DataType::Float64, true)];
    Arc::new(StructArray::new(fields.into(), vec![Arc::new(city), Arc::new(height)], Some(nulls.into())))
}

fn tags(rows: impl Iterator<Item = i64>) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for row in rows {
        for tag in 0..row % 4 {
            builder.values().append_option((tag != 2).then(|| format!("tag {tag}")));
        }
        builder.append(row % 9 != 2);
    }
    Arc::new(builder.finish())
}

fn scores(rows: impl Iterator<Item = i64>) -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), Float64Builder::new());
    for row in rows {
        for key in 0..row % 3 {
            builder.keys().append_value(format!("key {key}"));
            builder.values().append_option((key == 0).then_some(row as f64));
        }
        builder.append(row % 10 != 4).unwrap();
    }
    Arc::new(builder.finish())
}

/// One column of longs.
pub fn longs(name: &str, values: impl IntoIterator<Item = Option<i64>>) -> RecordBatch {
    let mut builder = Int64Builder::new();
    values.into_iter().for_each(|value| builder.append_option(value));
    let array: ArrayRef = Arc::new(builder.finish());
    RecordBatch::try_from_iter_with_nullable([(name, array, true)]).unwrap()
}
