//! Manifests and manifest lists.

use std::collections::BTreeMap;

use bywash_core::Code;
use bywash_iceberg_spec::{
    Datum, EntryStatus, Field, Manifest, ManifestEntry, ManifestFile, Operation, PartitionField, PartitionSpec, Schema,
    Snapshot, Transform, Type, read_manifest_list, reference_manifest, write_manifest_list,
};
use proptest::prelude::*;

use crate::data_files::data_file;

/// A column of every type, and nested ones.
pub fn schema() -> Schema {
    let kinds = [
        Type::Long,
        Type::Double,
        Type::Boolean,
        Type::Int,
        Type::Float,
        Type::Decimal { precision: 9, scale: 2 },
        Type::Decimal { precision: 38, scale: 10 },
        Type::Date,
        Type::Time,
        Type::Timestamp,
        Type::Timestamptz,
        Type::String,
        Type::Fixed(4),
        Type::Binary,
        Type::Uuid,
    ];
    let mut fields: Vec<Field> =
        (1..).zip(kinds).map(|(id, kind)| Field::optional(id, format!("column_{id}"), kind)).collect();
    let parts = vec![Field::required(31, "a", Type::Int), Field::optional(32, "b", Type::String)];
    fields.push(Field { doc: Some("parts".to_owned()), ..Field::optional(20, "nested", Type::Struct(parts)) });
    let element = Field::optional(33, "element", Type::String);
    fields.push(Field::optional(21, "list", Type::List(Box::new(element))));
    let (key, value) = (Field::required(34, "key", Type::String), Field::optional(35, "value", Type::Long));
    fields.push(Field::required(22, "map", Type::Map(Box::new(key), Box::new(value))));
    Schema { id: 5, fields }
}

/// A spec over these columns: the transform, the column's id.
fn spec(fields: &[(Transform, i32)]) -> PartitionSpec {
    let fields = (1_000..).zip(fields).map(|(field_id, (transform, source_id))| PartitionField {
        source_id: *source_id,
        field_id,
        name: format!("part_{field_id}"),
        transform: *transform,
    });
    PartitionSpec { id: 3, fields: fields.collect() }
}

fn entry(path: &str, status: EntryStatus, sequence_number: i64, partition: Vec<Option<Datum>>) -> ManifestEntry {
    let snapshot_id = if status == EntryStatus::Existing { 11 } else { 77 };
    ManifestEntry {
        status,
        snapshot_id,
        sequence_number,
        file_sequence_number: sequence_number,
        file: data_file(path, partition),
    }
}

/// A manifest as we read it, which is as the `iceberg` crate does.
fn read(bytes: &[u8], listed: &ManifestFile) -> Option<Manifest> {
    let found = Manifest::read_own(bytes, listed);
    assert_eq!(found, Manifest::read(bytes, listed).ok());
    assert_eq!(found, reference_manifest(bytes, listed).ok());
    found
}

/// Values of each type that a partition can have, by the column of [`schema`].
fn values() -> Vec<(i32, Vec<Datum>)> {
    let decimal = |unscaled, precision, scale| Datum::Decimal { unscaled, precision, scale };
    vec![
        (1, vec![Datum::Long(i64::MIN), Datum::Long(64), Datum::Long(-65)]),
        (2, vec![Datum::Double(-0.5), Datum::Double(f64::INFINITY)]),
        (3, vec![Datum::Boolean(true), Datum::Boolean(false)]),
        (4, vec![Datum::Int(i32::MAX), Datum::Int(-1)]),
        (5, vec![Datum::Float(2.5)]),
        (6, vec![decimal(-999_999_999, 9, 2), decimal(128, 9, 2), decimal(0, 9, 2)]),
        (7, vec![decimal(10_i128.pow(38) - 1, 38, 10), decimal(-1, 38, 10)]),
        (8, vec![Datum::Date(-1), Datum::Date(20_000)]),
        (9, vec![Datum::Time(86_399_999_999)]),
        (10, vec![Datum::Timestamp(-1)]),
        (11, vec![Datum::Timestamptz(1_510_871_468_000_000)]),
        (12, vec![Datum::String(String::new()), Datum::String("Zürich ✈".to_owned())]),
        (13, vec![Datum::Fixed(vec![0, 255, 1, 2])]),
        (14, vec![Datum::Binary(Vec::new()), Datum::Binary(vec![255; 300])]),
    ]
}

