//! Everything that touches the `iceberg` crate: its parsed values become ours here, and nowhere else.

use std::collections::HashMap;

use bywash_core::{Code, Error, Result, guarded};
use iceberg::spec as theirs;

use crate::data_file::DataFile;
use crate::datum::Datum;
use crate::deletes::{DeleteFile, DeleteKind};
use crate::manifest::{EntryStatus, Manifest, ManifestEntry};
use crate::manifest_list::{ManifestFile, PartitionSummary};
use crate::metadata::TableMetadata;
use crate::partition::{PartitionField, PartitionSpec, Transform};
use crate::schema::{Field, Schema, Type};
use crate::snapshot::{MetadataLogEntry, Operation, Snapshot, SnapshotLogEntry};
use crate::sort::{SortField, SortOrder};

/// What their parser makes of a file, which asserts some of what it reads.
fn parsed<T, E: std::fmt::Display>(what: &str, parse: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match guarded(parse) {
        Some(outcome) => outcome.map_err(|error| corrupt(what, error)),
        None => Err(corrupt(what, "it contradicts itself")),
    }
}

/// Parses a `metadata.json`.
pub(crate) fn parse_metadata(bytes: &[u8]) -> Result<TableMetadata> {
    let version = serde_json::from_slice::<serde_json::Value>(bytes)
        .map_err(|error| corrupt("table metadata", error))?
        .get("format-version")
        .and_then(serde_json::Value::as_u64);
    if let Some(version) = version.filter(|version| *version > 2) {
        return Err(Error::new(
            Code::NotYetSupported,
            format!("Iceberg tables of format version {version} are not supported"),
        )
        .hint("Bywash reads format versions 1 and 2"));
    }
    let metadata: theirs::TableMetadata = parsed("table metadata", || serde_json::from_slice(bytes))?;
    let mut schemas = metadata.schemas_iter().map(|one| schema(one)).collect::<Result<Vec<_>>>()?;
    schemas.sort_by_key(|schema| schema.id);
    let mut specs =
        metadata.partition_specs_iter().map(|one| spec(one.spec_id(), one.fields())).collect::<Result<Vec<_>>>()?;
    specs.sort_by_key(|spec| spec.id);
    let mut sort_orders = metadata.sort_orders_iter().map(|one| sort_order(one)).collect::<Result<Vec<_>>>()?;
    sort_orders.sort_by_key(|order| order.id);
    let mut snapshots: Vec<Snapshot> = metadata.snapshots().map(|one| snapshot(one)).collect();
    snapshots.sort_by_key(|snapshot| (snapshot.sequence_number, snapshot.timestamp_ms, snapshot.snapshot_id));
    Ok(TableMetadata {
        format_version: metadata.format_version() as u8,
        uuid: metadata.uuid(),
        location: metadata.location().to_owned(),
        last_sequence_number: metadata.last_sequence_number(),
        last_updated_ms: metadata.last_updated_ms(),
        last_column_id: metadata.last_column_id(),
        schemas,
        current_schema_id: metadata.current_schema_id(),
        specs,
        default_spec_id: metadata.default_partition_spec_id(),
        last_partition_id: metadata.last_partition_id(),
        sort_orders,
        default_sort_order_id: metadata.default_sort_order_id(),
        properties: metadata.properties().iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        current_snapshot_id: metadata.current_snapshot_id(),
        snapshots,
        snapshot_log: metadata
            .history()
            .iter()
            .map(|entry| SnapshotLogEntry { snapshot_id: entry.snapshot_id, timestamp_ms: entry.timestamp_ms })
            .collect(),
        metadata_log: metadata
            .metadata_log()
            .iter()
            .map(|entry| MetadataLogEntry {
                metadata_file: entry.metadata_file.clone(),
                timestamp_ms: entry.timestamp_ms,
            })
            .collect(),
    })
}

