//! Rule R4: sums of rows tell whether the rows of tables are the same, whole and through some columns.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray, UInt32Array,
};
use arrow::compute::{concat_batches, take_record_batch};
use bywash_core::{Projection, RowSums};
use bywash_lake::TableShape;
use bywash_lake::tables::WriteSettings;
use proptest::prelude::*;

use crate::fixture::{Scratch, shape, write, write_with};
use crate::rows::every_type;

fn through(columns: &[i32]) -> Projection {
    Projection(columns.iter().copied().collect())
}

/// What these rows come to, written into as many files as the settings make of them.
async fn sums(shape: &TableShape, batches: &[RecordBatch], row_group_rows: usize) -> RowSums {
    let scratch = Scratch::new();
    let settings = WriteSettings { row_group_rows, target_file_bytes: 1 << 14, ..WriteSettings::default() };
    let files = write_with(&scratch.warehouse, shape, batches, settings).await;
    RowSums::of_all(files.iter().map(|file| file.row_sums.as_ref())).unwrap()
}

#[tokio::test]
async fn r4_the_same_rows_have_the_same_sum_in_any_order_and_any_files() {
    let rows = every_type(0, 3_000);
    let projections = BTreeSet::from([through(&[]), through(&[1, 11]), through(&[14, 15, 16])]);
    let whole = shape(rows.schema_ref(), &[]).summed_through(projections.clone());
    let expected = sums(&whole, std::slice::from_ref(&rows), 100_000).await;
    assert_eq!(expected.projections.len(), 3);

    let backwards = UInt32Array::from_iter_values((0..3_000).rev());
    let backwards = take_record_batch(&rows, &backwards).unwrap();
    let pieces: Vec<_> = [(0, 1), (1, 700), (701, 2_299)].map(|(from, count)| backwards.slice(from, count)).into();
    assert_eq!(sums(&whole, &pieces, 10).await, expected);
    let parts = shape(rows.schema_ref(), &["bucket(5, id)"]).summed_through(projections);
    assert_eq!(sums(&parts, &pieces, 100_000).await, expected);

    let twice = concat_batches(rows.schema_ref(), [&rows, &rows.slice(7, 1)]).unwrap();
    assert_ne!(sums(&whole, &[twice], 100_000).await.whole, expected.whole, "a row that comes twice counts twice");
}

/// Every lake keeps sums that were made before: were they made otherwise, all that is kept would be computed again.
#[tokio::test]
async fn r4_sums_stay_what_they_were() {
    let rows = every_type(0, 500);
    let shape = shape(rows.schema_ref(), &[]).summed_through([through(&[11]), through(&[14, 15, 16])].into());
    let found = serde_json::to_string(&sums(&shape, &[rows], 1_000).await).unwrap();
    let expected = concat!(
        r#"{"whole":"73ffcf80a86fca1d8fecd0756d09c560","projections":"#,
        r#"{"11":"fbe1d9765db5dd9af0dc0a3648d066a2","14,15,16":"5481fdf48e16f983909cf7b846c6499f"}}"#
    );
    assert_eq!(found, expected);
}

#[tokio::test]
async fn r4_a_column_that_came_later_and_a_wider_one_change_no_sum() {
    let columns = |columns: Vec<(&str, ArrayRef)>| RecordBatch::try_from_iter(columns).unwrap();
    let narrow = columns(vec![
        ("a", Arc::new(Int32Array::from(vec![Some(-1), None, Some(7)]))),
        ("b", Arc::new(Float32Array::from(vec![0.5, -0.0, 1e9]))),
    ]);
    let wide = columns(vec![
        ("a", Arc::new(Int64Array::from(vec![Some(-1), None, Some(7)]))),
        ("b", Arc::new(Float64Array::from(vec![0.5, -0.0, 1e9]))),
        ("c", Arc::new(StringArray::from(vec![None::<&str>, None, None]))),
    ]);
    let before = sums(&shape(narrow.schema_ref(), &[]), &[narrow], 100).await;
    assert_eq!(sums(&shape(wide.schema_ref(), &[]), &[wide], 100).await, before);
}

type Row = (Option<i64>, Option<String>, Vec<i64>);

fn batch(rows: &[Row]) -> RecordBatch {
    let mut lists = arrow::array::ListBuilder::new(arrow::array::Int64Builder::new());
    for (_, _, list) in rows {
        lists.append_value(list.iter().map(|value| Some(*value)));
    }
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("a", Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>()), true),
        ("b", Arc::new(rows.iter().map(|row| row.1.clone()).collect::<StringArray>()), true),
        ("c", Arc::new(lists.finish()), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn row() -> impl Strategy<Value = Row> {
    (
        proptest::option::of(-2_i64..3),
        proptest::option::of(prop_oneof![Just(String::new()), Just("x".to_owned()), Just("xy".to_owned())]),
        proptest::collection::vec(0_i64..2, 0..3),
    )
}

/// The rows seen through some columns, in one order.
fn seen(rows: &[Row], columns: &[i32]) -> Vec<Row> {
    let keep = |id: i32| columns.contains(&id);
    let mut seen: Vec<Row> = rows
        .iter()
        .map(|(a, b, c)| {
            let c = if keep(3) { c.clone() } else { Vec::new() };
            (a.filter(|_| keep(1)), b.clone().filter(|_| keep(2)), c)
        })
        .collect();
    seen.sort();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn r4_sums_are_equal_just_where_the_rows_are(
        one in proptest::collection::vec(row(), 0..5),
        other in prop_oneof![
            proptest::collection::vec(row(), 0..5).prop_map(Some),
            Just(None),
        ],
        places in any::<u64>(),
        edit in proptest::option::of((any::<usize>(), row())),
    ) {
        // Often the same rows in another order, sometimes with one of them changed.
        let mut other = other.unwrap_or_else(|| one.clone());
        other.sort_by_key(|row| bywash_core::ObjectId::of(format!("{places}{row:?}").as_bytes()));
        if let (Some((place, row)), false) = (edit, other.is_empty()) {
            let place = place % other.len();
            other[place] = row;
        }
        let columns: [&[i32]; 4] = [&[1, 2, 3], &[], &[2], &[1, 3]];
        let projections = columns.iter().map(|columns| through(columns)).collect();
        let shape = shape(batch(&[]).schema_ref(), &[]).summed_through(projections);
        let sums = |rows: &[Row]| {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let scratch = Scratch::new();
            let files = runtime.block_on(write(&scratch.warehouse, &shape, &[batch(rows)]));
            RowSums::of_all(files.iter().map(|file| file.row_sums.as_ref())).unwrap()
        };
        let (left, right) = (sums(&one), sums(&other));
        prop_assert_eq!(left.whole == right.whole, seen(&one, &[1, 2, 3]) == seen(&other, &[1, 2, 3]));
        for columns in columns {
            let sum = |sums: &RowSums| sums.projections.get(&through(columns)).copied().unwrap_or_default();
            prop_assert_eq!(sum(&left) == sum(&right), seen(&one, columns) == seen(&other, columns));
        }
    }
}
