//! Rows in every format, in a file that appears only when it is whole.

use std::fs::{self, File};
use std::path::Path;
use std::slice::from_ref;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use arrow::ipc::reader::FileReader;
use bytes::Bytes;
use bywash_cli::arguments::{Format, OutputFlags};
use bywash_cli::context::{Context, Verbosity};
use bywash_cli::render::rows::{Nulls, write_batches, write_stream};
use bywash_cli::render::stdout::Stdout;
use bywash_cli::render::terminal::Terminal;
use bywash_core::{Code, Error};
use insta::assert_snapshot;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::sandbox;

fn context(folder: &Path) -> Context {
    Context {
        folder: folder.to_owned(),
        terminal: Terminal::default(),
        verbosity: Verbosity::Quiet,
        stdout: Stdout::default(),
    }
}

/// One row of values, one of nulls.
fn rows() -> RecordBatch {
    let instant = 1_356_998_400_000_000 + 5 * 3_600_000_000;
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let place = StructArray::try_new(
        vec![Field::new("at", DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into())), true)]
            .into(),
        vec![Arc::new(TimestampMicrosecondArray::from(vec![instant, 0]).with_timezone("UTC"))],
        Some(vec![true, false].into()),
    );
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("carrier", Arc::new(StringArray::from(vec![Some("a \"b\", c\nd"), None]))),
        ("empty", Arc::new(StringArray::from(vec![Some(""), None]))),
        ("count", Arc::new(Int64Array::from(vec![Some(i64::MAX), None]))),
        ("share", Arc::new(Float64Array::from(vec![Some(f64::NAN), None]))),
        ("half", Arc::new(Float64Array::from(vec![Some(0.5), None]))),
        ("price", Arc::new(decimal(vec![Some(-1_200), None]))),
        ("late", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("day", Arc::new(Date32Array::from(vec![Some(15_706), None]))),
        ("local", Arc::new(TimestampMicrosecondArray::from(vec![Some(instant), None]))),
        (
            "instant",
            Arc::new(TimestampMicrosecondArray::from(vec![Some(instant + 250_000), None]).with_timezone("Asia/Tokyo")),
        ),
        ("list", Arc::new(list)),
        ("place", Arc::new(place.expect("a struct"))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("rows")
}

fn decimal(values: Vec<Option<i128>>) -> Decimal128Array {
    Decimal128Array::from(values).with_precision_and_scale(20, 2).expect("a decimal")
}

/// What a file of this name holds, its format told by its name.
fn written(name: &str) -> String {
    written_as(name, None)
}

fn written_as(name: &str, output: Option<Format>) -> String {
    let sandbox = sandbox();
    let flags = OutputFlags { output, to: Some(name.into()) };
    let batch = rows();
    let count =
        write_batches(&context(sandbox.path()), &flags, &batch.schema(), &[batch], Nulls::Named).expect("a file");
    assert_eq!(count, 2);
    assert_eq!(sandbox.files("."), [name], "nothing else is left");
    sandbox.read(name)
}

#[test]
fn csv_has_empty_nulls_and_keeps_every_digit() {
    assert_snapshot!(written("x.csv"), @r#"
    carrier,empty,count,share,half,price,late,day,local,instant,list,place
    "a ""b"", c
    d","",9223372036854775807,NaN,0.5,-12.00,true,2013-01-01,2013-01-01T05:00:00,2013-01-01T05:00:00.250Z,"[1,null]","{""at"":""2013-01-01T05:00:00Z""}"
    ,,,,,,,,,,,
    "#);
}

#[test]
fn a_csv_row_of_one_null_is_no_blank_line() {
    let sandbox = sandbox();
    let flags = OutputFlags { output: Some(Format::Csv), to: Some("x".into()) };
    let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
    let batch = RecordBatch::try_from_iter([("a", column)]).expect("rows");
    write_batches(&context(sandbox.path()), &flags, &batch.schema(), &[batch], Nulls::Named).expect("a file");
    assert_eq!(sandbox.read("x"), "a\n1\n\"\"\n");
}

#[test]
fn json_keeps_the_order_of_columns_and_writes_nulls() {
    let lines = written("x.jsonl");
    assert_snapshot!(lines, @r#"
    {"carrier":"a \"b\", c\nd","empty":"","count":9223372036854775807,"share":null,"half":0.5,"price":-12.00,"late":true,"day":"2013-01-01","local":"2013-01-01T05:00:00","instant":"2013-01-01T05:00:00.250Z","list":[1,null],"place":{"at":"2013-01-01T05:00:00Z"}}
    {"carrier":null,"empty":null,"count":null,"share":null,"half":null,"price":null,"late":null,"day":null,"local":null,"instant":null,"list":null,"place":null}
    "#);
    assert_eq!(written("x.json"), format!("[{}]\n", lines.trim_end().replace('\n', ",")));
}

#[test]
fn a_table_in_a_file_is_never_cut() {
    assert_snapshot!(written_as("x.txt", Some(Format::Table)), @r#"
    ┌─────────────┬───────┬─────────────────────┬───────┬──────┬────────┬──────┬────────────┬─────────────────────┬──────────────────────────┬──────────┬───────────────────────────────┐
    │ carrier     ┆ empty ┆               count ┆ share ┆ half ┆  price ┆ late ┆ day        ┆ local               ┆ instant                  ┆ list     ┆ place                         │
    ╞═════════════╪═══════╪═════════════════════╪═══════╪══════╪════════╪══════╪════════════╪═════════════════════╪══════════════════════════╪══════════╪═══════════════════════════════╡
    │ a "b", c\nd ┆       ┆ 9223372036854775807 ┆   NaN ┆  0.5 ┆ -12.00 ┆ true ┆ 2013-01-01 ┆ 2013-01-01T05:00:00 ┆ 2013-01-01T05:00:00.250Z ┆ [1,null] ┆ {"at":"2013-01-01T05:00:00Z"} │
    │ null        ┆ null  ┆                null ┆  null ┆ null ┆   null ┆ null ┆ null       ┆ null                ┆ null                     ┆ null     ┆ null                          │
    └─────────────┴───────┴─────────────────────┴───────┴──────┴────────┴──────┴────────────┴─────────────────────┴──────────────────────────┴──────────┴───────────────────────────────┘
    "#);
}

#[test]
fn a_file_holds_every_row_however_many_there_are() {
    let sandbox = sandbox();
    let count = 25_000;
    let texts: ArrayRef =
        Arc::new(StringArray::from_iter_values((1..=count).map(|row| "x".repeat(1 + row / count * 9))));
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=count as i64));
    let batch = RecordBatch::try_from_iter([("text", texts), ("n", numbers)]).expect("rows");
    for (name, output, frame) in [("x.md", None, 2), ("x.txt", Some(Format::Table), 4)] {
        let flags = OutputFlags { output, to: Some(name.into()) };
        write_batches(&context(sandbox.path()), &flags, &batch.schema(), from_ref(&batch), Nulls::Named)
            .expect("a file");
        let text = sandbox.read(name);
        assert_eq!(text.lines().count(), count + frame, "{name}");
        let last = text.lines().rev().find(|line| line.contains("25000")).unwrap_or_default();
        assert!(last.contains("xxxxxxxxxx"), "{last}");
        assert_eq!(text.lines().filter(|line| line.contains("text")).count(), 1, "{name}: the names stand once");
    }
}

#[test]
fn markdown_escapes_what_would_end_a_cell() {
    let sandbox = sandbox();
    let flags = OutputFlags { output: None, to: Some("x.md".into()) };
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a|b"), None]));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 20]));
    let batch = RecordBatch::try_from_iter_with_nullable([("text", texts, true), ("n", numbers, true)]).expect("rows");
    write_batches(&context(sandbox.path()), &flags, &batch.schema(), &[batch], Nulls::Named).expect("a file");
    assert_snapshot!(sandbox.read("x.md"), @r"
    | text |  n |
    |------|----|
    | a\|b |  1 |
    | null | 20 |
    ");
}

#[test]
fn parquet_and_arrow_give_back_the_same_rows() {
    let sandbox = sandbox();
    let batch = rows();
    for name in ["x.parquet", "x.arrow"] {
        let flags = OutputFlags { output: None, to: Some(name.into()) };
        write_batches(&context(sandbox.path()), &flags, &batch.schema(), from_ref(&batch), Nulls::Named)
            .expect("a file");
    }
    let bytes = Bytes::from(fs::read(sandbox.path().join("x.parquet")).expect("a file"));
    let mut parquet = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .expect("Parquet");
    assert_eq!(parquet.next().expect("a batch").expect("rows").columns()[..3], batch.columns()[..3]);
    let mut arrow =
        FileReader::try_new(File::open(sandbox.path().join("x.arrow")).expect("a file"), None).expect("Arrow");
    // NaN differs from itself, so its column is left out.
    let found = arrow.next().expect("a batch").expect("rows");
    assert_eq!(found.columns()[4..], batch.columns()[4..]);
}

#[tokio::test]
async fn a_failure_in_the_middle_leaves_what_was_there() {
    let sandbox = sandbox();
    sandbox.write("x.csv", "old");
    let batch = rows();
    let flags = OutputFlags { output: None, to: Some("x.csv".into()) };
    let stream = futures::stream::iter([Ok(batch.clone()), Err(Error::new(Code::QueryFailed, "division by zero"))]);
    let failed = write_stream(&context(sandbox.path()), &flags, batch.schema(), stream).await;
    assert_eq!(failed.expect_err("a failure").code(), Code::QueryFailed);
    assert_eq!(sandbox.read("x.csv"), "old");
    assert_eq!(sandbox.files("."), ["x.csv"]);
}

#[test]
fn a_place_that_cannot_be_written_is_named_as_it_was_typed() {
    let sandbox = sandbox();
    sandbox.write("folder.csv/x", "");
    let batch = rows();
    for (to, code) in [("nowhere/x.csv", Code::MissingFile), ("folder.csv", Code::FileSystem)] {
        let flags = OutputFlags { output: None, to: Some(to.into()) };
        let error = write_batches(&context(sandbox.path()), &flags, &batch.schema(), from_ref(&batch), Nulls::Named)
            .expect_err(to);
        assert_eq!(error.code(), code, "{error:?}");
        assert!(error.message().starts_with(&format!("cannot write `{to}`: ")), "{error:?}");
    }
}

#[test]
fn a_full_disk_is_told_and_devices_stay_devices() {
    let sandbox = sandbox();
    let batch = rows();
    let flags = OutputFlags { output: Some(Format::Csv), to: Some("/dev/full".into()) };
    let error = write_batches(&context(sandbox.path()), &flags, &batch.schema(), from_ref(&batch), Nulls::Named)
        .expect_err("full");
    assert_eq!(error.code(), Code::DiskFull);
    let flags = OutputFlags { output: Some(Format::Csv), to: Some("/dev/null".into()) };
    write_batches(&context(sandbox.path()), &flags, &batch.schema(), &[batch], Nulls::Named).expect("a device");
    assert!(!fs::metadata("/dev/null").expect("a device").is_file());
}
