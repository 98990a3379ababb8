//! For every transform, on random rows with nulls and long texts, a pruned scan gives what a full one gives.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use bywash_engine::sql::{Parameters, parse};
use bywash_lake::tables::WriteSettings;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::fixture::{Lake, Table, texts};

/// One row: a number, a text, an instant, a day, a decimal, a float, a truth.
type Row = (Option<i64>, Option<String>, Option<i64>, Option<i32>, Option<i128>, Option<f64>, Option<bool>);

const YEAR: i64 = 366 * 86_400_000_000;

fn row() -> impl Strategy<Value = Row> {
    let text = prop_oneof![
        3 => "[a-c]{0,4}",
        2 => "prefix that many texts share, long enough to be cut [a-z]{0,3}",
        1 => "\\PC{0,24}",
        1 => Just("\u{10ffff}\u{10ffff}".repeat(10)),
    ];
    let float = prop_oneof![4 => -100.0..100.0_f64, 1 => Just(f64::NAN), 1 => Just(-0.0), 1 => Just(f64::INFINITY)];
    (
        proptest::option::weighted(0.9, prop_oneof![-20_i64..20, any::<i64>()]),
        proptest::option::weighted(0.8, text),
        proptest::option::weighted(0.9, prop_oneof![-3 * YEAR..3 * YEAR, -5_000_000_i64..5_000_000]),
        proptest::option::weighted(0.9, -1_000_i32..1_000),
        proptest::option::weighted(0.9, -5_000_i128..5_000),
        proptest::option::weighted(0.9, float),
        proptest::option::weighted(0.9, any::<bool>()),
    )
}

const PARTITIONS: [&str; 17] = [
    "n",
    "text",
    "bucket(5, n)",
    "bucket(3, text)",
    "bucket(4, at)",
    "bucket(4, day)",
    "bucket(4, price)",
    "truncate(7, n)",
    "truncate(2, text)",
    "truncate(30, text)",
    "truncate(50, price)",
    "year(at)",
    "month(day)",
    "day(at)",
    "hour(at)",
    "truth",
    "ratio",
];

fn filters(rows: &[Row], pick: usize) -> Vec<String> {
    let of = |at: usize| &rows[(pick + at) % rows.len()];
    let n = of(0).0.unwrap_or(3);
    let text = of(1).1.clone().unwrap_or_default().replace('\'', "''");
    let at = format!("cast({} as timestamp)", of(2).2.unwrap_or(0) / 1_000_000);
    let day = format!("date '1970-01-01' + {}", of(3).3.unwrap_or(0).max(-700));
    let price = of(4).4.unwrap_or(0);
    let price = format!("cast({}.{:02} as decimal(9, 2))", price / 100, price.abs() % 100);
    let prefix: String = text.chars().filter(char::is_ascii_lowercase).take(2).collect();
    vec![
        format!("n = {n}"),
        format!("n > {n} and n <= {}", n.saturating_add(15)),
        format!("n in ({n}, {}, 7)", n.wrapping_add(1)),
        format!("n <> {n}"),
        format!("n is null or n < {n}"),
        format!("text = '{text}'"),
        format!("text >= '{text}'"),
        format!("text < '{text}'"),
        format!("text <> '{text}'"),
        format!("text like '{prefix}%'"),
        format!("text not like '{prefix}%'"),
        format!("text in ('{text}', 'a', 'bb')"),
        format!("at >= {at}"),
        format!("at < {at} and n is not null"),
        format!("at = {at}"),
        format!("cast(at as date) = {day}"),
        format!("day = {day}"),
        format!("day between {day} and {day} + 40"),
        format!("price = {price}"),
        format!("price < {price}"),
        "ratio > 50".to_owned(),
        "ratio <= 0".to_owned(),
        "ratio = 'nan'::double".to_owned(),
        "ratio <> 0".to_owned(),
        "truth".to_owned(),
        "not truth".to_owned(),
        "truth is null".to_owned(),
        "text is null and at is not null".to_owned(),
        format!("n = {n} or text = '{text}'"),
        format!("not (n = {n} and price > {price})"),
    ]
}

fn batch(rows: &[Row]) -> RecordBatch {
    let decimals: Decimal128Array = rows.iter().map(|row| row.4).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(rows.iter().map(|row| row.0).collect::<Int64Array>())),
        ("text", Arc::new(rows.iter().map(|row| row.1.clone()).collect::<StringArray>())),
        ("at", Arc::new(rows.iter().map(|row| row.2).collect::<TimestampMicrosecondArray>())),
        ("day", Arc::new(rows.iter().map(|row| row.3).collect::<Date32Array>())),
        ("price", Arc::new(decimals.with_precision_and_scale(9, 2).expect("a decimal"))),
        ("ratio", Arc::new(rows.iter().map(|row| row.5).collect::<Float64Array>())),
        ("truth", Arc::new(rows.iter().map(|row| row.6).collect::<BooleanArray>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .expect("rows")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_pruned_scan_equals_a_full_one(
        rows in proptest::collection::vec(row(), 1..60),
        pick in any::<proptest::sample::Index>(),
        partition in 0..PARTITIONS.len(),
    ) {
        let runtime = Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let lake = Lake::new();
            lake.tables.put("raw.rows", Table::Batches(vec![batch(&rows)]));
            let create = format!("create table raw.t partition by ({}) as from raw.rows", PARTITIONS[partition]);
            let settings = WriteSettings { row_group_rows: 8, ..WriteSettings::default() };
            lake.create(&parse("<query>", &create).expect("sql"), settings).await.expect("a table");
            let blind = lake.engine.session(Arc::new(lake.tables.blind()));
            for filter in filters(&rows, pick.index(rows.len())) {
                let count = |table: &str| format!("select n, text, at from {table} where {filter}");
                let sorted = |mut rows: Vec<Vec<String>>| { rows.sort(); rows };
                let pruned = sorted(lake.rows(&count("raw.t")).await);
                let parsed = parse("<query>", &count("raw.t")).expect("sql");
                let full = blind.plan(&parsed, &Parameters::new()).await.expect("plan").collect().await.expect("rows");
                assert_eq!(pruned, sorted(texts(&full)), "{create} / {filter}");
                assert_eq!(pruned, sorted(lake.rows(&count("raw.rows")).await), "{create} / {filter} / in memory");
            }
        });
    }
}
