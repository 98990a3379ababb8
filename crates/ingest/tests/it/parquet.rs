//! Parquet as others write it.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Schema};
use bywash_core::Code;
use bywash_ingest::files::{Typing, open};
use parquet::arrow::ArrowWriter;
use parquet::data_type::{Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::json;

use super::support::{Folder, NULL, options, rows, told};

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)));
    let batch = batch.unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

/// Three rows of two columns.
pub fn small_file() -> Vec<u8> {
    file(vec![
        ("a", Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]))),
        ("b", Arc::new(StringArray::from(vec!["x", "y", "z"]))),
    ])
}

#[test]
fn types_become_ours() {
    let day = 86_400_000_000_000_i64;
    let bytes = file(vec![
        ("u8", Arc::new(UInt8Array::from(vec![255]))),
        ("i16", Arc::new(Int16Array::from(vec![-1]))),
        ("u32", Arc::new(UInt32Array::from(vec![u32::MAX]))),
        ("u64", Arc::new(UInt64Array::from(vec![u64::MAX]))),
        ("dec", Arc::new(Decimal128Array::from(vec![12_345]).with_precision_and_scale(9, 2).unwrap())),
        ("ms", Arc::new(TimestampMillisecondArray::from(vec![1_500]))),
        ("tz", Arc::new(TimestampMillisecondArray::from(vec![1_500]).with_timezone("+02:00"))),
        ("ns", Arc::new(TimestampNanosecondArray::from(vec![day + 1_001]))),
        ("time", Arc::new(Time32MillisecondArray::from(vec![1_500]))),
        ("large", Arc::new(LargeStringArray::from(vec!["x"]))),
        ("view", Arc::new(StringViewArray::from(vec!["y"]))),
        ("bin", Arc::new(BinaryArray::from(vec![b"z" as &[u8]]))),
    ]);
    let outcome = Folder::with("a.parquet", bytes).read("a.parquet", &options(json!({}))).unwrap();
    let types = [
        "u8: int",
        "i16: int",
        "u32: long",
        "u64: decimal(20,0)",
        "dec: decimal(9,2)",
        "ms: timestamp",
        "tz: timestamptz",
        "ns: timestamp",
        "time: time",
        "large: string",
        "view: string",
        "bin: binary",
    ];
    assert_eq!(outcome.types(), types);
    let expected = [
        "255",
        "-1",
        "4294967295",
        "18446744073709551615",
        "123.45",
        "1970-01-01T00:00:01.500",
        "1970-01-01T00:00:01.500Z",
        "1970-01-02T00:00:00.000001",
        "00:00:01.500",
        "x",
        "y",
        "7a",
    ];
    assert_eq!(outcome.rows(), rows(&[&expected]));
    assert_eq!(outcome.warnings, ["1 times in `a.parquet` are finer than a microsecond and were cut to it"]);
}

#[test]
fn nested_types_are_read() {
    let inner = StructArray::from(vec![(
        Arc::new(Field::new("n", DataType::UInt16, true)),
        Arc::new(UInt16Array::from(vec![Some(1), None])) as ArrayRef,
    )]);
    let mut list = ListBuilder::new(TimestampNanosecondBuilder::new());
    list.append_value([Some(1_000), None]);
    list.append_null();
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("k");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(true).unwrap();
    let bytes = file(vec![("s", Arc::new(inner)), ("l", Arc::new(list.finish())), ("m", Arc::new(map.finish()))]);
    let outcome = Folder::with("a.parquet", bytes).read("a.parquet", &options(json!({}))).unwrap();
    assert_eq!(outcome.types(), ["s: struct", "l: list", "m: map"]);
    let expected = rows(&[&["{n: 1}", "[1970-01-01T00:00:00.000001, ∅]", "{k: 1}"], &["{n: ∅}", NULL, "{}"]]);
    assert_eq!(outcome.rows(), expected);
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
}

#[test]
fn files_are_united_by_name_and_type() {
    let one = file(vec![
        ("id", Arc::new(Int32Array::from(vec![1])) as ArrayRef),
        ("price", Arc::new(Decimal128Array::from(vec![150]).with_precision_and_scale(5, 2).unwrap())),
    ]);
    let two = file(vec![
        ("PRICE", Arc::new(Decimal128Array::from(vec![12_345]).with_precision_and_scale(6, 4).unwrap()) as ArrayRef),
        ("id", Arc::new(Int64Array::from(vec![1 << 40]))),
        ("more", Arc::new(StringArray::from(vec!["x"]))),
    ]);
    let outcome = Folder::with("1.parquet", one).and("2.parquet", two).read("*", &options(json!({}))).unwrap();
    assert_eq!(outcome.types(), ["id: long", "price: decimal(7,4)", "more: string"]);
    assert_eq!(outcome.rows(), rows(&[&["1", "1.5000", NULL], &["1099511627776", "1.2345", "x"]]));
}

