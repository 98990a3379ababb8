//! Wrong records: an error that names file, line, column and value, or a reject and all the other rows.

use bywash_core::Code;
use serde_json::json;

use super::support::{Folder, options, told};

/// The error of reading `text`, and the rejects with the rows left where such records are set aside.
fn both(text: impl AsRef<[u8]>, mut json: serde_json::Value) -> (Code, String, Vec<(u64, String)>, u64) {
    let folder = Folder::with("a.csv", text);
    let error = folder.read("a.csv", &options(json.clone())).unwrap_err();
    json["on_error"] = json!("quarantine");
    let outcome = folder.read("a.csv", &options(json)).unwrap();
    let rejects = outcome.rejects.iter().map(|reject| (reject.line, reject.raw.clone())).collect();
    (error.code(), told(&error), rejects, outcome.counts.rows)
}

fn rejects(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(line, raw)| (*line, (*raw).to_owned())).collect()
}

#[test]
fn too_many_fields() {
    let (code, told, set_aside, rows) = both("a,b\n1,2\n\n3,4,5\n6,7\n", json!({}));
    assert_eq!(code, Code::CsvFieldCount);
    assert!(told.contains("3 fields where 2 are expected, in `3,4,5`"), "{told}");
    assert!(told.contains("at a.csv:4:1"), "{told}");
    assert_eq!((set_aside, rows), (rejects(&[(4, "3,4,5")]), 2));
}

#[test]
fn too_few_fields() {
    let (code, told, set_aside, rows) = both("a,b,c\n1,\"x\ny\",3\n4,5\r\n6,7,8\n", json!({}));
    assert_eq!(code, Code::CsvFieldCount);
    assert!(told.contains("2 fields where 3 are expected: `c` is missing, in `4,5`"), "{told}");
    assert!(told.contains("at a.csv:4:1"), "lines count inside quotes: {told}");
    assert_eq!((set_aside, rows), (rejects(&[(4, "4,5")]), 2));
}

#[test]
fn a_file_that_was_cut() {
    let (_, told, set_aside, rows) = both("a,b,c\n1,2,3\n4,5", json!({}));
    assert!(told.contains("a file that was cut ends like this"), "{told}");
    assert_eq!((set_aside, rows), (rejects(&[(3, "4,5")]), 1));
}

#[test]
fn a_quote_that_never_closes_takes_one_line_with_it() {
    let (code, told, set_aside, rows) = both("a,b\n1,x\n2,\"open\n3,y\n4,z\n", json!({}));
    assert_eq!(code, Code::CsvQuote);
    assert!(told.contains("column `b`: a quoted field begins here and does not end"), "{told}");
    assert!(told.contains("at a.csv:3:3"), "{told}");
    assert_eq!((set_aside, rows), (rejects(&[(3, "2,\"open")]), 3));
}

#[test]
fn text_behind_a_closing_quote() {
    let (code, told, set_aside, rows) = both("a,b\n1,\"x\"y\n2,z\n", json!({}));
    assert_eq!(code, Code::CsvQuote);
    assert!(told.contains("`y` stands behind the closing quote of `x`"), "{told}");
    assert_eq!((set_aside, rows), (rejects(&[(2, "1,\"x\"y")]), 1));
    let (_, told, ..) = both("a,b\n1,\"x\\\"y\"\n2,z\n", json!({}));
    assert!(told.contains("escape: "), "{told}");
}

#[test]
fn a_byte_that_is_no_letter() {
    let text = b"id,city\n1,Bern\n2,K\xf6ln\n3,Wien\n";
    let (code, told, set_aside, rows) = both(text, json!({}));
    assert_eq!(code, Code::InvalidEncoding);
    assert!(told.contains("column `city`: the byte 0xf6 at offset 18 is no letter in UTF-8"), "{told}");
    assert!(told.contains("at a.csv:3:4") && told.contains("encoding: latin1"), "{told}");
    assert_eq!((set_aside, rows), (rejects(&[(3, "2,K\u{fffd}ln")]), 2));
}

#[test]
fn a_byte_that_is_no_letter_in_a_name() {
    let folder = Folder::with("a.csv", b"id,stra\xdfe\n1,x\n");
    let error = folder.read("a.csv", &options(json!({"on_error": "quarantine"}))).unwrap_err();
    assert!(told(&error).contains("the byte 0xdf at offset 7 is no letter in UTF-8\n at a.csv:1"), "{}", told(&error));
}

