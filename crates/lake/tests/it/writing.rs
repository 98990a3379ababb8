//! Data files: every row once, in a file of its partition, whatever the order of the input.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::compute::concat_batches;
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::{DataFile, Datum, TableWriter, Transform, WriteSettings, arrow_schema, transforms};
use proptest::prelude::*;

use crate::fixture::{Scratch, read_file, shape, write, write_with};
use crate::rows::{every_type, longs};

#[tokio::test]
async fn every_type_reads_back_as_it_was_written() {
    let rows = every_type(0, 500);
    let shape = shape(rows.schema_ref(), &[]);
    let scratch = Scratch::new();
    let files = write(&scratch.warehouse, &shape, std::slice::from_ref(&rows)).await;
    let read = read_file(&scratch.warehouse, &files[0]);
    let read = concat_batches(read[0].schema_ref(), &read).unwrap();
    let expected = bywash_lake::tables::conform(&rows, &shape.schema).unwrap();
    assert_eq!(read.schema_ref().fields(), arrow_schema(&shape.schema).unwrap().fields(), "ids and types");
    assert_eq!(read, expected.with_schema(read.schema()).unwrap());
}

/// They would leave NaN out, and an engine would then skip rows that a filter keeps.
#[tokio::test]
async fn floats_have_no_statistics_in_parquet_but_everything_else_has() {
    let rows = every_type(0, 50);
    let shape = shape(rows.schema_ref(), &[]);
    let scratch = Scratch::new();
    let file = &write(&scratch.warehouse, &shape, &[rows]).await[0];
    let opened = std::fs::File::open(scratch.warehouse.absolute(&file.path).unwrap()).unwrap();
    let metadata = parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&opened).unwrap();
    for column in metadata.row_group(0).columns() {
        let float = ["ratio", "amount", "place.height", "scores.key_value.value"];
        let path = column.column_descr().path().string();
        assert_eq!(column.statistics().is_none(), float.contains(&path.as_str()), "{path}");
    }
}

/// Rows of a file, checked to have the file's partition values.
fn rows_of(warehouse: &Warehouse, file: &DataFile, transform: Transform) -> Vec<(Option<i64>, i64)> {
    let mut found = Vec::new();
    for batch in read_file(warehouse, file) {
        let partition = transforms::apply(transform, batch.column(0)).unwrap();
        let partition: Vec<Option<Datum>> = (0..batch.num_rows())
            .map(|row| {
                let ints = arrow::compute::cast(&partition, &arrow::datatypes::DataType::Int32).unwrap();
                let ints = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int32Type>(&ints).clone();
                ints.is_valid(row).then(|| Datum::Int(ints.value(row)))
            })
            .collect();
        assert!(partition.iter().all(|value| *value == file.partition[0]), "rows of another partition");
        let times =
            arrow::array::AsArray::as_primitive::<arrow::datatypes::TimestampMicrosecondType>(batch.column(0)).clone();
        let ids = arrow::array::AsArray::as_primitive::<arrow::datatypes::Int64Type>(batch.column(1)).clone();
        found.extend(times.iter().zip(ids.values().iter().copied()));
    }
    found
}

