//! What is refused instead of exhausting the machine.

use bywash_core::Code;
use serde_json::json;

use super::support::{Folder, options, told};

#[test]
fn a_packed_file_that_expands_without_end() {
    let endless = std::io::Read::take(std::io::repeat(b'\n'), 100 << 20);
    let bomb = zstd::encode_all(std::io::Read::chain(&b"a,b\n1,2\n"[..], endless), 3).unwrap();
    let folder = Folder::with("a.csv.zst", bomb);
    let error = folder.read("*", &options(json!({"max_expansion_ratio": 100}))).unwrap_err();
    assert_eq!(error.code(), Code::UnreadableFile);
    assert!(told(&error).contains("expands to more than 67.1 MB"), "{}", told(&error));
}

/// The error of reading a file, without showing what it holds.
fn wrong(name: &str, text: String) -> bywash_core::Error {
    let read = Folder::with(name, text).read(name, &options(json!({})));
    read.map(|outcome| outcome.counts).unwrap_err()
}

#[test]
fn a_record_without_end() {
    let mut text = "a,b\n1,2\n3,\"".to_owned();
    text.push_str(&"x\n".repeat(33 << 20));
    let error = wrong("a.csv", text);
    assert_eq!(error.code(), Code::CsvQuote);
    assert!(told(&error).contains("does not end within 67.1 MB\n at a.csv:3"), "{}", told(&error));
    let error = wrong("a.jsonl", format!("{{\"a\": \"{}\"}}\n", "x".repeat(66 << 20)));
    assert!(told(&error).contains("a line is longer than"), "{}", told(&error));
}

#[test]
fn long_records_below_the_limit_are_read() {
    let long = "x\n".repeat(2 << 20);
    let text = format!("a,b\n1,\"{long}\"\n2,y\n3,\"{long}\"\n");
    let outcome = Folder::with("a.csv", text).read("a.csv", &options(json!({}))).unwrap();
    assert_eq!(outcome.counts.rows, 3);
    assert_eq!(outcome.column("b")[2].len(), 4 << 20);
}

#[test]
fn too_many_columns() {
    let text = format!("{}\n", (0..10_001).map(|column| format!("c{column}")).collect::<Vec<_>>().join(","));
    let error = Folder::with("a.csv", text).read("a.csv", &options(json!({}))).unwrap_err();
    assert!(told(&error).contains("10001 fields, more than 10000"), "{}", told(&error));
    let keys: Vec<String> = (0..10_001).map(|key| format!("\"k{key}\": 1")).collect();
    let text = format!("{{\"o\": {{{}}}}}\n", keys.join(","));
    let folder = Folder::with("a.jsonl", text);
    let error = folder.read("*", &options(json!({}))).unwrap_err();
    assert!(told(&error).contains("10,001 columns"), "{}", told(&error));
    assert_eq!(folder.read("*", &options(json!({"columns": {"o": "string"}}))).unwrap().types(), ["o: string"]);
}

#[test]
fn values_nested_too_deep() {
    let nested = |depth: usize| format!("{{\"a\": {}1{}}}\n", "[".repeat(depth), "]".repeat(depth));
    let error = Folder::with("a.jsonl", nested(200_000)).read("*", &options(json!({}))).unwrap_err();
    assert_eq!(error.code(), Code::InvalidJson);
    assert!(told(&error).contains("nested deeper than 100"), "{}", told(&error));
    assert_eq!(Folder::with("a.jsonl", nested(98)).read("*", &options(json!({}))).unwrap().counts.rows, 1);
    let folder = Folder::with("a.jsonl", nested(101) + "{\"a\": [1]}\n");
    let outcome = folder.read("*", &options(json!({"on_error": "quarantine"}))).unwrap();
    assert_eq!((outcome.counts.rows, outcome.counts.rejected), (1, 1));
}
