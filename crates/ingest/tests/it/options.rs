//! The words of a source file.

use bywash_ingest::files::{Format, ReadOptions, TypeName};
use serde_json::json;

use super::support::{Folder, options, told};

#[test]
fn nothing_given_is_the_default() {
    assert_eq!(options(json!({})), ReadOptions::default());
}

#[test]
fn options_survive_a_round_trip() {
    let all = json!({
        "format": "ndjson", "delimiter": "tab", "header": false, "null_values": "NA", "quoted_empty": "string",
        "encoding": "latin1", "columns": {"b": "bigint", "a": {"data_type": "text"}}, "on_error": "quarantine",
        "comment": "#", "quote": "", "escape": "\\", "skip_lines": 2, "timestamp_formats": ["%d.%m.%Y"],
        "data_selector": "items", "max_expansion_ratio": 5, "threads": 1, "names": ["b", "a"],
    });
    let read = options(all);
    assert_eq!((read.format, read.quote), (Some(Format::JsonLines), None));
    let columns: Vec<_> = read.columns.iter().collect();
    assert_eq!(columns, [("b", TypeName::Long), ("a", TypeName::String)], "in the order written");
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(serde_json::from_str::<ReadOptions>(&written).unwrap(), read);
}

#[test]
fn wrong_options_are_refused() {
    for wrong in [
        json!({"delimitr": ";"}),
        json!({"delimiter": "||"}),
        json!({"delimiter": "ä"}),
        json!({"columns": {"a": "nope"}}),
        json!({"on_error": "ignore"}),
    ] {
        assert!(serde_json::from_value::<ReadOptions>(wrong.clone()).is_err(), "{wrong}");
    }
    let folder = Folder::with("a.csv", "a\n1\n");
    for (wrong, expected) in [
        (json!({"encoding": "utf-9"}), "did you mean `utf-8`?"),
        (json!({"delimiter": "\""}), "`\"` cannot mean two things"),
        (json!({"timestamp_formats": ["%Q"]}), "`%Q` is not a format"),
    ] {
        let error = folder.read("a.csv", &options(wrong)).unwrap_err();
        assert!(told(&error).contains(expected), "{}", told(&error));
    }
}

#[test]
fn types_have_many_names() {
    let same = [
        ("boolean", "BOOL"),
        ("int", "Integer"),
        ("int", "smallint"),
        ("long", "BIGINT"),
        ("long", "Int64"),
        ("float", "real"),
        ("double", "DOUBLE   PRECISION"),
        ("double", "float64"),
        ("decimal(38,9)", "numeric"),
        ("decimal(10,0)", "Decimal(10)"),
        ("decimal(10,2)", " number ( 10 , 2 ) "),
        ("timestamp", "datetime"),
        ("timestamp", "timestamp(6)"),
        ("timestamp", "timestamp (3) without time zone"),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamptz", "timestamp(6) with time zone"),
        ("string", "varchar(255)"),
        ("string", "character varying (10)"),
        ("binary", "bytea"),
    ];
    for (ours, theirs) in same {
        let read: TypeName = theirs.parse().unwrap();
        assert_eq!(read.to_string(), ours, "{theirs}");
        assert_eq!(read.to_string().parse::<TypeName>().unwrap(), read);
    }
    for wrong in ["strng", "decimal(39,0)", "decimal(5,6)", "decimal(a)", "decimal(5", ""] {
        assert!(wrong.parse::<TypeName>().is_err(), "{wrong}");
    }
    assert!(told(&"strng".parse::<TypeName>().unwrap_err()).contains("did you mean `string`?"));
}