#[test]
fn every_type_of_partition_value_reads_back() {
    for (source_id, values) in values() {
        let spec = spec(&[(Transform::Identity, source_id)]);
        let entries: Vec<_> = values
            .into_iter()
            .map(Some)
            .chain([None])
            .map(|value| entry("x.parquet", EntryStatus::Added, 9, vec![value]))
            .collect();
        let manifest = Manifest { schema: schema(), spec, entries };
        let (bytes, listed) = manifest.write("file:///m.avro", 77, 9).unwrap();
        assert_eq!(read(&bytes, &listed).unwrap(), manifest, "column {source_id}");
        assert!(listed.partitions[0].contains_null);
    }
}

#[test]
fn several_partition_fields_of_one_type_do_not_clash() {
    let decimal = |unscaled| Some(Datum::Decimal { unscaled, precision: 9, scale: 2 });
    let spec = spec(&[
        (Transform::Identity, 6),
        (Transform::Truncate(50), 6),
        (Transform::Bucket(4), 15),
        (Transform::Day, 11),
        (Transform::Month, 8),
        (Transform::Hour, 10),
        (Transform::Truncate(3), 12),
        (Transform::Void, 1),
    ]);
    let partition = vec![
        decimal(-12_345),
        decimal(-12_350),
        Some(Datum::Int(3)),
        Some(Datum::Date(-7)),
        Some(Datum::Int(-1)),
        Some(Datum::Int(400_000)),
        Some(Datum::String("abc".to_owned())),
        None,
    ];
    let manifest = Manifest { schema: schema(), spec, entries: vec![entry("x", EntryStatus::Added, 1, partition)] };
    let (bytes, listed) = manifest.write("file:///m.avro", 77, 1).unwrap();
    assert_eq!(read(&bytes, &listed).unwrap(), manifest);
}

#[test]
fn added_entries_inherit_and_others_keep_their_numbers() {
    let part = |number: i32| vec![Some(Datum::Int(number))];
    let manifest = Manifest {
        schema: schema(),
        spec: spec(&[(Transform::Identity, 4)]),
        entries: vec![
            entry("new", EntryStatus::Added, 9, part(5)),
            entry("old", EntryStatus::Existing, 4, part(-2)),
            entry("gone", EntryStatus::Deleted, 2, part(900)),
        ],
    };
    let (bytes, listed) = manifest.write("file:///m.avro", 77, 9).unwrap();
    assert_eq!((listed.added_files, listed.existing_files, listed.deleted_files), (1, 1, 1));
    assert_eq!((listed.added_rows, listed.existing_rows, listed.deleted_rows), (10, 10, 10));
    assert_eq!((listed.sequence_number, listed.min_sequence_number), (9, 4), "deleted files do not count");
    assert_eq!(listed.length, bytes.len() as u64);
    // The same bytes under another line of a list: only what is new is numbered by it.
    let elsewhere = ManifestFile { sequence_number: 20, ..listed };
    let numbers: Vec<i64> =
        read(&bytes, &elsewhere).unwrap().entries.iter().map(|entry| entry.sequence_number).collect();
    assert_eq!(numbers, [20, 4, 2]);
    assert_eq!(manifest.write("file:///m.avro", 77, 9).unwrap().0, bytes, "equal input gives equal bytes");
}

#[test]
fn lists_read_back() {
    let manifest = Manifest {
        schema: schema(),
        spec: spec(&[(Transform::Identity, 12), (Transform::Identity, 2)]),
        entries: vec![
            entry("a", EntryStatus::Added, 1, vec![Some(Datum::String("b".to_owned())), Some(Datum::Double(f64::NAN))]),
            entry("b", EntryStatus::Added, 1, vec![Some(Datum::String("a".to_owned())), Some(Datum::Double(1.0))]),
        ],
    };
    let (_, first) = manifest.write("file:///one.avro", 77, 9).unwrap();
    let (_, second) = Manifest { entries: Vec::new(), ..manifest }.write("file:///two.avro", 77, 9).unwrap();
    let summary = &first.partitions;
    assert_eq!(
        (summary[0].lower_bound.as_deref(), summary[0].upper_bound.as_deref()),
        (Some(&b"a"[..]), Some(&b"b"[..]))
    );
    assert_eq!(summary[1].contains_nan, Some(true));
    let snapshot = Snapshot {
        snapshot_id: 77,
        parent_snapshot_id: Some(11),
        sequence_number: 9,
        timestamp_ms: 1,
        manifest_list: "file:///list.avro".to_owned(),
        operation: Operation::Append,
        summary: BTreeMap::new(),
        schema_id: Some(5),
    };
    let lists = vec![first, second];
    assert_eq!(read_manifest_list(&write_manifest_list(&lists, &snapshot), 2).unwrap(), lists);
    assert_eq!(read_manifest_list(&write_manifest_list(&[], &snapshot), 2).unwrap(), Vec::new());
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let entries = vec![entry("x", EntryStatus::Added, 1, vec![None])];
    let uuid = Manifest { schema: schema(), spec: spec(&[(Transform::Identity, 15)]), entries: entries.clone() };
    assert_eq!(uuid.write("m", 77, 1).unwrap_err().code(), Code::NotYetSupported);
    let wrong =
        Manifest { schema: schema(), spec: spec(&[(Transform::Identity, 1), (Transform::Identity, 2)]), entries };
    assert_eq!(wrong.write("m", 77, 1).unwrap_err().code(), Code::Bug);
    let listed = ManifestFile { path: "file:///broken.avro".to_owned(), ..ManifestFile::default() };
    let broken = Manifest::read(b"Obj\x01 and then nothing", &listed).unwrap_err();
    assert_eq!(broken.code(), Code::TableCorrupt);
    assert!(broken.message().contains("broken.avro"));
    assert_eq!(read_manifest_list(b"", 2).unwrap_err().code(), Code::TableCorrupt);
}