#[test]
fn a_byte_that_is_no_letter_elsewhere() {
    let mut bytes: Vec<u8> = "a\n1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.extend([0x00, 0xdc, 0x0a, 0x00]);
    let folder = Folder::with("a.csv", bytes);
    let error = folder.read("a.csv", &options(json!({"encoding": "utf-16le"}))).unwrap_err();
    assert_eq!(error.code(), Code::InvalidEncoding);
    assert!(told(&error).contains("the byte at offset 8 is no letter in UTF-16LE\n at a.csv:3"), "{}", told(&error));
    let error = folder.read("a.csv", &options(json!({}))).unwrap_err();
    assert!(told(&error).contains("utf-16le"), "{}", told(&error));
}

#[test]
fn a_value_that_is_not_of_the_declared_type() {
    let text = "id,price\n1,2.50\nx,3\n3,4.555\n4,99999999\n5,NA\n";
    let declared = json!({"columns": {"id": "int", "price": "decimal(6,2)"}});
    let (code, told, set_aside, rows) = both(text, declared);
    assert_eq!(code, Code::InvalidValue);
    assert!(told.contains("column `id`: `x` is not a whole number\n at a.csv:3:1"), "{told}");
    assert!(told.contains("columns: {id: string}"), "{told}");
    assert_eq!(set_aside, rejects(&[(3, "x,3"), (4, "3,4.555"), (5, "4,99999999"), (6, "5,NA")]));
    assert_eq!(rows, 1);
    let folder = Folder::with("a.csv", "price\nNA\n");
    let error = folder.read("a.csv", &options(json!({"columns": {"price": "double"}}))).unwrap_err();
    assert!(told_hint(&error).contains("null_values: [\"\", \"NA\"]"), "{}", told_hint(&error));
}

fn told_hint(error: &bywash_core::Error) -> String {
    told(error)
}

#[test]
fn rejects_say_why() {
    let json = json!({"columns": {"n": "int"}, "on_error": "quarantine"});
    let outcome = Folder::with("a.csv", "n\n1\n5000000000\nx\n").read("a.csv", &options(json)).unwrap();
    let reasons: Vec<_> = outcome.rejects.iter().map(|reject| (reject.column.as_deref(), &*reject.reason)).collect();
    let expected =
        [(Some("n"), "`5000000000` is too large for an int of 32 bits"), (Some("n"), "`x` is not a whole number")];
    assert_eq!(reasons, expected);
    assert_eq!(outcome.rejects[0].file, "a.csv");
}

#[test]
fn a_wrong_row_leaves_no_trace_in_types() {
    let json = json!({"on_error": "quarantine"});
    let outcome = Folder::with("a.csv", "a,b\n1,2\nx,y,z\n3,4\n").read("a.csv", &options(json)).unwrap();
    assert_eq!(outcome.types(), ["a: long", "b: long"]);
    assert_eq!((outcome.counts.rows, outcome.counts.rejected, outcome.counts.rows_read), (2, 1, 3));
}

#[test]
fn what_a_table_lacks_is_an_error() {
    use bywash_ingest::files::{Typing, open};
    let folder = Folder::with("a.csv", "id,nme\n1,x\n").and("b.csv", "ID\n1\n").and("c.csv", "id,name\n01,x\n");
    let table = Folder::with("t.csv", "id,name\n1,a\n").infer("t.csv", &options(json!({}))).unwrap().schema();
    let read = |name: &str| {
        let file = &folder.find(name).unwrap()[0];
        let typing = Typing::of_table(table.clone());
        open(file, &options(json!({})), &typing).unwrap().next().unwrap().map_err(bywash_core::Error::from)
    };
    let error = read("a.csv").unwrap_err();
    assert_eq!(error.code(), Code::SchemaChange);
    assert!(told(&error).contains("`nme`") && told(&error).contains("did you mean `name`?"), "{}", told(&error));
    let batch = read("b.csv").unwrap().batch;
    assert_eq!((batch.num_rows(), batch.column(1).null_count()), (1, 1), "a missing column is null");
    let error = read("c.csv").unwrap_err();
    assert!(told(&error).contains("column `id`: `01` is not a whole number"), "zeros are not lost: {}", told(&error));
}

#[test]
fn a_file_without_the_header_of_the_others_loses_no_row() {
    let folder = Folder::with("1.csv", "id,name\n1,a\n").and("2.csv", "id,name\n2,b\n").and("3.csv", "3,c\n4,d\n");
    let error = folder.read("*.csv", &options(json!({}))).unwrap_err();
    assert_eq!(error.code(), Code::SchemaChange);
    let told = told(&error);
    assert!(told.contains("the first line of `3.csv` names no column of the other files: `3`, `c`"), "{told}");
}

#[test]
fn raw_records_are_kept_up_to_64_kb() {
    let text = format!("a,b\n1,2\n{}\n", "é".repeat(100_000));
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(json!({"on_error": "quarantine"}))).unwrap();
    assert_eq!(outcome.rejects[0].raw.len(), 64 << 10);
}