/// Parses a manifest list.
pub(crate) fn read_manifest_list(bytes: &[u8], format_version: u8) -> Result<Vec<ManifestFile>> {
    let version = if format_version == 1 { theirs::FormatVersion::V1 } else { theirs::FormatVersion::V2 };
    let list = parsed("manifest list", || theirs::ManifestList::parse_with_version(bytes, version))?;
    list.entries().iter().map(manifest_file).collect()
}

fn manifest_file(listed: &theirs::ManifestFile) -> Result<ManifestFile> {
    let partitions = listed.partitions.iter().flatten().map(|summary| PartitionSummary {
        contains_null: summary.contains_null,
        contains_nan: summary.contains_nan,
        lower_bound: summary.lower_bound.as_ref().map(|bytes| bytes.to_vec()),
        upper_bound: summary.upper_bound.as_ref().map(|bytes| bytes.to_vec()),
    });
    Ok(ManifestFile {
        path: listed.manifest_path.clone(),
        has_deletes: listed.content == theirs::ManifestContentType::Deletes,
        length: u64::try_from(listed.manifest_length).unwrap_or(0),
        spec_id: listed.partition_spec_id,
        sequence_number: listed.sequence_number,
        min_sequence_number: listed.min_sequence_number,
        added_snapshot_id: listed.added_snapshot_id,
        added_files: u64::from(listed.added_files_count.unwrap_or(0)),
        existing_files: u64::from(listed.existing_files_count.unwrap_or(0)),
        deleted_files: u64::from(listed.deleted_files_count.unwrap_or(0)),
        added_rows: listed.added_rows_count.unwrap_or(0),
        existing_rows: listed.existing_rows_count.unwrap_or(0),
        deleted_rows: listed.deleted_rows_count.unwrap_or(0),
        partitions: partitions.collect(),
    })
}

/// Parses a manifest of delete files.
pub(crate) fn read_delete_manifest(bytes: &[u8], listed: &ManifestFile) -> Result<Vec<DeleteFile>> {
    let manifest = parsed(&listed.path, || theirs::Manifest::parse_avro(bytes))?;
    let types = partition_types(&manifest, listed)?;
    let alive = manifest.entries().iter().filter(|entry| entry.status != theirs::ManifestStatus::Deleted);
    alive.map(|entry| delete_file(entry, listed, &types)).collect()
}

fn delete_file(entry: &theirs::ManifestEntry, listed: &ManifestFile, types: &[Type]) -> Result<DeleteFile> {
    let file = &entry.data_file;
    let kind = match file.content_type() {
        theirs::DataContentType::PositionDeletes => DeleteKind::Positions,
        theirs::DataContentType::EqualityDeletes => DeleteKind::Equality(file.equality_ids().unwrap_or_default()),
        theirs::DataContentType::Data => {
            return Err(corrupt(&listed.path, format!("`{}` is no file of deletes", file.file_path())));
        }
    };
    Ok(DeleteFile {
        kind,
        file: described(file, listed.spec_id, types)?,
        sequence_number: entry.sequence_number.unwrap_or(listed.sequence_number),
    })
}

fn partition_types(manifest: &theirs::Manifest, listed: &ManifestFile) -> Result<Vec<Type>> {
    let metadata = manifest.metadata();
    let partition_type =
        metadata.partition_spec.partition_type(&metadata.schema).map_err(|error| corrupt(&listed.path, error))?;
    partition_type.fields().iter().map(|field| kind(&field.field_type)).collect()
}

/// What the metadata of a manifest's file says of its schema and spec, if it is one of files of rows, version 2.
pub(crate) fn manifest_of_rows(metadata: &HashMap<String, Vec<u8>>) -> Option<(Schema, PartitionSpec)> {
    let metadata = parsed("manifest", || theirs::ManifestMetadata::parse(metadata)).ok()?;
    let is_of_rows = metadata.content == theirs::ManifestContentType::Data;
    if !is_of_rows || metadata.format_version != theirs::FormatVersion::V2 {
        return None;
    }
    let spec = spec(metadata.partition_spec.spec_id(), metadata.partition_spec.fields()).ok()?;
    Some((schema(&metadata.schema).ok()?, spec))
}

