//! The data of the example, whose facts are known.

use std::path::Path;

use bywash_ingest::files::find;
use serde_json::json;

use super::support::{Outcome, options, read_as, read_files, types};

fn read(name: &str, json: serde_json::Value) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/flights");
    read_files(&find(&root, &format!("data/{name}.csv.zst")).unwrap(), &options(json)).unwrap()
}

#[test]
fn flights() {
    let outcome = read("flights", json!({"null_values": ["", "NA"]}));
    let whole =
        ["year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time", "sched_arr_time", "arr_delay"];
    let mut expected: Vec<String> = whole.iter().map(|name| format!("{name}: long")).collect();
    expected.extend(
        ["carrier: string", "flight: long", "tailnum: string", "origin: string", "dest: string"].map(str::to_owned),
    );
    expected.extend(
        ["air_time: long", "distance: long", "hour: long", "minute: long", "time_hour: timestamptz"].map(str::to_owned),
    );
    assert_eq!(outcome.types(), expected);
    assert_eq!(outcome.counts.rows, 336_776);
    let nulls = |name: &str| outcome.batch.column_by_name(name).unwrap().null_count();
    assert_eq!((nulls("dep_time"), nulls("arr_delay"), nulls("tailnum"), nulls("carrier")), (8_255, 9_430, 2_512, 0));
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
}

#[test]
fn without_null_words_a_column_is_text() {
    let outcome = read("flights", json!({}));
    assert!(outcome.types().contains(&"dep_time: string".to_owned()));
    assert_eq!(outcome.column("dep_time").iter().filter(|value| *value == "NA").count(), 8_255);
}

#[test]
fn the_other_tables() {
    let json = json!({"null_values": ["", "NA"]});
    assert_eq!(read("weather", json.clone()).counts.rows, 26_115);
    assert_eq!(read("planes", json.clone()).counts.rows, 3_322);
    let airports = read("airports", json);
    assert_eq!(airports.counts.rows, 1_458);
    let expected = [
        "faa: string",
        "name: string",
        "lat: double",
        "lon: double",
        "alt: long",
        "tz: long",
        "dst: string",
        "tzone: string",
    ];
    assert_eq!(airports.types(), expected);
}

#[test]
fn threads_change_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/flights");
    let files = find(&root, "data/flights.csv.zst").unwrap();
    let json = |threads: usize| {
        options(
            json!({"null_values": ["NA"], "threads": threads, "columns": {"dest": "int"}, "on_error": "quarantine"}),
        )
    };
    let typing = bywash_ingest::files::infer(&files, &json(1)).unwrap();
    let parallel = bywash_ingest::files::infer(&files, &json(4)).unwrap();
    assert_eq!(types(typing.schema().fields()), types(parallel.schema().fields()));
    let one = read_as(&files, &json(1), &typing).unwrap();
    let four = read_as(&files, &json(4), &typing).unwrap();
    assert_eq!(one.counts.rejected, 336_776, "no airport is a number");
    assert_eq!(one.rejects, four.rejects);
    assert_eq!((one.rejects[0].line, one.rejects[336_775].line), (2, 336_777));
}
