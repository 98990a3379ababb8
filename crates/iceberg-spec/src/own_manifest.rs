//! Reads the manifests that we write, many times faster than a reader of any Avro file can.
//!
//! What is not exactly as we write it is nothing here, also where it is damaged; then the `iceberg` crate reads it, or
//! says what is wrong. So this decides about no file, and must only never give other values than that crate.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::avro::{AvroReader, read_container};
use crate::data_file::DataFile;
use crate::datum::Datum;
use crate::fence;
use crate::manifest::{EntryStatus, Manifest, ManifestEntry};
use crate::manifest_avro::{decimal_bytes, entry_schema};
use crate::manifest_list::ManifestFile;
use crate::partition::PartitionSpec;
use crate::schema::{Field, Schema, Type};

/// A manifest of ours; what entries inherit comes from its line in the manifest list.
pub(crate) fn read(bytes: &[u8], listed: &ManifestFile) -> Option<Manifest> {
    let (head, entries) = read_container(bytes, Head::understand, |avro, head| entry(avro, head, listed))?;
    Some(Manifest { schema: head.schema, spec: head.spec, entries })
}

/// What the entries of a manifest are read by.
struct Head {
    schema: Schema,
    spec: PartitionSpec,
    /// Of the values of a partition.
    partition: Vec<Type>,
    /// Of the bounds of columns and their parts.
    columns: HashMap<i32, Type>,
}

impl Head {
    fn understand(metadata: HashMap<String, Vec<u8>>) -> Option<Self> {
        let avro_schema = metadata.get("avro.schema").cloned()?;
        let (schema, spec) = fence::manifest_of_rows(&metadata)?;
        let partition = spec.result_types(&schema).ok()?;
        let ours = entry_schema(&spec, &partition).ok()?.to_string();
        let columns = columns_of(&schema);
        (ours.as_bytes() == avro_schema).then_some(Self { schema, spec, partition, columns })
    }
}

fn columns_of(schema: &Schema) -> HashMap<i32, Type> {
    let (mut columns, mut left) = (HashMap::new(), schema.fields.iter().collect::<Vec<&Field>>());
    while let Some(field) = left.pop() {
        left.extend(field.kind.children());
        columns.insert(field.id, field.kind.clone());
    }
    columns
}

fn entry(avro: &mut AvroReader<'_>, head: &Head, listed: &ManifestFile) -> Option<ManifestEntry> {
    let status = match avro.long()? {
        0 => EntryStatus::Existing,
        1 => EntryStatus::Added,
        2 => EntryStatus::Deleted,
        _ => return None,
    };
    Some(ManifestEntry {
        status,
        snapshot_id: avro.optional(AvroReader::long)?.unwrap_or(listed.added_snapshot_id),
        sequence_number: avro.optional(AvroReader::long)?.unwrap_or(listed.sequence_number),
        file_sequence_number: avro.optional(AvroReader::long)?.unwrap_or(listed.sequence_number),
        file: data_file(avro, head, listed.spec_id)?,
    })
}

/// The order of the fields is that of their schema.
fn data_file(avro: &mut AvroReader<'_>, head: &Head, spec_id: i32) -> Option<DataFile> {
    let is_of_rows = avro.long()? == 0;
    let path = avro.string()?;
    if !is_of_rows || avro.bytes()? != b"PARQUET" {
        return None;
    }
    let values = head.partition.iter().map(|kind| avro.optional(|avro| partition_value(avro, kind)));
    let file = DataFile {
        path,
        partition: values.collect::<Option<_>>()?,
        record_count: avro.count()?,
        file_size_in_bytes: avro.count()?,
        spec_id,
        column_sizes: counts(avro)?,
        value_counts: counts(avro)?,
        null_value_counts: counts(avro)?,
        nan_value_counts: counts(avro)?,
        lower_bounds: bounds(avro, head)?,
        upper_bounds: bounds(avro, head)?,
        split_offsets: {
            let _key_metadata = avro.optional(AvroReader::bytes)?;
            avro.optional(|avro| avro.array(AvroReader::long))?.unwrap_or_default()
        },
        sort_order_id: {
            let _equality_ids: Option<Vec<i32>> = avro.optional(|avro| avro.array(AvroReader::int))?;
            avro.optional(AvroReader::int)?
        },
        row_sums: None,
    };
    Some(file)
}

fn counts(avro: &mut AvroReader<'_>) -> Option<BTreeMap<i32, u64>> {
    let counts = avro.optional(|avro| avro.array(|avro| Some((avro.int()?, avro.count()?))))?;
    Some(counts.unwrap_or_default())
}

fn bounds(avro: &mut AvroReader<'_>, head: &Head) -> Option<BTreeMap<i32, Datum>> {
    let bound = |avro: &mut AvroReader<'_>| {
        let id = avro.int()?;
        Some((id, Datum::from_bytes(head.columns.get(&id)?, avro.bytes()?).ok()?))
    };
    Some(avro.optional(|avro| avro.array(bound))?.unwrap_or_default())
}

/// The opposite of `write_partition_value`.
fn partition_value(avro: &mut AvroReader<'_>, kind: &Type) -> Option<Datum> {
    Some(match kind {
        Type::Boolean => Datum::Boolean(avro.boolean()?),
        Type::Int => Datum::Int(avro.int()?),
        Type::Date => Datum::Date(avro.int()?),
        Type::Long => Datum::Long(avro.long()?),
        Type::Time => Datum::Time(avro.long()?),
        Type::Timestamp => Datum::Timestamp(avro.long()?),
        Type::Timestamptz => Datum::Timestamptz(avro.long()?),
        Type::Float => Datum::Float(f32::from_le_bytes(avro.raw(4)?.try_into().ok()?)),
        Type::Double => Datum::Double(f64::from_le_bytes(avro.raw(8)?.try_into().ok()?)),
        Type::Decimal { precision, .. } => Datum::from_bytes(kind, avro.raw(decimal_bytes(*precision))?).ok()?,
        Type::String => Datum::String(avro.string()?),
        Type::Uuid => Datum::Uuid(Uuid::from_slice(avro.raw(16)?).ok()?),
        Type::Fixed(length) => Datum::Fixed(avro.raw(usize::try_from(*length).ok()?)?.to_vec()),
        Type::Binary => Datum::Binary(avro.bytes()?.to_vec()),
        Type::Struct(_) | Type::List(_) | Type::Map(..) => return None,
    })
}
