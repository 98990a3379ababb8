//! What is in a field, whatever stands around it.

use serde_json::json;

use super::support::{Folder, NULL, Outcome, options, rows};

fn read(text: impl AsRef<[u8]>, json: serde_json::Value) -> Outcome {
    Folder::with("a.csv", text).read("a.csv", &options(json)).unwrap()
}

#[test]
fn quotes_hold_delimiters_line_ends_and_quotes() {
    let text = "a,b\n\"x,y\",\"line 1\nline 2\r\n\"\n\"say \"\"hi\"\"\",\"\"\"\"\n5\" pipe,it's \"so\"\n";
    let expected = rows(&[&["x,y", "line 1\nline 2\r\n"], &["say \"hi\"", "\""], &["5\" pipe", "it's \"so\""]]);
    assert_eq!(read(text, json!({})).rows(), expected);
}

#[test]
fn every_line_end_is_one() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["a,b", "1,x", "\"2\",\"y\"", "3,z"].join(end);
        let expected = rows(&[&["1", "x"], &["2", "y"], &["3", "z"]]);
        assert_eq!(read(&text, json!({})).rows(), expected, "{end:?}, cut");
        assert_eq!(read(format!("{text}{end}"), json!({})).rows(), expected, "{end:?}");
    }
}

#[test]
fn blank_lines_and_comments_are_no_rows() {
    let text = "# made by, \"hand\na,b\n\n1,x\r\n   \n# \"2,y\n\r\n3,z\n\n\n";
    let outcome = read(text, json!({"comment": "#"}));
    assert_eq!(outcome.rows(), rows(&[&["1", "x"], &["3", "z"]]));
    assert_eq!(outcome.counts.rows_read, 2);
}

#[test]
fn one_column_has_rows_too() {
    assert_eq!(read("a\n1\n\n2\n", json!({})).rows(), rows(&[&["1"], &["2"]]));
    assert_eq!(read("a\nx\n\"\"\ny\n", json!({})).rows(), rows(&[&["x"], &[NULL], &["y"]]));
}

#[test]
fn nulls_are_what_the_source_says() {
    let text = "n,s\n1,NA\nNA,\n,\"\"\n-999,x\n";
    assert_eq!(
        read(text, json!({"null_values": ["", "NA", "-999"]})).rows(),
        rows(&[&["1", NULL], &[NULL, NULL], &[NULL, NULL], &[NULL, "x"]])
    );
    assert_eq!(
        read(text, json!({"null_values": "NA"})).rows(),
        rows(&[&["1", NULL], &[NULL, ""], &[NULL, ""], &["-999", "x"]]),
        "an empty number is null, an empty text is one unless `\"\"` is named"
    );
    assert_eq!(
        read(text, json!({"null_values": ["", "NA"], "quoted_empty": "string"})).column("s"),
        [NULL, NULL, "", "x"]
    );
}

#[test]
fn delimiters_are_found() {
    for (name, text) in [
        ("a.csv", "a;b;c\n1,5;2;x,y\n2,5;3;z\n"),
        ("a.csv", "a\tb\tc\n1,5\t2\tx,y\n2,5\t3\tz\n"),
        ("a.txt", "a|b|c\n1,5|2|x,y\n2,5|3|z\n"),
        ("a.csv", "a,b,c\n\"1,5\",2,\"x,y\"\n\"2,5\",3,z\n"),
        ("a.tsv", "a\tb\tc\n1,5\t2\tx,y\n2,5\t3\tz\n"),
    ] {
        let outcome = Folder::with(name, text).read(name, &options(json!({}))).unwrap();
        assert_eq!(outcome.types(), ["a: string", "b: long", "c: string"], "{text}");
        assert_eq!(outcome.rows(), rows(&[&["1,5", "2", "x,y"], &["2,5", "3", "z"]]), "{text}");
    }
    assert_eq!(read("a^b\n1^2\n", json!({"delimiter": "^"})).types(), ["a: long", "b: long"]);
    assert_eq!(read("a\tb\n1\t2\n", json!({"delimiter": "tab"})).types(), ["a: long", "b: long"]);
}

