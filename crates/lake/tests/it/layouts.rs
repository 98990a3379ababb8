//! Layouts as users write them.

use arrow::datatypes::{DataType, Field, Schema as ArrowSchema, TimeUnit};
use bywash_core::Code;
use bywash_lake::tables::{PartitionTerm, Transform, check_columns, partition_spec};

use crate::fixture::schema_of;

fn columns() -> ArrowSchema {
    ArrowSchema::new(vec![
        Field::new("time_hour", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("carrier", DataType::Utf8, true),
        Field::new("Flight No.", DataType::Int64, true),
        Field::new("carrier_trunc_1", DataType::Int64, true),
        Field::new("x", DataType::Float64, true),
    ])
}

fn terms(terms: &[&str]) -> Vec<String> {
    terms.iter().map(|&term| term.to_owned()).collect()
}

#[test]
fn terms_are_a_column_or_a_transform_of_one() {
    let term = |text: &str| text.parse::<PartitionTerm>().map(|term| (term.transform, term.column));
    assert_eq!(term("carrier").unwrap(), (Transform::Identity, "carrier".to_owned()));
    assert_eq!(term(" month( time_hour ) ").unwrap(), (Transform::Month, "time_hour".to_owned()));
    assert_eq!(term("bucket(4, \"Flight No.\")").unwrap(), (Transform::Bucket(4), "Flight No.".to_owned()));
    assert_eq!(term("Truncate(2,carrier)").unwrap(), (Transform::Truncate(2), "carrier".to_owned()));
    for wrong in
        ["", "month()", "bucket(carrier)", "bucket(0, carrier)", "month(2, x)", "week(x)", "a b", "truncate(-1, x)"]
    {
        assert_eq!(term(wrong).unwrap_err().code(), Code::InvalidSetting, "{wrong}");
    }
}

#[test]
fn fields_have_names_that_avro_takes_and_no_column_has() {
    let schema = schema_of(&columns());
    let spec = partition_spec(
        &terms(&["month(time_hour)", "carrier", "truncate(1, carrier)", "bucket(4, `Flight No.`)"]),
        &schema,
    );
    let names: Vec<(i32, String)> =
        spec.unwrap().fields.into_iter().map(|field| (field.field_id, field.name)).collect();
    let expected =
        [(1000, "time_hour_month"), (1001, "carrier"), (1002, "carrier_trunc_1_2"), (1003, "Flight_No__bucket_4")];
    assert_eq!(names, expected.map(|(id, name)| (id, name.to_owned())));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let schema = schema_of(&columns());
    let error = partition_spec(&terms(&["month(tme_hour)", "bucket(3, x)", "year(carrier)"]), &schema).unwrap_err();
    let codes: Vec<Code> = error.each().iter().map(|one| one.code()).collect();
    assert_eq!(codes, [Code::UnknownColumn, Code::UnsupportedType, Code::UnsupportedType]);
    assert!(error.hints()[0].contains("`time_hour`"));
    assert_eq!(partition_spec(&terms(&["carrier", "carrier"]), &schema).unwrap_err().code(), Code::InvalidSetting);
    assert_eq!(check_columns(&terms(&["carrier", "y"]), &schema).unwrap_err().code(), Code::UnknownColumn);
}
