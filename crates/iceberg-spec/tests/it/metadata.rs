//! Table metadata.

use std::collections::BTreeMap;

use bywash_core::Code;
use bywash_iceberg_spec::{
    Field, NewTable, Operation, PartitionField, PartitionSpec, Schema, Snapshot, SortField, SortOrder, TableMetadata,
    Transform, Type,
};

use crate::manifests::schema;

fn table() -> TableMetadata {
    let field = PartitionField { source_id: 11, field_id: 1_000, name: "day".to_owned(), transform: Transform::Day };
    let key = SortField { source_id: 1, transform: Transform::Identity, ascending: false, nulls_first: false };
    TableMetadata::create(NewTable {
        uuid: uuid::Uuid::from_u128(7),
        location: "file:///warehouse/raw/flights-1/".to_owned(),
        schema: schema(),
        spec: PartitionSpec { id: 3, fields: vec![field] },
        sort_order: SortOrder { id: 1, fields: vec![key] },
        last_column_id: 60,
        properties: BTreeMap::from([("gc.enabled".to_owned(), "true".to_owned()), ("mine".to_owned(), "ü".to_owned())]),
        timestamp_ms: 1_000,
    })
}

fn snapshot(of: &TableMetadata, id: i64) -> Snapshot {
    Snapshot {
        snapshot_id: id,
        parent_snapshot_id: of.current_snapshot_id,
        sequence_number: of.next_sequence_number(),
        timestamp_ms: 900,
        manifest_list: format!("file:///warehouse/raw/flights-1/metadata/{id}.avro"),
        operation: Operation::Overwrite,
        summary: BTreeMap::from([("total-records".to_owned(), "5".to_owned())]),
        schema_id: Some(of.current_schema_id),
    }
}

#[test]
fn metadata_reads_back_with_the_ids_it_was_given() {
    let empty = table();
    let one = empty.with_snapshot(snapshot(&empty, 71), None).unwrap();
    let two = one.with_snapshot(snapshot(&one, i64::MAX), Some("file:///one.metadata.json")).unwrap();
    for metadata in [&empty, &one, &two] {
        assert_eq!(TableMetadata::parse(&metadata.to_json().unwrap()).unwrap(), *metadata);
    }
    assert_eq!(
        (two.current_schema_id, two.default_spec_id, two.last_column_id, two.last_partition_id),
        (5, 3, 60, 1_000)
    );
    assert_eq!(two.snapshot_by_id(71).unwrap().timestamp_ms, 1_000, "time does not go back");
    assert_eq!(two.location, "file:///warehouse/raw/flights-1");
    let json: serde_json::Value = serde_json::from_slice(&two.to_json().unwrap()).unwrap();
    assert_eq!(json["refs"], serde_json::json!({"main": {"snapshot-id": i64::MAX, "type": "branch"}}), "rule T2");
}

#[test]
fn t6_nobody_else_may_delete_our_files() {
    let properties = table().properties;
    assert_eq!(properties["gc.enabled"], "false");
    assert_eq!(properties["write.metadata.delete-after-commit.enabled"], "false");
    assert_eq!(properties["mine"], "ü");
}

#[test]
fn t2_a_snapshot_continues_the_history_or_is_refused() {
    let empty = table();
    let one = empty.with_snapshot(snapshot(&empty, 71), None).unwrap();
    let twice = Snapshot { snapshot_id: 71, ..snapshot(&one, 72) };
    let elsewhere = Snapshot { parent_snapshot_id: Some(1), ..snapshot(&one, 72) };
    let skipping = Snapshot { sequence_number: 3, ..snapshot(&one, 72) };
    for wrong in [twice, elsewhere, skipping] {
        assert_eq!(one.with_snapshot(wrong, None).unwrap_err().code(), Code::Bug);
    }
}

#[test]
fn t3_an_id_stands_for_one_schema_and_one_spec() {
    let first = table();
    let wider = Schema { id: 6, fields: [schema().fields, vec![Field::optional(61, "more", Type::Long)]].concat() };
    let second = first.with_schema(wider.clone(), 70).unwrap();
    assert_eq!((second.current_schema_id, second.last_column_id, second.schemas.len()), (6, 70, 2));
    assert_eq!(TableMetadata::parse(&second.to_json().unwrap()).unwrap(), second);
    let back = second.with_schema(schema(), 0).unwrap();
    assert_eq!((back.current_schema_id, back.schemas.len(), back.last_column_id), (5, 2, 70));
    assert_eq!(second.with_schema(Schema { id: 5, ..wider }, 70).unwrap_err().code(), Code::Bug);

    let flat = second.with_spec(PartitionSpec::unpartitioned(4)).unwrap();
    assert_eq!((flat.default_spec_id, flat.specs.len(), flat.last_partition_id), (4, 2, 1_000));
    assert_eq!(TableMetadata::parse(&flat.to_json().unwrap()).unwrap(), flat);
    assert_eq!(flat.with_spec(PartitionSpec::unpartitioned(3)).unwrap_err().code(), Code::Bug);
}

#[test]
fn formats_that_are_not_known_are_refused() {
    let mut json: serde_json::Value = serde_json::from_slice(&table().to_json().unwrap()).unwrap();
    json["format-version"] = 3.into();
    let newer = TableMetadata::parse(json.to_string().as_bytes()).unwrap_err();
    assert_eq!(newer.code(), Code::NotYetSupported);
    json["format-version"] = 2.into();
    json["schemas"][0]["fields"][0]["type"] = "timestamp_ns".into();
    assert_eq!(TableMetadata::parse(json.to_string().as_bytes()).unwrap_err().code(), Code::UnsupportedType);
    for broken in ["", "{}", "{\"format-version\": 2}"] {
        assert_eq!(TableMetadata::parse(broken.as_bytes()).unwrap_err().code(), Code::TableCorrupt, "{broken}");
    }
}

#[test]
fn tables_of_version_1_are_read() {
    let json = serde_json::json!({
        "format-version": 1, "table-uuid": "d20125c8-7284-442c-9aea-15fee620737c", "location": "file:///old/t",
        "last-updated-ms": 1_602_638_573_874_i64, "last-column-id": 2,
        "schema": {"type": "struct", "fields": [
            {"id": 1, "name": "x", "required": true, "type": "long"},
            {"id": 2, "name": "y", "required": false, "type": "string", "doc": "comment"},
        ]},
        "partition-spec": [{"name": "x", "transform": "identity", "source-id": 1, "field-id": 1000}],
        "properties": {}, "current-snapshot-id": -1, "snapshots": [],
    });
    let table = TableMetadata::parse(json.to_string().as_bytes()).unwrap();
    assert_eq!((table.format_version, table.current_snapshot_id, table.schema().unwrap().fields.len()), (1, None, 2));
    assert_eq!(table.spec().unwrap().fields[0].transform, Transform::Identity);
}