/// Parses a manifest.
pub(crate) fn read_manifest(bytes: &[u8], listed: &ManifestFile) -> Result<Manifest> {
    let manifest = parsed(&listed.path, || theirs::Manifest::parse_avro(bytes))?;
    let metadata = manifest.metadata();
    let types = partition_types(&manifest, listed)?;
    let entries = manifest.entries().iter().map(|one| entry(one, listed, &types)).collect::<Result<Vec<_>>>()?;
    Ok(Manifest {
        schema: schema(&metadata.schema)?,
        spec: spec(metadata.partition_spec.spec_id(), metadata.partition_spec.fields())?,
        entries,
    })
}

fn entry(entry: &theirs::ManifestEntry, listed: &ManifestFile, types: &[Type]) -> Result<ManifestEntry> {
    Ok(ManifestEntry {
        status: match entry.status {
            theirs::ManifestStatus::Existing => EntryStatus::Existing,
            theirs::ManifestStatus::Added => EntryStatus::Added,
            theirs::ManifestStatus::Deleted => EntryStatus::Deleted,
        },
        snapshot_id: entry.snapshot_id.unwrap_or(listed.added_snapshot_id),
        sequence_number: entry.sequence_number.unwrap_or(listed.sequence_number),
        file_sequence_number: entry.file_sequence_number.unwrap_or(listed.sequence_number),
        file: data_file(&entry.data_file, listed.spec_id, types)?,
    })
}

fn data_file(file: &theirs::DataFile, spec_id: i32, types: &[Type]) -> Result<DataFile> {
    if file.content_type() != theirs::DataContentType::Data {
        return Err(corrupt(file.file_path(), "a file of deletes is listed among files of rows"));
    }
    described(file, spec_id, types)
}

fn described(file: &theirs::DataFile, spec_id: i32, types: &[Type]) -> Result<DataFile> {
    if file.file_format() != theirs::DataFileFormat::Parquet {
        let format = file.file_format();
        return Err(Error::new(Code::NotYetSupported, format!("`{}` is a file of format {format}", file.file_path()))
            .hint("Bywash reads Iceberg tables whose files are Parquet"));
    }
    let values = file.partition().iter().zip(types);
    let partition = values
        .map(|(value, kind)| match value.and_then(theirs::Literal::as_primitive_literal) {
            Some(value) => partition_value(kind, value).map(Some),
            None => Ok(None),
        })
        .collect::<Result<Vec<_>>>()?;
    let counts = |counts: &HashMap<i32, u64>| counts.iter().map(|(id, count)| (*id, *count)).collect();
    let bounds = |bounds: &HashMap<i32, theirs::Datum>| {
        bounds.iter().map(|(id, bound)| Ok((*id, datum(bound)?))).collect::<Result<_>>()
    };
    Ok(DataFile {
        path: file.file_path().to_owned(),
        record_count: file.record_count(),
        file_size_in_bytes: file.file_size_in_bytes(),
        partition,
        spec_id,
        column_sizes: counts(file.column_sizes()),
        value_counts: counts(file.value_counts()),
        null_value_counts: counts(file.null_value_counts()),
        nan_value_counts: counts(file.nan_value_counts()),
        lower_bounds: bounds(file.lower_bounds())?,
        upper_bounds: bounds(file.upper_bounds())?,
        split_offsets: file.split_offsets().map(<[i64]>::to_vec).unwrap_or_default(),
        sort_order_id: file.sort_order_id(),
        row_sums: None,
    })
}