/// Some file, with bounds of columns of all types and of parts of nested ones.
fn some_entry() -> impl Strategy<Value = ManifestEntry> {
    let mut bounds: Vec<(i32, Datum)> =
        values().into_iter().flat_map(|(id, values)| values.into_iter().map(move |value| (id, value))).collect();
    bounds.extend([(31, Datum::Int(-7)), (33, Datum::String("part".to_owned())), (35, Datum::Long(1 << 40))]);
    bounds.push((15, Datum::Uuid(uuid::Uuid::from_u128(77))));
    let bounds = prop::collection::btree_map(0..bounds.len(), Just(()), 0..6)
        .prop_map(move |chosen| chosen.into_keys().map(|place| bounds[place].clone()).collect::<BTreeMap<_, _>>());
    let counts = || prop::collection::btree_map(any::<i32>(), 0..u64::MAX / 2, 0..4);
    let status = prop::sample::select(vec![EntryStatus::Added, EntryStatus::Existing, EntryStatus::Deleted]);
    let numbers = (status, any::<i64>(), 0..1_000_i64);
    let partition = (prop::option::of(any::<i64>()), prop::option::of(".{0,6}"));
    let described = (".{0,40}", 0..1_000_000_u64, prop::collection::vec(any::<i64>(), 0..4), prop::option::of(0..9));
    let of_columns = (counts(), counts(), bounds.clone(), bounds);
    (numbers, partition, described, of_columns).prop_map(|(numbers, partition, described, of_columns)| {
        let (status, snapshot_id, sequence_number) = numbers;
        let (path, record_count, split_offsets, sort_order_id) = described;
        let partition = vec![partition.0.map(Datum::Long), partition.1.map(Datum::String)];
        let mut entry = entry("", status, sequence_number, partition);
        entry.snapshot_id = snapshot_id;
        let (value_counts, null_value_counts, lower_bounds, upper_bounds) = of_columns;
        let file = entry.file;
        entry.file = bywash_iceberg_spec::DataFile {
            path,
            record_count,
            split_offsets,
            sort_order_id,
            value_counts,
            null_value_counts,
            lower_bounds,
            upper_bounds,
            ..file
        };
        entry
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn our_manifests_are_read_as_the_reference_reads_them(
        entries in prop::collection::vec(some_entry(), 0..5),
        damage in prop::option::of((any::<prop::sample::Index>(), 1..=255_u8)),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let count = entries.len();
        let manifest = Manifest { schema: schema(), spec: spec(&[(Transform::Identity, 1), (Transform::Identity, 12)]), entries };
        let (mut bytes, listed) = manifest.write("file:///m.avro", 77, 9).unwrap();
        prop_assert!(read(&bytes, &listed).is_some());
        if let Some((place, bits)) = damage {
            let place = place.index(bytes.len());
            bytes[place] ^= bits;
        }
        if let Some(end) = cut {
            bytes.truncate(end.index(bytes.len()));
        }
        match (Manifest::read(&bytes, &listed), reference_manifest(&bytes, &listed)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(_), Ok(theirs)) => prop_assert_ne!(theirs.entries.len(), count, "nothing is missing"),
            (ours, _) => prop_assert!(ours.is_err()),
        }
    }
}
