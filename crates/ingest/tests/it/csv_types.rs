//! Which types columns of text get.

use std::collections::BTreeMap;

use serde_json::json;

use super::support::{Folder, NULL, options, rows};

/// The type of a column that holds these values.
fn kind(values: &[&str]) -> String {
    let text = format!("x,y\n{}\n", values.iter().map(|value| format!("{value},1")).collect::<Vec<_>>().join("\n"));
    let typing = Folder::with("a.csv", text).infer("a.csv", &options(json!({"header": true}))).unwrap();
    bywash_ingest::files::TypeName::word(typing.schema().field(0).data_type())
}

#[test]
fn a_type_holds_every_value_or_the_column_is_text() {
    let cases: BTreeMap<&str, Vec<&[&str]>> = BTreeMap::from([
        ("boolean", vec![&["true", "FALSE", ""] as &[&str], &["True", "false"]]),
        (
            "long",
            vec![&["0", "-1", "42"], &["9223372036854775807", "-9223372036854775808"], &[" 7", "8 "], &["\"1\"", "2"]],
        ),
        (
            "double",
            vec![
                &["1", "2.5"],
                &["1e3", "-0.5", ".5", "5."],
                &["1", "NaN", "-inf"],
                &["10.357019999999999"],
                &["-0", "1"],
            ],
        ),
        ("date", vec![&["2024-02-29", "1969-12-31", ""]]),
        (
            "timestamp",
            vec![&["2024-01-01T10:00:00", "2024-01-01 10:00"], &["2024-01-01", "2024-01-01 10:00:00.123456"]],
        ),
        ("timestamptz", vec![&["2024-01-01T10:00:00Z", "2024-01-01 10:00:00+01:00", "2024-01-01 10:00:00 UTC"]]),
        (
            "string",
            vec![
                &["007"],
                &["1", "+1"],
                &["1", "01"],
                &["-01"],
                &["00.5"],
                &["9223372036854775808", "1"],
                &["9007199254740993", "0.5"],
                &["12345678901234567890.12"],
                &["0.12345678901234567890"],
                &["1e400"],
                &["1e-400"],
                &["NaN"],
                &["NaN", "inf"],
                &["NaN", "a"],
                &["true", "1"],
                &["yes", "no"],
                &["1", "a"],
                &["1_000"],
                &["0x10"],
                &["2023-02-29"],
                &["2024-13-01"],
                &["2024-01-01", "2024-01-01T10:00:00Z"],
                &["2024-01-01T10:00:00", "2024-01-01T10:00:00Z"],
                &["2024-01-01T24:00:00"],
                &["10:00:00"],
                &["2024-1-1"],
                &["", ""],
                &["1", "-"],
                &["1", "."],
                &["1e"],
            ],
        ),
    ]);
    for (expected, columns) in cases {
        for values in columns {
            assert_eq!(kind(values), expected, "{values:?}");
        }
    }
}

#[test]
fn the_last_row_counts_as_much_as_the_first() {
    let mut text = "id,code\n".to_owned();
    for row in 0..300_000 {
        text.push_str(&format!("{row},{}\n", row * 7));
    }
    text.push_str("300000,A17\n");
    let outcome = Folder::with("a.csv", &text).read("a.csv", &options(json!({}))).unwrap();
    assert!(outcome.restarted, "the head says long");
    assert_eq!(outcome.types(), ["id: long", "code: string"]);
    assert_eq!(outcome.counts.rows, 300_001);
    assert_eq!(outcome.column("code").last().unwrap(), "A17");
}

#[test]
fn a_column_that_is_empty_at_first_gets_its_type_later() {
    let mut text = "id,late\n".to_owned();
    for row in 0..200_000 {
        text.push_str(&format!("{row},\n"));
    }
    text.push_str("200000,2.5\n");
    let outcome = Folder::with("a.csv", &text).read("a.csv", &options(json!({}))).unwrap();
    assert_eq!(outcome.types(), ["id: long", "late: double"]);
    assert_eq!(outcome.column("late").last().unwrap(), "2.5");
}

