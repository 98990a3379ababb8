//! Descriptions of data files in JSON, as the catalog keeps them.

use std::collections::BTreeMap;

use bywash_iceberg_spec::{DataFile, Datum};

pub fn data_file(path: &str, partition: Vec<Option<Datum>>) -> DataFile {
    let counts = |count: u64| BTreeMap::from([(1, count), (2, count)]);
    DataFile {
        path: format!("file:///warehouse/raw/flights-1/data/{path}"),
        record_count: 10,
        file_size_in_bytes: 1_234,
        partition,
        spec_id: 3,
        column_sizes: counts(100),
        value_counts: counts(10),
        null_value_counts: counts(1),
        nan_value_counts: BTreeMap::from([(2, 0)]),
        lower_bounds: BTreeMap::from([(1, Datum::Long(-5)), (2, Datum::Double(-0.0))]),
        upper_bounds: BTreeMap::from([(1, Datum::Long(i64::MAX)), (2, Datum::Double(f64::INFINITY))]),
        split_offsets: vec![4, 700],
        sort_order_id: Some(1),
        row_sums: None,
    }
}

#[test]
fn json_loses_nothing() {
    let file = data_file("x.parquet", vec![Some(Datum::Double(f64::NAN)), None, Some(Datum::String("ü".to_owned()))]);
    let json = serde_json::to_string(&file).unwrap();
    assert_eq!(serde_json::from_str::<DataFile>(&json).unwrap(), file);
}