#[test]
fn types_that_cannot_be_united_are_told() {
    let one = file(vec![("id", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]);
    let two = file(vec![("id", Arc::new(StringArray::from(vec!["x"])) as ArrayRef)]);
    let folder = Folder::with("1.parquet", one).and("2.parquet", two);
    let error = folder.read("*", &options(json!({}))).unwrap_err();
    assert_eq!(error.code(), Code::SchemaChange);
    assert!(told(&error).contains("column `id` is long in `1.parquet` and string in `2.parquet`"), "{}", told(&error));
}

#[test]
fn a_table_gets_only_what_it_holds() {
    let folder = Folder::with("big.parquet", file(vec![("a", Arc::new(Int64Array::from(vec![1 << 40])) as ArrayRef)]))
        .and("real.parquet", file(vec![("a", Arc::new(Float64Array::from(vec![1.5])) as ArrayRef)]))
        .and("extra.parquet", file(vec![("aa", Arc::new(Int32Array::from(vec![1])) as ArrayRef)]))
        .and("fits.parquet", file(vec![("A", Arc::new(Int64Array::from(vec![7])) as ArrayRef)]));
    let table = Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true)]));
    let read = |name: &str, json| {
        let file = &folder.find(name).unwrap()[0];
        let reader = open(file, &options(json), &Typing::of_table(Arc::clone(&table)));
        reader.and_then(|mut reader| Ok(reader.next().unwrap()?))
    };
    assert_eq!(read("fits.parquet", json!({})).unwrap().batch.num_rows(), 1);
    let error = read("big.parquet", json!({})).unwrap_err();
    assert_eq!(error.code(), Code::InvalidValue, "{}", told(&error));
    let error = read("real.parquet", json!({})).unwrap_err();
    assert!(told(&error).contains("column `a` is double in the file and int in the table"), "{}", told(&error));
    assert_eq!(read("real.parquet", json!({"columns": {"a": "int"}})).unwrap().batch.num_rows(), 1);
    let error = read("extra.parquet", json!({})).unwrap_err();
    assert!(told(&error).contains("a column `aa` that the table lacks"), "{}", told(&error));
}

#[test]
fn old_times_keep_their_century() {
    let schema = Arc::new(parse_message_type("message m { required int96 t; }").unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    // The Julian days of 0001-01-01 and 2024-01-01.
    let values: Vec<Int96> = [1_721_426_u32, 2_460_311].map(|day| Int96::from(vec![1_500, 0, day])).to_vec();
    column.typed::<Int96Type>().write_batch(&values, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let outcome = Folder::with("a.parquet", bytes).read("a.parquet", &options(json!({}))).unwrap();
    assert_eq!(outcome.column("t"), ["0001-01-01T00:00:00.000001", "2024-01-01T00:00:00.000001"]);
    assert_eq!(outcome.warnings, ["times of the old type INT96 in `a.parquet` are read to the microsecond"]);
}

#[test]
fn a_file_that_is_cut_or_none_is_told() {
    let whole = small_file();
    let code = |bytes: &[u8]| {
        let error = Folder::with("a.parquet", bytes).read("a.parquet", &options(json!({}))).unwrap_err();
        assert!(told(&error).contains("a.parquet"), "{}", told(&error));
        error.code()
    };
    for cut in [whole.len() - 1, whole.len() / 2, 6, 0] {
        assert_eq!(code(&whole[..cut]), Code::TruncatedFile, "cut at {cut}");
    }
    assert_eq!(code(b"a,b\n1,2\n"), Code::UnreadableFile);
    let mut damaged = whole.clone();
    let end = damaged.len();
    damaged[end - 40..end - 8].fill(0xff);
    assert_eq!(code(&damaged), Code::UnreadableFile);
}

#[test]
fn damage_anywhere_is_no_panic() {
    let whole = small_file();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for _ in 0..3_000 {
        let mut bytes = whole.clone();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            bytes[at] = next(256) as u8;
        }
        if let Err(error) = Folder::with("a.parquet", bytes).read("a.parquet", &options(json!({}))) {
            assert_ne!(error.code(), Code::Bug, "{}", told(&error));
        }
    }
}

#[test]
fn types_that_no_table_holds_are_told() {
    let bytes = file(vec![("d", Arc::new(IntervalDayTimeArray::from(vec![None])) as ArrayRef)]);
    let error = Folder::with("a.parquet", bytes).read("a.parquet", &options(json!({}))).unwrap_err();
    assert_eq!(error.code(), Code::UnsupportedType);
    assert!(told(&error).contains("column `d` of `a.parquet`"), "{}", told(&error));
}
