//! What holds for every table: written as CSV it reads back equal, in chunks or whole, guessed or inferred.

use bywash_ingest::files::{infer, open};
use proptest::prelude::*;
use serde_json::json;

use super::support::{Folder, NULL, options, read_as, read_files};

/// How a table is written.
#[derive(Clone, Debug)]
struct Style {
    delimiter: char,
    line_end: &'static str,
    quote_all: bool,
    cut_end: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let delimiters = prop::sample::select(vec![',', ';', '\t', '|']);
    let ends = prop::sample::select(vec!["\n", "\r\n"]);
    (delimiters, ends, any::<bool>(), any::<bool>()).prop_map(|(delimiter, line_end, quote_all, cut_end)| Style {
        delimiter,
        line_end,
        quote_all,
        cut_end,
    })
}

/// A column of one type: its word, and values as they are shown when read.
fn column(rows: usize) -> impl Strategy<Value = (&'static str, Vec<Option<String>>)> {
    let of = move |word: &'static str, value: BoxedStrategy<String>| {
        prop::collection::vec(prop::option::weighted(0.85, value), rows).prop_map(move |values| (word, values)).boxed()
    };
    prop_oneof![
        of("long", any::<i64>().prop_map(|value| value.to_string()).boxed()),
        of("boolean", any::<bool>().prop_map(|value| value.to_string()).boxed()),
        of("double", any::<i32>().prop_map(|value| format!("{:?}", f64::from(value) / 64.0)).boxed()),
        of("date", (1_i32..9999, 1_u32..13, 1_u32..29).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")).boxed()),
        of("timestamp", (1900_i32..2100, 0_u32..60).prop_map(|(y, s)| format!("{y}-06-30T23:59:{s:02}")).boxed()),
        of("string", "[a-zA-Zä€😀 ,;|\t\"'\r\n#-]{1,12}[a-z]".boxed()),
    ]
}

type Table = Vec<(&'static str, Vec<Option<String>>)>;

fn table() -> impl Strategy<Value = Table> {
    (0_usize..40).prop_flat_map(|rows| prop::collection::vec(column(rows), 2..6))
}

fn write(table: &Table, style: &Style) -> String {
    let mut text = String::new();
    let names: Vec<String> = (0..table.len()).map(|place| format!("c{place}")).collect();
    text.push_str(&names.join(&style.delimiter.to_string()));
    text.push_str(style.line_end);
    for row in 0..table[0].1.len() {
        let fields: Vec<String> = table.iter().map(|(_, values)| field(values[row].as_deref(), style)).collect();
        text.push_str(&fields.join(&style.delimiter.to_string()));
        text.push_str(style.line_end);
    }
    if style.cut_end {
        text.truncate(text.len() - style.line_end.len());
    }
    text
}

fn field(value: Option<&str>, style: &Style) -> String {
    let Some(value) = value else { return String::new() };
    let needs = value.contains([style.delimiter, '"', '\r', '\n']);
    if needs || style.quote_all { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_written_as_csv_reads_back_equal(table in table(), style in style()) {
        let text = write(&table, &style);
        let json = json!({"delimiter": style.delimiter.to_string(), "header": true});
        let outcome = Folder::with("a.csv", &text).read("a.csv", &options(json)).unwrap();
        for (place, (word, values)) in table.iter().enumerate() {
            let expected: Vec<String> = values.iter().map(|value| value.clone().unwrap_or(NULL.to_owned())).collect();
            prop_assert_eq!(outcome.column(&format!("c{place}")), expected);
            if values.iter().any(Option::is_some) {
                prop_assert_eq!(outcome.types()[place].clone(), format!("c{place}: {word}"));
            }
        }
    }

    /// Any bytes at all: no panic, no hang; with quarantine every record is somewhere; guess, finding and threads agree.
    #[test]
    fn garbage_is_an_error_or_rejects(
        bytes in prop::collection::vec(prop::sample::select(b"a1,\"\n\r\\.-e0\xff;\t".to_vec()), 0..120),
    ) {
        let folder = Folder::with("a.csv", &bytes);
        for json in [json!({}), json!({"on_error": "quarantine"}), json!({"escape": "\\", "comment": "-"})] {
            let read = options(json);
            let files = folder.find("a.csv").unwrap();
            let guessed = read_files(&files, &read);
            let inferred = infer(&files, &read).and_then(|typing| Ok(read_as(&files, &read, &typing)?));
            match (guessed, inferred) {
                (Ok(guessed), Ok(inferred)) => {
                    prop_assert_eq!(guessed.types(), inferred.types());
                    prop_assert_eq!(guessed.batch, inferred.batch);
                    prop_assert_eq!(guessed.rejects, inferred.rejects);
                }
                (Err(_), Err(_)) => {}
                (guessed, inferred) => prop_assert!(false, "guessed {guessed:?}, inferred {inferred:?}"),
            }
        }
    }

    /// JSON as another library writes it, with every kind of value, reads back as that library shows it.
    #[test]
    fn json_values_survive_as_text(value in json_value()) {
        let text = format!("{{\"x\": {value}}}\n{{\"x\": \"text\"}}\n{{\"x\": [1]}}\n");
        let outcome = Folder::with("a.jsonl", text).read("a.jsonl", &options(json!({}))).unwrap();
        prop_assert_eq!(outcome.types(), ["x: string".to_owned()]);
        let shown = outcome.column("x").swap_remove(0);
        let expected = match &value {
            serde_json::Value::Null => NULL.to_owned(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        prop_assert_eq!(shown, expected);
    }
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1e300_f64..1e300).prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A file of many chunks, with line ends inside quotes and wrong records, read by one thread and by several.
#[test]
fn chunks_do_not_show() {
    let mut text = "id,text,n\n".to_owned();
    for row in 0..120_000_u32 {
        match row % 1_000 {
            7 => text.push_str(&format!("{row},\"two\nlines, \"\"quoted\"\"\",{row}\n")),
            500 => text.push_str(&format!("{row},too,many,fields\n")),
            900 => text.push_str(&format!("{row},not a number,x{row}\n")),
            _ => text.push_str(&format!("{row},row {row} of a text that is long enough,{}\n", row % 97)),
        }
    }
    let folder = Folder::with("a.csv", &text);
    let files = folder.find("a.csv").unwrap();
    let read = |threads: usize| options(json!({"threads": threads, "on_error": "quarantine", "columns": {"n": "int"}}));
    let typing = infer(&files, &read(1)).unwrap();
    let one = read_as(&files, &read(1), &typing).unwrap();
    let four = read_as(&files, &read(4), &typing).unwrap();
    assert_eq!((&one.batch, &one.rejects), (&four.batch, &four.rejects));
    assert_eq!((one.counts.rows, one.counts.rejected), (119_760, 240));
    let lines: Vec<&str> = text.lines().collect();
    for reject in &one.rejects {
        assert_eq!(lines[reject.line as usize - 1], reject.raw);
    }
    drop(open(&files[0], &read(4), &typing).unwrap().next());
}
