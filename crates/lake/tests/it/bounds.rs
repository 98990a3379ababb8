//! Statistics of data files (rule T8): what they claim holds for every row of the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field as ArrowField, Float64Type, Schema as ArrowSchema};
use bywash_lake::tables::{DataFile, Datum, Field, Schema, Type, WriteSettings};
use proptest::prelude::*;

use crate::fixture::{Scratch, read_file, shape, write, write_with};
use crate::rows::every_type;

/// Long texts that differ late, early, and in characters before and after the gap of UTF-16.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[ab]{14,18}",
        "[\u{d7ff}\u{e000}\u{10ffff}]{10,20}",
        "(\u{10ffff}){16,18}",
        Just(String::new()),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => -10.0..10.0_f64,
        2 => Just(0.0_f64),
        2 => Just(-0.0_f64),
        1 => any::<f64>(),
    ]
}

type Row = (Option<String>, Option<f64>, Option<Vec<u8>>, i64);

fn row() -> impl Strategy<Value = Row> {
    let bytes = proptest::collection::vec(prop_oneof![Just(0xff_u8), any::<u8>()], 0..24);
    (proptest::option::of(text()), proptest::option::of(number()), proptest::option::of(bytes), 0..3_i64)
}

fn batch(rows: &[Row]) -> RecordBatch {
    let text: ArrayRef = Arc::new(rows.iter().map(|row| row.0.clone()).collect::<StringArray>());
    let number: ArrayRef = Arc::new(rows.iter().map(|row| row.1).collect::<Float64Array>());
    let bytes: ArrayRef = Arc::new(rows.iter().map(|row| row.2.clone()).collect::<BinaryArray>());
    let part: ArrayRef = Arc::new(rows.iter().map(|row| Some(row.3)).collect::<Int64Array>());
    RecordBatch::try_from_iter_with_nullable([
        ("text", text, true),
        ("number", number, true),
        ("bytes", bytes, true),
        ("part", part, true),
    ])
    .unwrap()
}

fn check_file(file: &DataFile, schema: &Schema, batches: &[RecordBatch]) {
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(file.record_count, rows as u64);
    for field in &schema.fields {
        let columns: Vec<ArrayRef> =
            batches.iter().map(|batch| batch.column_by_name(&field.name).unwrap().clone()).collect();
        check_column(file, field, &columns);
    }
}

fn check_column(file: &DataFile, field: &Field, columns: &[ArrayRef]) {
    let nulls: usize = columns.iter().map(Array::null_count).sum();
    assert_eq!(file.null_value_counts[&field.id], nulls as u64, "nulls of {}", field.name);
    assert_eq!(file.value_counts[&field.id], file.record_count);
    let values: Vec<Datum> = columns.iter().flat_map(|column| values(&field.kind, column)).collect();
    let nans = values.iter().filter(|value| value.is_nan()).count();
    if field.kind == Type::Double {
        assert_eq!(file.nan_value_counts[&field.id], nans as u64);
    }
    let (lower, upper) = (file.lower_bounds.get(&field.id), file.upper_bounds.get(&field.id));
    for value in values.iter().filter(|value| !value.is_nan()) {
        assert!(lower.is_none_or(|lower| lower <= value), "{lower:?} > {value:?}");
        assert!(upper.is_none_or(|upper| upper >= value), "{upper:?} < {value:?}");
    }
    assert_eq!(lower.is_some(), nans == 0 && !values.is_empty(), "a lower bound is always known");
}