#[test]
fn times_keep_their_microseconds_and_tell_what_they_lose() {
    let text = "t\n1969-12-31T23:59:59.999999\n2024-01-01T00:00:00.123456789\n2024-01-01T00:00:00.5\n";
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(json!({}))).unwrap();
    let expected = ["1969-12-31T23:59:59.999999", "2024-01-01T00:00:00.123456", "2024-01-01T00:00:00.500"];
    assert_eq!(outcome.column("t"), expected);
    assert_eq!(outcome.warnings, ["1 times in `a.csv` are finer than a microsecond and were cut to it"]);
}

#[test]
fn moments_are_kept_in_utc() {
    let text = "t\n2024-07-01T00:30:00+02:00\n2024-07-01T00:00:00-0730\n";
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(json!({}))).unwrap();
    assert_eq!(outcome.column("t"), ["2024-06-30T22:30:00Z", "2024-07-01T07:30:00Z"]);
}

#[test]
fn long_numbers_stay_text_and_that_is_said() {
    let text = "a,b\n12345678901234567890.12,1\n1,2\n";
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(json!({}))).unwrap();
    assert_eq!(outcome.types(), ["a: string", "b: long"]);
    assert_eq!(outcome.column("a"), ["12345678901234567890.12", "1"]);
    assert!(outcome.warnings[0].contains("column `a` is read as text"), "{:?}", outcome.warnings);
}

#[test]
fn declared_types_are_read_generously() {
    let text = "a,b,c,d,e,f\n007,yes,+1.50,2024-01-01,x,1e2\n,0,,,,\n";
    let declared = json!({"columns": {
        "a": "int", "b": "bool", "c": "decimal(10,3)", "d": "timestamptz", "e": {"data_type": "binary"}, "f": "NUMERIC(5)"
    }});
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(declared)).unwrap();
    let types = ["a: int", "b: boolean", "c: decimal(10,3)", "d: timestamptz", "e: binary", "f: decimal(5,0)"];
    assert_eq!(outcome.types(), types);
    let expected =
        rows(&[&["7", "true", "1.500", "2024-01-01T00:00:00Z", "78", "100"], &[NULL, "false", NULL, NULL, NULL, NULL]]);
    assert_eq!(outcome.rows(), expected);
}

#[test]
fn a_declared_column_that_no_file_has_is_null_and_said() {
    let outcome =
        Folder::with("a.csv", "number\n1\n").read("a.csv", &options(json!({"columns": {"numbr": "int"}}))).unwrap();
    assert_eq!(outcome.types(), ["number: long", "numbr: int"]);
    assert!(outcome.warnings[0].contains("did you mean `number`?"), "{:?}", outcome.warnings);
}

#[test]
fn formats_of_times_can_be_named() {
    let text = "d,t,z\n31.12.2023,31.12.2023 23:59,2023-12-31 23:59:00 +0100\n01.01.2024,01.01.2024 00:00,2024-01-01 00:00:00 +0000\n";
    let formats = json!({"timestamp_formats": ["%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M:%S %z"]});
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(formats)).unwrap();
    assert_eq!(outcome.types(), ["d: date", "t: timestamp", "z: timestamptz"]);
    assert_eq!(outcome.rows()[0], ["2023-12-31", "2023-12-31T23:59:00", "2023-12-31T22:59:00Z"]);
}

#[test]
fn columns_of_several_files_are_united_by_name() {
    let folder = Folder::with("1.csv", "id,Name\n1,a\n").and("2.csv", "name,ID,extra\nb,2.5,x\n").and("3.csv", "id\n");
    let outcome = folder.read("*.csv", &options(json!({}))).unwrap();
    assert_eq!(outcome.types(), ["id: double", "Name: string", "extra: string"]);
    assert_eq!(outcome.rows(), rows(&[&["1.0", "a", NULL], &["2.5", "b", "x"]]));
}