fn timed(rows: &[(Option<i64>, i64)]) -> RecordBatch {
    let times: ArrayRef = Arc::new(rows.iter().map(|row| row.0).collect::<TimestampMicrosecondArray>());
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1)));
    RecordBatch::try_from_iter_with_nullable([("seen", times, true), ("id", ids, true)]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn unsorted_rows_find_their_partitions(
        batches in proptest::collection::vec(
            proptest::collection::vec((proptest::option::weighted(0.9, -2_000_000_i64..2_000_000), any::<i64>()), 0..300),
            1..6,
        ),
    ) {
        // Some 46 months around 1970: more partitions than files that may be open.
        let batches: Vec<Vec<(Option<i64>, i64)>> = batches
            .into_iter()
            .map(|rows| rows.into_iter().map(|(seconds, id)| (seconds.map(|seconds| seconds * 30_000_000), id)).collect())
            .collect();
        let scratch = Scratch::new();
        let shape = shape(timed(&[]).schema_ref(), &["month(seen)"]);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let written: Vec<RecordBatch> = batches.iter().map(|rows| timed(rows)).collect();
        let files = runtime.block_on(write(&scratch.warehouse, &shape, &written));
        let mut found: Vec<_> =
            files.iter().flat_map(|file| rows_of(&scratch.warehouse, file, Transform::Month)).collect();
        let mut expected: Vec<_> = batches.concat();
        found.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn clustered_rows_make_one_file_a_partition() {
    let rows: Vec<_> = (0..3_000).map(|row| (Some(row * 86_400_000_000), row)).collect();
    let scratch = Scratch::new();
    let shape = shape(timed(&[]).schema_ref(), &["year(seen)"]);
    let batches: Vec<_> = rows.chunks(100).map(timed).collect();
    let files = write(&scratch.warehouse, &shape, &batches).await;
    let years: HashSet<_> = files.iter().map(|file| file.partition.clone()).collect();
    assert_eq!((files.len(), years.len()), (9, 9));
    assert!(files[0].path.starts_with("test/table-00000000/data/seen_year=1970/"), "{}", files[0].path);
}

#[tokio::test]
async fn rows_keep_their_order_within_a_partition() {
    let rows: Vec<_> = (0..1_000).map(|row| (Some(row % 40 * 2_700_000_000_000), row)).collect();
    let scratch = Scratch::new();
    let shape = shape(timed(&[]).schema_ref(), &["month(seen)"]);
    let files = write(&scratch.warehouse, &shape, &[timed(&rows)]).await;
    for file in &files {
        let ids: Vec<i64> = rows_of(&scratch.warehouse, file, Transform::Month).into_iter().map(|row| row.1).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_large_enough_is_followed_by_another() {
    let scratch = Scratch::new();
    let batches: Vec<_> = (0..40_i64)
        .map(|part| {
            longs("x", (0..5_000).map(|row| Some((part * 5_000 + row).wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64))))
        })
        .collect();
    let shape = shape(batches[0].schema_ref(), &[]);
    let settings = WriteSettings { target_file_bytes: 200_000, row_group_rows: 10_000, ..WriteSettings::default() };
    let files = write_with(&scratch.warehouse, &shape, &batches, settings).await;
    assert!((5..=20).contains(&files.len()), "{} files", files.len());
    assert!(files.iter().all(|file| file.file_size_in_bytes < 500_000));
    assert_eq!(files.iter().map(|file| file.record_count).sum::<u64>(), 200_000);
}

#[tokio::test]
async fn no_rows_make_no_file() {
    let scratch = Scratch::new();
    let shape = shape(longs("x", []).schema_ref(), &["truncate(10, x)"]);
    assert!(write(&scratch.warehouse, &shape, &[longs("x", [])]).await.is_empty());
    assert!(write(&scratch.warehouse, &shape, &[]).await.is_empty());
}

#[tokio::test]
async fn a_writer_that_is_dropped_leaves_no_file() {
    let scratch = Scratch::new();
    let shape = shape(longs("x", []).schema_ref(), &[]);
    let mut writer = TableWriter::new(&scratch.warehouse, &shape, WriteSettings::default()).unwrap();
    let rows = bywash_lake::tables::conform(&longs("x", [Some(1)]), &shape.schema).unwrap();
    writer.write(rows).await.unwrap();
    drop(writer);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(files_below(scratch.warehouse.root()), BTreeMap::new());
}

/// Files below a folder with their sizes.
fn files_below(folder: &std::path::Path) -> BTreeMap<std::path::PathBuf, u64> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.metadata().unwrap() {
            folder if folder.is_dir() => found.extend(files_below(&entry.path())),
            file => drop(found.insert(entry.path(), file.len())),
        }
    }
    found
}
