//! The Avro schemas of manifests and manifest lists, version 2, with the field ids that readers go by.

use bywash_core::{Code, Error, Result};
use serde_json::{Value, json};

use crate::avro::AvroBytes;
use crate::datum::Datum;
use crate::partition::PartitionSpec;
use crate::schema::Type;

/// The schema of a manifest's entries for partition values of these types.
pub(crate) fn entry_schema(spec: &PartitionSpec, types: &[Type]) -> Result<Value> {
    let partition = spec
        .fields
        .iter()
        .zip(types)
        .map(|(field, kind)| Ok(optional(&field.name, field.field_id, partition_type(field.field_id, kind)?)))
        .collect::<Result<Vec<_>>>()?;
    let partition = json!({"type": "record", "name": "r102", "fields": partition});
    let data_file = json!({"type": "record", "name": "r2", "fields": [
        field("content", 134, json!("int")),
        field("file_path", 100, json!("string")),
        field("file_format", 101, json!("string")),
        field("partition", 102, partition),
        field("record_count", 103, json!("long")),
        field("file_size_in_bytes", 104, json!("long")),
        optional("column_sizes", 108, map(117, 118, "long")),
        optional("value_counts", 109, map(119, 120, "long")),
        optional("null_value_counts", 110, map(121, 122, "long")),
        optional("nan_value_counts", 137, map(138, 139, "long")),
        optional("lower_bounds", 125, map(126, 127, "bytes")),
        optional("upper_bounds", 128, map(129, 130, "bytes")),
        optional("key_metadata", 131, json!("bytes")),
        optional("split_offsets", 132, json!({"type": "array", "items": "long", "element-id": 133})),
        optional("equality_ids", 135, json!({"type": "array", "items": "int", "element-id": 136})),
        optional("sort_order_id", 140, json!("int")),
    ]});
    Ok(json!({"type": "record", "name": "manifest_entry", "fields": [
        field("status", 0, json!("int")),
        optional("snapshot_id", 1, json!("long")),
        optional("sequence_number", 3, json!("long")),
        optional("file_sequence_number", 4, json!("long")),
        field("data_file", 2, data_file),
    ]}))
}

/// The schema of a manifest list.
pub(crate) fn list_schema() -> Value {
    let summary = json!({"type": "record", "name": "r508", "fields": [
        field("contains_null", 509, json!("boolean")),
        optional("contains_nan", 518, json!("boolean")),
        optional("lower_bound", 510, json!("bytes")),
        optional("upper_bound", 511, json!("bytes")),
    ]});
    json!({"type": "record", "name": "manifest_file", "fields": [
        field("manifest_path", 500, json!("string")),
        field("manifest_length", 501, json!("long")),
        field("partition_spec_id", 502, json!("int")),
        field("content", 517, json!("int")),
        field("sequence_number", 515, json!("long")),
        field("min_sequence_number", 516, json!("long")),
        field("added_snapshot_id", 503, json!("long")),
        field("added_files_count", 504, json!("int")),
        field("existing_files_count", 505, json!("int")),
        field("deleted_files_count", 506, json!("int")),
        field("added_rows_count", 512, json!("long")),
        field("existing_rows_count", 513, json!("long")),
        field("deleted_rows_count", 514, json!("long")),
        optional("partitions", 507, json!({"type": "array", "items": summary, "element-id": 508})),
        optional("key_metadata", 519, json!("bytes")),
    ]})
}

fn field(name: &str, id: i32, kind: Value) -> Value {
    json!({"name": name, "type": kind, "field-id": id})
}

fn optional(name: &str, id: i32, kind: Value) -> Value {
    json!({"name": name, "type": ["null", kind], "default": null, "field-id": id})
}

fn map(key: i32, value: i32, kind: &str) -> Value {
    let pair = json!({"type": "record", "name": format!("k{key}_v{value}"), "fields": [
        field("key", key, json!("int")),
        field("value", value, json!(kind)),
    ]});
    json!({"type": "array", "items": pair, "logicalType": "map"})
}

/// Named types carry the field's id, so that two fields of one type do not define it twice.
fn partition_type(id: i32, kind: &Type) -> Result<Value> {
    Ok(match kind {
        Type::Boolean | Type::Int | Type::Long | Type::Float | Type::Double | Type::String => json!(kind.to_string()),
        Type::Binary => json!("bytes"),
        Type::Date => json!({"type": "int", "logicalType": "date"}),
        Type::Time => json!({"type": "long", "logicalType": "time-micros"}),
        Type::Timestamp => json!({"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": false}),
        Type::Timestamptz => json!({"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": true}),
        Type::Fixed(length) => json!({"type": "fixed", "size": length, "name": format!("fixed_{id}")}),
        Type::Decimal { precision, scale } => json!({
            "type": "fixed", "size": decimal_bytes(*precision), "name": format!("decimal_{id}"),
            "logicalType": "decimal", "precision": precision, "scale": scale,
        }),
        Type::Uuid | Type::Struct(_) | Type::List(_) | Type::Map(..) => {
            return Err(Error::new(
                Code::NotYetSupported,
                format!("partition values of type `{kind}` are not supported"),
            )
            .hint("use `bucket(n, column)` instead"));
        }
    })
}

/// Appends a partition value in the form of its type's schema.
pub(crate) fn write_partition_value(avro: &mut AvroBytes, datum: &Datum) {
    match datum {
        Datum::Boolean(value) => avro.boolean(*value),
        Datum::Int(value) | Datum::Date(value) => avro.long(i64::from(*value)),
        Datum::Long(value) | Datum::Time(value) | Datum::Timestamp(value) | Datum::Timestamptz(value) => {
            avro.long(*value)
        }
        Datum::Float(_) | Datum::Double(_) | Datum::Fixed(_) | Datum::Uuid(_) => avro.raw(&datum.to_bytes()),
        Datum::Decimal { unscaled, precision, .. } => {
            avro.raw(&unscaled.to_be_bytes()[16 - decimal_bytes(*precision)..])
        }
        Datum::String(_) | Datum::Binary(_) => avro.bytes(&datum.to_bytes()),
    };
}

/// The fewest bytes that hold every number of so many digits.
pub(crate) fn decimal_bytes(precision: u8) -> usize {
    let largest = 10_i128.checked_pow(u32::from(precision)).map_or(i128::MAX, |power| power - 1);
    (1..16).find(|bytes| largest < 1_i128 << (8 * bytes - 1)).unwrap_or(16)
}