#[test]
fn headers_are_found_and_doubt_is_said() {
    let named = |text: &str| read(text, json!({})).types();
    assert_eq!(named("id,name\n1,a\n2,b\n"), ["id: long", "name: string"]);
    assert_eq!(named("a,b\nc,d\n"), ["a: string", "b: string"]);
    assert_eq!(named("country,2019,2020\nDE,1,2\n"), ["country: string", "2019: long", "2020: long"]);
    let outcome = read("1,a,2024-01-01\n2,b,2024-01-02\n", json!({}));
    assert_eq!(outcome.types(), ["column_1: long", "column_2: string", "column_3: date"]);
    assert_eq!(outcome.counts.rows, 2);
    assert!(outcome.warnings[0].contains("`header: true`"), "{:?}", outcome.warnings);
    let outcome = read("1,a\n2,b\n", json!({"names": ["id", "name"]}));
    assert_eq!((outcome.types(), outcome.counts.rows), (vec!["id: long".to_owned(), "name: string".to_owned()], 2));
    let outcome = read("1,a\n2,b\n", json!({"header": true}));
    assert_eq!((outcome.types(), outcome.counts.rows), (vec!["1: long".to_owned(), "a: string".to_owned()], 1));
}

#[test]
fn files_that_begin_alike_have_headers() {
    let folder = Folder::with("1.csv", "1,2\n3,4\n").and("2.csv", "1,2\n5,6\n");
    assert_eq!(folder.read("*.csv", &options(json!({}))).unwrap().types(), ["1: long", "2: long"]);
}

#[test]
fn names_are_made_unique() {
    let outcome = read(" a ,b,,A,b_2,b\n1,2,3,4,5,6\n", json!({}));
    let names: Vec<String> = outcome.batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["a", "b", "column_3", "A_2", "b_2", "b_3"]);
    assert_eq!(outcome.rows(), rows(&[&["1", "2", "3", "4", "5", "6"]]));
    assert_eq!(outcome.warnings.len(), 3, "{:?}", outcome.warnings);
}

#[test]
fn lines_before_the_header_are_skipped() {
    let outcome =
        read("Report \"of, sorts\nof 2024\na,b\n1,2\nx\n", json!({"skip_lines": 2, "on_error": "quarantine"}));
    assert_eq!(outcome.rows(), rows(&[&["1", "2"]]));
    assert_eq!(outcome.rejects[0].line, 5);
}

#[test]
fn quoting_can_be_off_or_escaped() {
    assert_eq!(read("a,b\n\"x,1\"\n", json!({"quote": ""})).rows(), rows(&[&["\"x", "1\""]]));
    let text = "a,b\n\"say \\\"hi\\\", you\\\\\",1\n";
    assert_eq!(read(text, json!({"escape": "\\"})).rows(), rows(&[&["say \"hi\", you\\", "1"]]));
    assert_eq!(read("a,b\n'x,y',1\n", json!({"quote": "'"})).rows(), rows(&[&["x,y", "1"]]));
}

#[test]
fn encodings_become_utf_8() {
    let text = "größe,ort\n5,Køln\n";
    let utf16 = |big: bool, mark: bool| -> Vec<u8> {
        let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let latin1: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    let cases = [
        (format!("\u{feff}{text}").into_bytes(), json!({})),
        (utf16(false, true), json!({})),
        (utf16(true, true), json!({})),
        (utf16(false, false), json!({"encoding": "utf-16le"})),
        (latin1, json!({"encoding": "latin1"})),
    ];
    for (bytes, json) in cases {
        let outcome = read(bytes, json.clone());
        assert_eq!(outcome.types(), ["größe: long", "ort: string"], "{json}");
        assert_eq!(outcome.rows(), rows(&[&["5", "Køln"]]), "{json}");
    }
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let outcome = read("a,b\n", json!({}));
    assert_eq!((outcome.types(), outcome.counts.rows), (vec!["a: string".to_owned(), "b: string".to_owned()], 0));
}
