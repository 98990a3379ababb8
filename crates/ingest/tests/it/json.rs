//! JSON: lines and documents.

use bywash_core::Code;
use serde_json::json;

use super::support::{Folder, NULL, Outcome, options, rows, told};

fn lines(text: &str, json: serde_json::Value) -> Outcome {
    Folder::with("a.jsonl", text).read("a.jsonl", &options(json)).unwrap()
}

fn wrong(name: &str, text: impl AsRef<[u8]>, json: serde_json::Value) -> (Code, String) {
    let error = Folder::with(name, text).read(name, &options(json)).unwrap_err();
    (error.code(), told(&error))
}

#[test]
fn values_get_types_and_keys_may_be_missing() {
    let text =
        "{\"a\": 1, \"b\": true, \"c\": \"x\\u00e9\\n\\ud83d\\ude00\"}\n\n{\"c\": null, \"a\": -2, \"d\": 1.5}\n";
    let outcome = lines(text, json!({}));
    assert_eq!(outcome.types(), ["a: long", "b: boolean", "c: string", "d: double"]);
    assert_eq!(outcome.rows(), rows(&[&["1", "true", "xé\n😀", NULL], &["-2", NULL, NULL, "1.5"]]));
}

#[test]
fn numbers_lose_no_digit() {
    let column = |values: &[&str]| {
        let text: String = values.iter().map(|value| format!("{{\"x\": {value}}}\n")).collect();
        let outcome = lines(&text, json!({}));
        (outcome.types().remove(0), outcome.column("x"))
    };
    let is = |values: &[&str], kind: &str, shown: &[&str]| {
        let shown: Vec<String> = shown.iter().map(|value| (*value).to_owned()).collect();
        assert_eq!(column(values), (format!("x: {kind}"), shown), "{values:?}");
    };
    is(&["1", "2.5"], "double", &["1.0", "2.5"]);
    is(&["9223372036854775807"], "long", &["9223372036854775807"]);
    is(&["9223372036854775808", "1"], "string", &["9223372036854775808", "1"]);
    is(&["9007199254740993", "0.5"], "string", &["9007199254740993", "0.5"]);
    is(&["1e400"], "string", &["1e400"]);
    is(&["1", "\"a\"", "true", "{\"b\": [1, 2]}", "null"], "string", &["1", "a", "true", "{\"b\": [1, 2]}", NULL]);
    is(&["\"2024-01-01\""], "string", &["2024-01-01"]);
    is(&["{}", "[]"], "string", &["{}", "[]"]);
    is(&["null"], "string", &[NULL]);
}

#[test]
fn nested_values_become_structs_and_lists() {
    let text = "{\"a\": {\"b\": 1, \"c\": [1, 2]}, \"l\": [{\"x\": 1}, {\"y\": \"z\"}, null]}\n{\"a\": {\"c\": [null, 2.5]}, \"l\": []}\n{\"a\": null}\n";
    let outcome = lines(text, json!({}));
    let schema = outcome.batch.schema();
    assert_eq!(schema.field(0).data_type().to_string(), "Struct(\"b\": Int64, \"c\": List(Float64))");
    assert_eq!(schema.field(1).data_type().to_string(), "List(Struct(\"x\": Int64, \"y\": Utf8))");
    assert_eq!(outcome.column("a"), ["{b: 1, c: [1.0, 2.0]}", "{b: ∅, c: [∅, 2.5]}", NULL]);
    assert_eq!(outcome.column("l"), ["[{x: 1, y: ∅}, {x: ∅, y: z}, ∅]", "[]", NULL]);
}

#[test]
fn types_can_be_declared() {
    let text = "{\"t\": \"2024-01-01T10:00:00Z\", \"n\": \"12\", \"d\": 1.25, \"o\": {\"deep\": 1}, \"s\": 5}\n";
    let declared =
        json!({"columns": {"t": "timestamptz", "n": "int", "d": "decimal(5,2)", "o": "string", "s": "string"}});
    let outcome = lines(text, declared);
    assert_eq!(outcome.types(), ["t: timestamptz", "n: int", "d: decimal(5,2)", "o: string", "s: string"]);
    assert_eq!(outcome.rows(), rows(&[&["2024-01-01T10:00:00Z", "12", "1.25", "{\"deep\": 1}", "5"]]));
}

#[test]
fn documents_are_lists_objects_or_hold_rows_inside() {
    let expected = rows(&[&["1", "x"], &["2", "y"]]);
    let read = |text: &str, json| Folder::with("a.json", text).read("a.json", &options(json)).unwrap().rows();
    assert_eq!(read("[{\"a\": 1, \"b\": \"x\"},\n {\"a\": 2,\n  \"b\": \"y\"}]\n", json!({})), expected);
    assert_eq!(read("{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}", json!({})), expected);
    assert_eq!(read("{\"a\": 1, \"b\": \"x\"}", json!({})), expected[..1]);
    let inside = "{\"meta\": {\"items\": []}, \"items\": {\"n\": \"]\", \"rows\": [{\"a\": 1, \"b\": \"x\"}, {\"a\": 2, \"b\": \"y\"}]}, \"z\": 1}";
    assert_eq!(read(inside, json!({"records_path": "items.rows"})), expected);
    assert_eq!(
        read("{\"data\": {\"a\": 1, \"b\": \"x\"}, \"z\": []}", json!({"data_selector": "data"})),
        expected[..1]
    );
}

