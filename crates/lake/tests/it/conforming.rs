//! Columns as they come, made into columns of a table, and what is refused.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, Int64Array, LargeStringArray, NullArray, RecordBatch,
    TimestampNanosecondArray, UInt8Array, UInt64Array,
};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, Int32Type, Schema as ArrowSchema, TimeUnit};
use bywash_core::Code;
use bywash_lake::tables::{Type, assign_ids, conform};

use crate::fixture::{Counter, schema_of};
use crate::rows::{every_type, longs};

fn column(name: &str, array: impl Array + 'static) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([(name, Arc::new(array) as ArrayRef, true)]).unwrap()
}

#[test]
fn foreign_types_are_widened_to_those_of_a_table() {
    let dictionary: DictionaryArray<Int32Type> = vec!["a", "b", "a"].into_iter().collect();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("tiny", Arc::new(UInt8Array::from(vec![1, 255, 3])) as ArrayRef, true),
        ("huge", Arc::new(UInt64Array::from(vec![1, u64::MAX, 3])) as ArrayRef, true),
        ("word", Arc::new(dictionary) as ArrayRef, true),
        ("text", Arc::new(LargeStringArray::from(vec!["x", "y", "z"])) as ArrayRef, true),
        ("nothing", Arc::new(NullArray::new(3)) as ArrayRef, true),
        ("when", Arc::new(TimestampNanosecondArray::from(vec![1_999, 2_000, -1_000])) as ArrayRef, true),
    ])
    .unwrap();
    let schema = schema_of(batch.schema_ref());
    let kinds: Vec<String> = schema.fields.iter().map(|field| field.kind.to_string()).collect();
    assert_eq!(kinds, ["int", "decimal(20, 0)", "string", "string", "string", "timestamp"]);
    let rows = conform(&batch, &schema).unwrap();
    assert_eq!(rows.column(1).as_primitive::<Decimal128Type>().value(1), i128::from(u64::MAX));
    assert_eq!(rows.column(2).as_string::<i32>().value(2), "a");
    assert_eq!(rows.column(4).null_count(), 3);
    let micros = rows.column(5).as_primitive::<arrow::datatypes::TimestampMicrosecondType>();
    assert_eq!(micros.values(), &[1, 2, -1]);
}

#[test]
fn ids_are_given_level_by_level() {
    let schema = schema_of(every_type(0, 1).schema_ref());
    let id = |name: &str| schema.field(name).unwrap().id;
    assert_eq!((id("id"), id("scores")), (1, 16));
    let Type::Struct(parts) = &schema.field("place").unwrap().kind else { panic!("a struct") };
    assert_eq!((parts[0].id, parts[1].id), (17, 18));
    let Type::Map(key, value) = &schema.field("scores").unwrap().kind else { panic!("a map") };
    assert_eq!((key.id, value.id, key.required), (20, 21, true));
    assert_eq!(schema.highest_field_id(), 21);
}

#[test]
fn types_that_tables_lack_are_refused_by_name() {
    let columns = ArrowSchema::new(vec![
        Field::new("good", DataType::Int64, true),
        Field::new("took", DataType::Duration(TimeUnit::Second), true),
        Field::new(
            "deep",
            DataType::Struct(Fields::from(vec![Field::new("wait", DataType::Duration(TimeUnit::Second), true)])),
            true,
        ),
    ]);
    let error = assign_ids(&columns, &mut Counter::default()).unwrap_err();
    let messages: Vec<&str> = error.each().iter().map(|one| one.message()).collect();
    assert_eq!(error.code(), Code::UnsupportedType);
    assert!(messages[0].contains("`took`") && messages[1].contains("`deep.wait`"), "{messages:?}");
}

#[test]
fn missing_columns_are_null_and_unknown_ones_are_refused() {
    let schema = schema_of(&ArrowSchema::new(vec![
        Field::new("carrier", DataType::Utf8, true),
        Field::new("x", DataType::Int64, true),
    ]));
    let rows = conform(&longs("x", [Some(1), None]), &schema).unwrap();
    assert_eq!((rows.num_columns(), rows.column(0).null_count()), (2, 2));
    let error = conform(&longs("carier", [Some(1)]), &schema).unwrap_err();
    assert_eq!(error.code(), Code::SchemaChange);
    assert!(error.hints().iter().any(|hint| hint.contains("`carrier`")), "{error:?}");
}

#[test]
fn a_value_is_kept_or_refused_never_changed() {
    let schema = schema_of(&ArrowSchema::new(vec![Field::new("x", DataType::Int32, true)]));
    assert_eq!(conform(&longs("x", [Some(7)]), &schema).unwrap().column(0).as_primitive::<Int32Type>().value(0), 7);
    let too_large = conform(&longs("x", [Some(1 << 40)]), &schema).unwrap_err();
    assert_eq!(too_large.code(), Code::InvalidValue);
    let fraction = conform(&column("x", Float64Array::from(vec![1.5])), &schema).unwrap_err();
    assert_eq!(fraction.code(), Code::SchemaChange);
    let text = schema_of(&ArrowSchema::new(vec![Field::new("x", DataType::Utf8, true)]));
    assert_eq!(conform(&longs("x", [Some(7)]), &text).unwrap_err().code(), Code::SchemaChange);
}

#[test]
fn nulls_in_required_columns_are_refused() {
    let schema = schema_of(&ArrowSchema::new(vec![Field::new("x", DataType::Int64, false)]));
    assert_eq!(conform(&longs("x", [None]), &schema).unwrap_err().code(), Code::InvalidValue);
    assert!(conform(&longs("x", [Some(1)]), &schema).is_ok());
}

#[test]
fn nested_columns_are_matched_by_the_names_of_their_parts() {
    let rows = every_type(0, 50);
    let rows = rows.project(&[rows.schema_ref().index_of("place").unwrap()]).unwrap();
    let schema = schema_of(rows.schema_ref());
    let place = rows.column_by_name("place").unwrap().as_struct();
    let turned = arrow::array::StructArray::new(
        Fields::from(vec![place.fields()[1].clone(), place.fields()[0].clone()]),
        vec![place.column(1).clone(), place.column(0).clone()],
        place.nulls().cloned(),
    );
    let fitted = conform(&column("place", turned), &schema).unwrap();
    let expected = conform(&rows, &schema).unwrap();
    let of = |batch: &RecordBatch| batch.column_by_name("place").unwrap().clone();
    assert_eq!(&of(&fitted), &of(&expected));
    let id = Int64Array::from(vec![1]);
    assert_eq!(conform(&column("place", id), &schema).unwrap_err().code(), Code::SchemaChange);
}