fn values(kind: &Type, column: &ArrayRef) -> Vec<Datum> {
    match kind {
        Type::String => column.as_string::<i32>().iter().flatten().map(|text| Datum::String(text.to_owned())).collect(),
        Type::Binary => column.as_binary::<i32>().iter().flatten().map(|bytes| Datum::Binary(bytes.to_vec())).collect(),
        Type::Double => column.as_primitive::<Float64Type>().iter().flatten().map(Datum::Double).collect(),
        _ => column.as_primitive::<arrow::datatypes::Int64Type>().iter().flatten().map(Datum::Long).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn t8_bounds_hold_for_every_row_of_the_file(
        batches in proptest::collection::vec(proptest::collection::vec(row(), 1..40), 1..6),
        row_group_rows in 1..50_usize,
    ) {
        let batches: Vec<RecordBatch> = batches.iter().map(|rows| batch(rows)).collect();
        let shape = shape(batches[0].schema_ref(), &["part"]);
        let scratch = Scratch::new();
        let settings = WriteSettings { row_group_rows, ..WriteSettings::default() };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let files = runtime.block_on(write_with(&scratch.warehouse, &shape, &batches, settings));
        for file in &files {
            check_file(file, &shape.schema, &read_file(&scratch.warehouse, file));
        }
    }
}

/// The trap of the `iceberg` crate's writer: one row group with long texts, one with short ones.
#[tokio::test]
async fn t8_a_row_group_of_long_texts_counts_like_one_of_short_ones() {
    let long = format!("z{}", "long ".repeat(100));
    let texts = |text: &str| -> RecordBatch {
        let column: ArrayRef = Arc::new(StringArray::from(vec![text; 10]));
        RecordBatch::try_from_iter_with_nullable([("text", column, true)]).unwrap()
    };
    let batches = [texts(&long), texts("a")];
    let shape = shape(batches[0].schema_ref(), &[]);
    let scratch = Scratch::new();
    let settings = WriteSettings { row_group_rows: 10, ..WriteSettings::default() };
    let files = write_with(&scratch.warehouse, &shape, &batches, settings).await;
    assert_eq!(files[0].split_offsets.len(), 2);
    assert_eq!(files[0].lower_bounds[&1], Datum::String("a".to_owned()));
    assert!(files[0].upper_bounds[&1] > Datum::String(long));
}

#[tokio::test]
async fn t8_zero_has_bounds_of_both_signs_and_nan_has_none() {
    let scratch = Scratch::new();
    let column = |values: Vec<f64>| -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable([("x", Arc::new(Float64Array::from(values)) as ArrayRef, true)])
            .unwrap()
    };
    let shape = shape(column(vec![]).schema_ref(), &[]);
    let zero = &write(&scratch.warehouse, &shape, &[column(vec![-0.0, 0.0])]).await[0];
    assert_eq!((&zero.lower_bounds[&1], &zero.upper_bounds[&1]), (&Datum::Double(-0.0), &Datum::Double(0.0)));
    let nan = &write(&scratch.warehouse, &shape, &[column(vec![1.0, f64::NAN])]).await[0];
    assert!(nan.lower_bounds.is_empty() && nan.upper_bounds.is_empty());
    assert_eq!(nan.nan_value_counts, BTreeMap::from([(1, 1)]));
}

/// A null struct makes its parts null, whatever lies in their memory.
#[tokio::test]
async fn t8_parts_of_structs_count_their_parents_nulls() {
    let rows = every_type(0, 60);
    let shape = shape(rows.schema_ref(), &[]);
    let scratch = Scratch::new();
    let file = &write(&scratch.warehouse, &shape, std::slice::from_ref(&rows)).await[0];
    let Type::Struct(parts) = &shape.schema.field("place").unwrap().kind else { panic!("a struct") };
    // Every sixth struct is null; every fifth city is null besides.
    assert_eq!(file.null_value_counts[&parts[1].id], 10);
    assert_eq!(file.null_value_counts[&parts[0].id], 20);
    assert_eq!(file.upper_bounds[&parts[1].id], Datum::Double(59.0));
    assert_eq!(file.lower_bounds[&parts[0].id], Datum::String("city 11".to_owned()));
    let Type::List(element) = &shape.schema.field("tags").unwrap().kind else { panic!("a list") };
    assert!(!file.value_counts.contains_key(&element.id), "nothing is claimed about elements");
}

#[tokio::test]
async fn columns_have_sizes_and_row_groups_have_offsets() {
    let shape = shape(&ArrowSchema::new(vec![ArrowField::new("x", DataType::Int64, true)]), &[]);
    let scratch = Scratch::new();
    let batch = crate::rows::longs("x", (0..1_000).map(Some));
    let settings = WriteSettings { row_group_rows: 250, ..WriteSettings::default() };
    let file = &write_with(&scratch.warehouse, &shape, &[batch], settings).await[0];
    assert_eq!(file.split_offsets.len(), 4);
    assert_eq!(file.split_offsets[0], 4, "the first row group follows the magic bytes");
    assert!(file.column_sizes[&1] < file.file_size_in_bytes);
    let on_disk = std::fs::metadata(scratch.warehouse.absolute(&file.path).unwrap()).unwrap().len();
    assert_eq!(file.file_size_in_bytes, on_disk);
}
