//! Partition transforms: value for value those of the `iceberg` crate and of the specification's own examples.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Int32Type;
use bywash_iceberg_spec::reference_transform;
use bywash_lake::tables::transforms::{apply, apply_to, range_of};
use bywash_lake::tables::{Datum, Transform, Type};
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

/// Timestamps of some 20,000 years; the `iceberg` crate computes with a calendar of that size.
const TIMES: std::ops::Range<i64> = -3_000_000 * DAY..3_000_000 * DAY;

fn value() -> impl Strategy<Value = Datum> {
    prop_oneof![
        any::<i32>().prop_map(Datum::Int),
        (-100..100_i32).prop_map(Datum::Int),
        any::<i64>().prop_map(Datum::Long),
        (-100..100_i64).prop_map(Datum::Long),
        (-3_000_000..3_000_000_i32).prop_map(Datum::Date),
        (-800..800_i32).prop_map(Datum::Date),
        (0..DAY).prop_map(Datum::Time),
        TIMES.prop_map(Datum::Timestamp),
        (-40 * DAY..40 * DAY).prop_map(Datum::Timestamp),
        TIMES.prop_map(Datum::Timestamptz),
        (-10_i128.pow(17)..10_i128.pow(17)).prop_map(|unscaled| Datum::Decimal { unscaled, precision: 18, scale: 4 }),
        (-10_i128.pow(37)..10_i128.pow(37)).prop_map(|unscaled| Datum::Decimal { unscaled, precision: 38, scale: 10 }),
        "\\PC{0,12}".prop_map(Datum::String),
        "[a-c\u{d7ff}\u{10ffff}]{0,6}".prop_map(Datum::String),
        proptest::collection::vec(any::<u8>(), 0..12).prop_map(Datum::Binary),
        proptest::collection::vec(prop_oneof![Just(0xff_u8), any::<u8>()], 5).prop_map(Datum::Fixed),
    ]
}

fn transform() -> impl Strategy<Value = Transform> {
    prop_oneof![
        Just(Transform::Identity),
        (1..100_u32).prop_map(Transform::Bucket),
        (1..20_u32).prop_map(Transform::Truncate),
        Just(Transform::Year),
        Just(Transform::Month),
        Just(Transform::Day),
        Just(Transform::Hour),
    ]
}

fn width(transform: Transform) -> usize {
    match transform {
        Transform::Truncate(width) => width as usize,
        _ => 0,
    }
}

/// Their truncated decimals have the right digits, but forget where the point stands.
fn comparable(value: Datum) -> Datum {
    match value {
        Datum::Decimal { unscaled, .. } => Datum::Decimal { unscaled, precision: 38, scale: 0 },
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn transforms_agree_with_the_iceberg_crate(value in value(), transform in transform()) {
        let fits = transform.result_type(&value.kind()).is_ok();
        if matches!((&value, transform), (Datum::Binary(_), Transform::Truncate(_))) {
            // The one that the `iceberg` crate lacks.
            let first = value.to_bytes().into_iter().take(width(transform)).collect();
            prop_assert_eq!(apply_to(transform, &value).unwrap(), Some(Datum::Binary(first)));
            return Ok(());
        }
        match apply_to(transform, &value) {
            Ok(ours) => {
                let theirs = reference_transform(transform, &value).unwrap();
                prop_assert_eq!(comparable(ours.unwrap()), comparable(theirs.unwrap()));
            }
            Err(_) => prop_assert!(!fits),
        }
    }

    #[test]
    fn the_range_of_a_partition_contains_its_values(value in value(), transform in transform()) {
        if transform.result_type(&value.kind()).is_err() {
            return Ok(());
        }
        let partition = apply_to(transform, &value).unwrap().unwrap();
        if let Some((lower, upper)) = range_of(transform, &partition, &value.kind()) {
            prop_assert!(lower <= value && value <= upper, "{:?} to {:?}", lower, upper);
        } else {
            let open = matches!(transform, Transform::Bucket(_)) || matches!(value, Datum::String(_) | Datum::Binary(_));
            let wrapped = matches!(value, Datum::Int(low) if low < i32::MIN + 20) || matches!(value, Datum::Long(low) if low < i64::MIN + 20);
            prop_assert!(open || wrapped, "no range for {:?}", partition);
        }
    }
}

/// "Appendix B: 32-bit hash requirements" of the specification.
#[test]
fn buckets_are_those_of_the_specification() {
    let hashes = [
        (Datum::Int(34), 2_017_239_379),
        (Datum::Long(34), 2_017_239_379),
        (Datum::Decimal { unscaled: 1420, precision: 9, scale: 2 }, -500_754_589),
        (Datum::Date(17_486), -653_330_422),
        (Datum::Time(81_068_000_000), -662_762_989),
        (Datum::Timestamp(1_510_871_468_000_000), -2_047_944_441),
        (Datum::Timestamptz(1_510_871_468_000_000), -2_047_944_441),
        (Datum::String("iceberg".to_owned()), 1_210_000_089),
        (Datum::Uuid("f79c3e09-677c-4bbd-a479-3f349cb785e7".parse().unwrap()), 1_488_055_340),
        (Datum::Fixed(vec![0, 1, 2, 3]), -188_683_207),
        (Datum::Binary(vec![0, 1, 2, 3]), -188_683_207),
    ];
    for (value, hash) in hashes {
        let hash: i32 = hash;
        let bucket = (hash & i32::MAX) % 1_000_003;
        assert_eq!(apply_to(Transform::Bucket(1_000_003), &value).unwrap(), Some(Datum::Int(bucket)), "{value:?}");
    }
}

#[test]
fn nulls_stay_nulls_and_other_layouts_of_text_are_taken() {
    let texts = StringArray::from(vec![Some("iceberg"), None, Some("übermut")]);
    let column: ArrayRef = Arc::new(texts);
    let view = arrow::compute::cast(&column, &arrow::datatypes::DataType::Utf8View).unwrap();
    let short = apply(Transform::Truncate(2), &view).unwrap();
    assert_eq!(short.as_string::<i32>().iter().collect::<Vec<_>>(), [Some("ic"), None, Some("üb")]);
    let buckets = apply(Transform::Bucket(7), &column).unwrap();
    assert!(buckets.is_null(1) && buckets.as_primitive::<Int32Type>().is_valid(0));
    assert_eq!(apply(Transform::Void, &column).unwrap().null_count(), 3);
}

#[test]
fn both_zeros_are_one_partition_range() {
    let range = range_of(Transform::Identity, &Datum::Double(-0.0), &Type::Double);
    assert_eq!(range, Some((Datum::Double(-0.0), Datum::Double(0.0))));
    assert_eq!(range_of(Transform::Identity, &Datum::Double(f64::NAN), &Type::Double), None);
}

#[test]
fn hours_at_the_end_of_time_have_no_range() {
    for micros in [i64::MIN, i64::MAX] {
        let hour = apply_to(Transform::Hour, &Datum::Timestamp(micros)).unwrap().unwrap();
        assert_eq!(range_of(Transform::Hour, &hour, &Type::Timestamp), None);
    }
}

#[test]
fn transforms_that_do_not_fit_are_refused() {
    for (transform, kind) in
        [(Transform::Hour, Type::Date), (Transform::Bucket(2), Type::Double), (Transform::Year, Type::Long)]
    {
        assert!(transform.result_type(&kind).is_err(), "{transform} of {kind}");
    }
}