#[test]
fn broken_json_has_a_line_and_a_column() {
    let (code, told) = wrong("a.jsonl", "{\"a\": 1}\n{\"a\": 1,}\n", json!({}));
    assert_eq!(code, Code::InvalidJson);
    assert!(told.contains("`}` stands where a key in quotes should be\n at a.jsonl:2:9"), "{told}");
    for (text, place) in [
        ("{\"a\": tru}\n", "a.jsonl:1:7"),
        ("{\"a\": 01}\n", "a.jsonl:1:7"),
        ("{\"a\": 1} {\"a\": 2}\n", "a.jsonl:1:10"),
        ("{\"a\": \"x\n", "a.jsonl:1:7"),
        ("{\"ä\": \"\\q\"}\n", "a.jsonl:1:8"),
        ("{\"a\": \"\\ud800\"}\n", "a.jsonl:1:8"),
        ("{\"a\": \"\t\"}\n", "a.jsonl:1:8"),
        ("[1]\n", "a.jsonl:1:1"),
        ("5\n", "a.jsonl:1:1"),
        ("{\"a\": 1, \"a\": 2}\n", "a.jsonl:1:10"),
        ("{\n\"a\": 1}\n", "a.jsonl:1:2"),
        ("{\"a\" 1}\n", "a.jsonl:1:6"),
        ("{\"a\": 1.}\n", "a.jsonl:1:9"),
    ] {
        let (code, told) = wrong("a.jsonl", text, json!({}));
        assert_eq!(code, Code::InvalidJson, "{text}: {told}");
        assert!(told.contains(&format!("at {place}")), "{text}: {told}");
    }
    for (text, place) in [
        ("[{\"a\": 1},\n {\"a\": 2}", "a.json:1:1"),
        ("[{\"a\": 1}\n {\"a\": 2}]", "a.json:2:2"),
        ("[{\"a\": 1},\n]", "a.json:2:1"),
        ("[{\"a\": 1}]\n x", "a.json:2:2"),
        ("[{\"a\": 1},\n {\"a\": nul}]", "a.json:2:8"),
        ("[{\"a\": 1},\n 7]", "a.json:2:2"),
        ("{\"a\": 1},\n{\"a\": 1}", "a.json:1:9"),
    ] {
        let (code, told) = wrong("a.json", text, json!({}));
        assert_eq!(code, Code::InvalidJson, "{text}: {told}");
        assert!(told.contains(&format!("at {place}")), "{text}: {told}");
    }
    let (_, told) = wrong("a.json", "{\"itms\": []}", json!({"records_path": "items"}));
    assert!(told.contains("did you mean `itms`?"), "{told}");
}

#[test]
fn wrong_rows_are_set_aside() {
    let text = "{\"a\": 1}\n{\"a\": }\n{\"a\": {\"b\": 1}, \"a\": 2}\nnope\n{\"a\": 4}\n";
    let json = json!({"on_error": "quarantine", "columns": {"a": "int"}});
    let outcome = lines(text, json.clone());
    assert_eq!(outcome.column("a"), ["1", "4"]);
    let lines: Vec<u64> = outcome.rejects.iter().map(|reject| reject.line).collect();
    assert_eq!((lines, outcome.rejects[0].raw.as_str()), (vec![2, 3, 4], "{\"a\": }"));
    let text = "[{\"a\": 1},\n{\"a\": \"x\"}, {\"a\": tru},\n\n{\"a\": 4}]";
    let outcome = Folder::with("a.json", text).read("a.json", &options(json)).unwrap();
    assert_eq!(outcome.column("a"), ["1", "4"]);
    let rejects: Vec<_> = outcome.rejects.iter().map(|reject| (reject.line, reject.raw.as_str())).collect();
    assert_eq!(rejects, [(2, "{\"a\": \"x\"}"), (2, "{\"a\": tru}")]);
}

#[test]
fn a_byte_that_is_no_letter_has_its_place() {
    let (code, told) = wrong("a.jsonl", b"{\"a\": 1}\n{\"a\": \"\xff\"}\n", json!({}));
    assert_eq!(code, Code::InvalidEncoding);
    assert!(told.contains("the byte 0xff at offset 16 is no letter in UTF-8\n at a.jsonl:2:8"), "{told}");
    let (code, told) = wrong("a.json", b"[{\"a\": 1},\n{\"a\": \"\xff\"}]", json!({}));
    assert_eq!((code, told.contains("at a.json:2:8")), (Code::InvalidEncoding, true), "{told}");
}

#[test]
fn the_last_row_counts_as_much_as_the_first() {
    let mut text: String = (0..100_000).map(|row| format!("{{\"id\": {row}, \"o\": {{\"v\": {row}}}}}\n")).collect();
    text.push_str("{\"id\": 0.5, \"o\": {\"v\": \"x\", \"w\": [1]}, \"new\": true}\n");
    let outcome = lines(&text, json!({}));
    assert!(outcome.restarted);
    assert_eq!(outcome.types(), ["id: double", "o: struct", "new: boolean"]);
    assert_eq!(outcome.column("o").last().unwrap(), "{v: x, w: [1]}");
    assert_eq!(outcome.counts.rows, 100_001);
}

#[test]
fn a_key_that_the_table_lacks_is_an_error() {
    use bywash_ingest::files::{Typing, open};
    let folder =
        Folder::with("a.jsonl", "{\"id\": 1, \"o\": {\"x\": 1}}\n").and("b.jsonl", "{\"id\": 1, \"o\": {\"y\": 1}}\n");
    let table = folder.infer("a.jsonl", &options(json!({}))).unwrap().schema();
    let file = &folder.find("b.jsonl").unwrap()[0];
    let read = open(file, &options(json!({})), &Typing::of_table(table)).unwrap().next().unwrap();
    let error = bywash_core::Error::from(read.unwrap_err());
    assert_eq!(error.code(), Code::SchemaChange);
    assert!(told(&error).contains("a key `o.y` that the table lacks"), "{}", told(&error));
}