fn partition_value(kind: &Type, value: theirs::PrimitiveLiteral) -> Result<Datum> {
    use theirs::PrimitiveLiteral as Literal;
    Ok(match (kind, value) {
        (Type::Boolean, Literal::Boolean(value)) => Datum::Boolean(value),
        (Type::Int, Literal::Int(value)) => Datum::Int(value),
        (Type::Date, Literal::Int(value)) => Datum::Date(value),
        (Type::Long, Literal::Long(value)) => Datum::Long(value),
        (Type::Long, Literal::Int(value)) => Datum::Long(i64::from(value)),
        (Type::Time, Literal::Long(value)) => Datum::Time(value),
        (Type::Timestamp, Literal::Long(value)) => Datum::Timestamp(value),
        (Type::Timestamptz, Literal::Long(value)) => Datum::Timestamptz(value),
        (Type::Float, Literal::Float(value)) => Datum::Float(value.0),
        (Type::Double, Literal::Double(value)) => Datum::Double(value.0),
        (Type::Decimal { precision, scale }, Literal::Int128(unscaled)) => {
            Datum::Decimal { unscaled, precision: *precision, scale: *scale }
        }
        (Type::String, Literal::String(value)) => Datum::String(value),
        (Type::Uuid, Literal::UInt128(value)) => Datum::Uuid(uuid::Uuid::from_u128(value)),
        (Type::Fixed(_), Literal::Binary(value)) => Datum::Fixed(value),
        (Type::Binary, Literal::Binary(value)) => Datum::Binary(value),
        (kind, value) => return Err(corrupt("partition value", format!("{value:?} is no `{kind}`"))),
    })
}

/// What the `iceberg` crate's transform makes of a value.
pub(crate) fn transform(transform: Transform, value: &Datum) -> Result<Option<Datum>> {
    let rejected = |error: iceberg::Error| Error::new(Code::UnsupportedType, error.to_string());
    let their_type = primitive(&value.kind())?;
    let their_value = theirs::Datum::try_from_bytes(&value.to_bytes(), their_type).map_err(rejected)?;
    let their_transform: theirs::Transform = transform.to_string().parse().map_err(rejected)?;
    let function = iceberg::transform::create_transform_function(&their_transform).map_err(rejected)?;
    function.transform_literal(&their_value).map_err(rejected)?.as_ref().map(datum).transpose()
}

fn datum(bound: &theirs::Datum) -> Result<Datum> {
    let bytes = bound.to_bytes().map_err(|error| corrupt("bound", error))?;
    Datum::from_bytes(&primitive_kind(bound.data_type())?, &bytes)
}

fn schema(schema: &theirs::Schema) -> Result<Schema> {
    Ok(Schema { id: schema.schema_id(), fields: fields(schema.as_struct().fields())? })
}

fn fields(fields: &[theirs::NestedFieldRef]) -> Result<Vec<Field>> {
    fields.iter().map(|one| field(one)).collect()
}

fn field(field: &theirs::NestedField) -> Result<Field> {
    Ok(Field {
        id: field.id,
        name: field.name.clone(),
        required: field.required,
        kind: kind(&field.field_type).map_err(|error| error.context(format!("column `{}`", field.name)))?,
        doc: field.doc.clone(),
    })
}

fn kind(kind: &theirs::Type) -> Result<Type> {
    Ok(match kind {
        theirs::Type::Primitive(primitive) => primitive_kind(primitive)?,
        theirs::Type::Struct(parts) => Type::Struct(fields(parts.fields())?),
        theirs::Type::List(list) => Type::List(Box::new(field(&list.element_field)?)),
        theirs::Type::Map(map) => Type::Map(Box::new(field(&map.key_field)?), Box::new(field(&map.value_field)?)),
    })
}

fn primitive_kind(primitive: &theirs::PrimitiveType) -> Result<Type> {
    use theirs::PrimitiveType;
    Ok(match primitive {
        PrimitiveType::Boolean => Type::Boolean,
        PrimitiveType::Int => Type::Int,
        PrimitiveType::Long => Type::Long,
        PrimitiveType::Float => Type::Float,
        PrimitiveType::Double => Type::Double,
        PrimitiveType::Decimal { precision, scale } => {
            Type::Decimal { precision: small(*precision)?, scale: small(*scale)? }
        }
        PrimitiveType::Date => Type::Date,
        PrimitiveType::Time => Type::Time,
        PrimitiveType::Timestamp => Type::Timestamp,
        PrimitiveType::Timestamptz => Type::Timestamptz,
        PrimitiveType::String => Type::String,
        PrimitiveType::Uuid => Type::Uuid,
        PrimitiveType::Fixed(length) => Type::Fixed(*length),
        PrimitiveType::Binary => Type::Binary,
        PrimitiveType::TimestampNs | PrimitiveType::TimestamptzNs => {
            return Err(Error::new(Code::UnsupportedType, format!("type `{primitive}` is not supported")));
        }
    })
}

