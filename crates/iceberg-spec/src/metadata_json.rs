//! Writing `metadata.json`, format version 2.

use std::collections::BTreeMap;

use bywash_core::{Error, Result};
use serde_json::{Map, Value, json};

use crate::metadata::TableMetadata;
use crate::schema_json::schema_to_json;
use crate::snapshot::Snapshot;

/// The file's bytes.
pub(crate) fn to_json(metadata: &TableMetadata) -> Result<Vec<u8>> {
    let refs = metadata
        .current_snapshot_id
        .map_or_else(|| json!({}), |id| json!({"main": {"snapshot-id": id, "type": "branch"}}));
    let mut json = json!({
        "format-version": 2,
        "table-uuid": metadata.uuid.to_string(),
        "location": metadata.location,
        "last-sequence-number": metadata.last_sequence_number,
        "last-updated-ms": metadata.last_updated_ms,
        "last-column-id": metadata.last_column_id,
        "current-schema-id": metadata.current_schema_id,
        "schemas": metadata.schemas.iter().map(schema_to_json).collect::<Vec<_>>(),
        "default-spec-id": metadata.default_spec_id,
        "partition-specs": plain(&metadata.specs)?,
        "last-partition-id": metadata.last_partition_id,
        "default-sort-order-id": metadata.default_sort_order_id,
        "sort-orders": plain(&metadata.sort_orders)?,
        "properties": plain(&metadata.properties)?,
        "current-snapshot-id": metadata.current_snapshot_id,
        "refs": refs,
        "snapshots": metadata.snapshots.iter().map(snapshot_to_json).collect::<Result<Vec<_>>>()?,
        "statistics": [],
        "partition-statistics": [],
        "snapshot-log": plain(&metadata.snapshot_log)?,
        "metadata-log": plain(&metadata.metadata_log)?,
    });
    if let (None, Some(object)) = (metadata.current_snapshot_id, json.as_object_mut()) {
        object.remove("current-snapshot-id");
    }
    serde_json::to_vec(&json).map_err(|error| Error::bug(error.to_string()))
}

fn snapshot_to_json(snapshot: &Snapshot) -> Result<Value> {
    let summary: BTreeMap<&str, Value> = snapshot
        .summary
        .iter()
        .map(|(key, value)| (key.as_str(), Value::String(value.clone())))
        .chain([("operation", plain(&snapshot.operation)?)])
        .collect();
    let mut json = Map::new();
    json.insert("snapshot-id".to_owned(), json!(snapshot.snapshot_id));
    if let Some(parent) = snapshot.parent_snapshot_id {
        json.insert("parent-snapshot-id".to_owned(), json!(parent));
    }
    json.insert("sequence-number".to_owned(), json!(snapshot.sequence_number));
    json.insert("timestamp-ms".to_owned(), json!(snapshot.timestamp_ms));
    json.insert("manifest-list".to_owned(), json!(snapshot.manifest_list));
    json.insert("summary".to_owned(), plain(&summary)?);
    if let Some(schema) = snapshot.schema_id {
        json.insert("schema-id".to_owned(), json!(schema));
    }
    Ok(Value::Object(json))
}

fn plain(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| Error::bug(error.to_string()))
}
