//! Single values: binary form, order, serialisation.

use bywash_iceberg_spec::{Datum, Schema, Transform, Type, reference_transform};
use proptest::prelude::*;

pub fn datum() -> impl Strategy<Value = Datum> {
    prop_oneof![
        any::<bool>().prop_map(Datum::Boolean),
        any::<i32>().prop_map(Datum::Int),
        any::<i64>().prop_map(Datum::Long),
        any::<f32>().prop_map(Datum::Float),
        any::<f64>().prop_map(Datum::Double),
        (-10_i128.pow(9) + 1..10_i128.pow(9)).prop_map(|unscaled| Datum::Decimal { unscaled, precision: 9, scale: 2 }),
        (-10_i128.pow(38) + 1..10_i128.pow(38)).prop_map(|unscaled| Datum::Decimal {
            unscaled,
            precision: 38,
            scale: 0
        }),
        any::<i32>().prop_map(Datum::Date),
        (0..86_400_000_000_i64).prop_map(Datum::Time),
        any::<i64>().prop_map(Datum::Timestamp),
        any::<i64>().prop_map(Datum::Timestamptz),
        "\\PC{0,20}".prop_map(Datum::String),
        any::<[u8; 16]>().prop_map(|bytes| Datum::Uuid(uuid::Uuid::from_bytes(bytes))),
        proptest::collection::vec(any::<u8>(), 7).prop_map(Datum::Fixed),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Datum::Binary),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn binary_form_and_json_lose_nothing(value in datum()) {
        prop_assert_eq!(&Datum::from_bytes(&value.kind(), &value.to_bytes()).unwrap(), &value);
        let json = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Datum>(&json).unwrap(), &value);
    }

    /// Identity takes the value through the other implementation's binary form and back.
    #[test]
    fn the_iceberg_crate_reads_the_same_value(value in datum()) {
        prop_assert_eq!(reference_transform(Transform::Identity, &value).unwrap(), Some(value));
    }

    #[test]
    fn values_of_one_type_have_one_order(one in datum(), other in datum()) {
        prop_assert_eq!(one.partial_cmp(&other).is_some(), one.kind() == other.kind());
        prop_assert_eq!(one == other, one.kind() == other.kind() && one.to_bytes() == other.to_bytes());
    }
}

#[test]
fn widened_columns_read_the_short_form() {
    assert_eq!(Datum::from_bytes(&Type::Long, &7_i32.to_le_bytes()).unwrap(), Datum::Long(7));
    assert_eq!(Datum::from_bytes(&Type::Double, &1.5_f32.to_le_bytes()).unwrap(), Datum::Double(1.5));
    for kind in [Type::Int, Type::Boolean, Type::Uuid, Type::Fixed(2), Type::Decimal { precision: 9, scale: 2 }] {
        assert!(Datum::from_bytes(&kind, &[]).is_err(), "{kind}");
    }
}

#[test]
fn decimals_are_shown_with_their_scale() {
    let shown = |unscaled, scale| Datum::Decimal { unscaled, precision: 9, scale }.to_string();
    assert_eq!([shown(-5, 2), shown(12345, 2), shown(7, 0)], ["-0.05", "123.45", "7"]);
}

#[test]
fn types_and_transforms_are_written_as_the_specification_has_them() {
    for text in ["decimal(9, 2)", "fixed[16]", "timestamptz", "long"] {
        assert_eq!(Type::parse(text).unwrap().to_string(), text);
    }
    for text in ["bucket[16]", "truncate[3]", "month", "void"] {
        assert_eq!(text.parse::<Transform>().unwrap().to_string(), text);
    }
    for text in ["bucket[0]", "bucket", "week", "truncate[-1]"] {
        assert!(text.parse::<Transform>().is_err(), "{text}");
    }
    assert!(Type::parse("variant").is_err());
}

#[test]
fn schemas_survive_json_with_all_that_is_nested() {
    let schema = crate::manifests::schema();
    let json = serde_json::to_value(&schema).unwrap();
    assert_eq!(json["fields"][0]["type"], "long");
    assert_eq!(serde_json::from_value::<Schema>(json).unwrap(), schema);
    assert!(serde_json::from_str::<Schema>(r#"{"type":"struct","fields":[{"id":1,"name":"x"}]}"#).is_err());
}