fn small(number: u32) -> Result<u8> {
    u8::try_from(number).map_err(|_| corrupt("decimal", format!("{number} digits")))
}

fn primitive(kind: &Type) -> Result<theirs::PrimitiveType> {
    use theirs::PrimitiveType;
    Ok(match kind {
        Type::Boolean => PrimitiveType::Boolean,
        Type::Int => PrimitiveType::Int,
        Type::Long => PrimitiveType::Long,
        Type::Float => PrimitiveType::Float,
        Type::Double => PrimitiveType::Double,
        Type::Decimal { precision, scale } => {
            PrimitiveType::Decimal { precision: u32::from(*precision), scale: u32::from(*scale) }
        }
        Type::Date => PrimitiveType::Date,
        Type::Time => PrimitiveType::Time,
        Type::Timestamp => PrimitiveType::Timestamp,
        Type::Timestamptz => PrimitiveType::Timestamptz,
        Type::String => PrimitiveType::String,
        Type::Uuid => PrimitiveType::Uuid,
        Type::Fixed(length) => PrimitiveType::Fixed(*length),
        Type::Binary => PrimitiveType::Binary,
        Type::Struct(_) | Type::List(_) | Type::Map(..) => {
            return Err(Error::new(Code::UnsupportedType, format!("`{kind}` is not a type of single values")));
        }
    })
}

fn spec(id: i32, fields: &[theirs::PartitionField]) -> Result<PartitionSpec> {
    let fields = fields.iter().map(|field| {
        Ok(PartitionField {
            source_id: field.source_id,
            field_id: field.field_id,
            name: field.name.clone(),
            transform: field.transform.to_string().parse()?,
        })
    });
    Ok(PartitionSpec { id, fields: fields.collect::<Result<_>>()? })
}

fn sort_order(order: &theirs::SortOrder) -> Result<SortOrder> {
    let fields = order.fields.iter().map(|field| {
        Ok(SortField {
            source_id: field.source_id,
            transform: field.transform.to_string().parse()?,
            ascending: field.direction == theirs::SortDirection::Ascending,
            nulls_first: field.null_order == theirs::NullOrder::First,
        })
    });
    Ok(SortOrder { id: order.order_id, fields: fields.collect::<Result<_>>()? })
}

fn snapshot(snapshot: &theirs::Snapshot) -> Snapshot {
    let summary = snapshot.summary();
    Snapshot {
        snapshot_id: snapshot.snapshot_id(),
        parent_snapshot_id: snapshot.parent_snapshot_id(),
        sequence_number: snapshot.sequence_number(),
        timestamp_ms: snapshot.timestamp_ms(),
        manifest_list: snapshot.manifest_list().to_owned(),
        operation: match summary.operation {
            theirs::Operation::Append => Operation::Append,
            theirs::Operation::Replace => Operation::Replace,
            theirs::Operation::Overwrite => Operation::Overwrite,
            theirs::Operation::Delete => Operation::Delete,
        },
        summary: summary.additional_properties.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        schema_id: snapshot.schema_id(),
    }
}

pub(crate) fn corrupt(what: &str, cause: impl std::fmt::Display) -> Error {
    Error::new(Code::TableCorrupt, format!("this is no {what} of an Iceberg table"))
        .hint("restore the file from a backup, or `bywash revert` what wrote it; `bywash doctor` lists all that is damaged")
        .caused_by(cause)
}
