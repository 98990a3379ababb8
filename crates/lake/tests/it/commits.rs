//! Snapshots: what a table shows after appends, overwrites and deletes, and what its metadata says about them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bywash_core::Code;
use bywash_iceberg_spec::{EntryStatus, Manifest, read_manifest_list};
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::{Committed, DataFile, LoadedTable, NewSnapshot, Snapshot, TableFiles, commit};

use crate::fixture::{Scratch, change, create, files, shape, write};
use crate::rows::{every_type, longs};

fn paths<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> BTreeSet<String> {
    files.into_iter().map(|file| file.path.clone()).collect()
}

async fn snapshot(warehouse: &Warehouse, of: &Committed) -> Snapshot {
    LoadedTable::load(warehouse, &of.metadata).await.unwrap().metadata().current_snapshot().unwrap().clone()
}

async fn manifests(warehouse: &Warehouse, of: &Committed) -> Vec<Manifest> {
    let list = warehouse.read(&snapshot(warehouse, of).await.manifest_list).await.unwrap();
    let mut found = Vec::new();
    for line in read_manifest_list(&list, 2).unwrap() {
        found.push(Manifest::read(&warehouse.read(&line.path).await.unwrap(), &line).unwrap());
    }
    found
}

#[tokio::test]
async fn a_table_shows_what_was_added_and_not_removed() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let rows = every_type(0, 300);
    let shape = shape(rows.schema_ref(), &["month(seen)", "bucket(3, id)"]);
    let first = write(warehouse, &shape, &[rows]).await;
    let second = write(warehouse, &shape, &[every_type(300, 20)]).await;
    let one = create(warehouse, &shape, first.clone()).await;
    let two = change(warehouse, &one, second.clone(), &[&first[0], &first[3]]).await;
    let three = change(warehouse, &two, Vec::new(), &[&second[0]]).await;

    // What rows come to is kept in the catalog alone.
    let described: Vec<_> = first.iter().map(|file| DataFile { row_sums: None, ..file.clone() }).collect();
    assert_eq!(files(warehouse, &one).await.files, described, "descriptions come back whole");
    let after: Vec<_> =
        first.iter().enumerate().filter(|(place, _)| ![0, 3].contains(place)).map(|(_, file)| file).collect();
    assert_eq!(paths(&files(warehouse, &two).await.files), paths(after.iter().copied().chain(&second)));
    assert_eq!(paths(&files(warehouse, &three).await.files), paths(after.into_iter().chain(&second[1..])));

    // History stays readable from the newest metadata.
    let past = TableFiles::load(warehouse, &three.metadata, one.snapshot_id).await.unwrap();
    assert_eq!(paths(&past.files), paths(&first));
    let unknown = TableFiles::load(warehouse, &three.metadata, Some(17)).await.unwrap_err();
    assert_eq!(unknown.code(), Code::TableCorrupt);
}

#[tokio::test]
async fn t2_history_is_linear_and_counted() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &[]);
    let data = |from: i64| longs("x", (from..from + 10).map(Some));
    let first = write(warehouse, &shape, &[data(0)]).await;
    let second = write(warehouse, &shape, &[data(10)]).await;
    let third = write(warehouse, &shape, &[data(20)]).await;
    let one = create(warehouse, &shape, first.clone()).await;
    let two = change(warehouse, &one, second.clone(), &[]).await;
    let three = change(warehouse, &two, third.clone(), &[&first[0]]).await;
    let four = change(warehouse, &three, Vec::new(), &[&second[0]]).await;

    let table = LoadedTable::load(warehouse, &four.metadata).await.unwrap();
    let metadata = table.metadata();
    let history: Vec<_> = metadata.snapshots.iter().map(|one| (one.sequence_number, one.parent_snapshot_id)).collect();
    let ids: Vec<_> = [&one, &two, &three].iter().map(|one| one.snapshot_id).collect();
    assert_eq!(history, [(1, None), (2, ids[0]), (3, ids[1]), (4, ids[2])]);
    assert!(metadata.snapshots.is_sorted_by_key(|one| one.timestamp_ms));
    assert_eq!(metadata.metadata_log.len(), 3);
    assert!(metadata.metadata_log[2].metadata_file.ends_with(&three.metadata));
    assert_eq!(metadata.properties["gc.enabled"], "false");
    assert_eq!(metadata.properties["write.metadata.delete-after-commit.enabled"], "false");

    let counts = |of: &Snapshot, keys: &[&str]| {
        keys.iter().map(|key| of.summary.get(*key).map_or(-1, |text| text.parse().unwrap())).collect::<Vec<i64>>()
    };
    let totals = ["total-records", "total-data-files", "added-records", "deleted-records", "deleted-data-files"];
    let summaries: Vec<_> = metadata.snapshots.iter().map(|one| counts(one, &totals)).collect();
    assert_eq!(
        summaries,
        [vec![10, 1, 10, -1, -1], vec![20, 2, 10, -1, -1], vec![20, 2, 10, 10, 1], vec![10, 1, -1, 10, 1]]
    );
    let operations: Vec<_> = metadata.snapshots.iter().map(|one| format!("{:?}", one.operation)).collect();
    assert_eq!(operations, ["Append", "Append", "Overwrite", "Delete"]);
    let bytes = metadata.snapshots[3].summary["total-files-size"].parse::<u64>().unwrap();
    assert_eq!(bytes, third[0].file_size_in_bytes);
}

#[tokio::test]
async fn rewritten_manifests_keep_sequence_numbers_and_raise_nothing_from_the_dead() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &["truncate(10, x)"]);
    let first = write(warehouse, &shape, &[longs("x", (0..50).map(Some))]).await;
    let one = create(warehouse, &shape, first.clone()).await;
    let two = change(warehouse, &one, Vec::new(), &[&first[0]]).await;
    let three = change(warehouse, &two, Vec::new(), &[&first[1]]).await;

    let manifest = &manifests(warehouse, &three).await[0];
    let entries: Vec<_> = manifest
        .entries
        .iter()
        .map(|entry| (entry.file.path.clone(), entry.status, entry.sequence_number, entry.snapshot_id))
        .collect();
    let recorded = |file: &DataFile| warehouse.recorded(&file.path);
    let (added_by, removed_by) = (one.snapshot_id.unwrap(), three.snapshot_id.unwrap());
    let mut expected = vec![(recorded(&first[1]), EntryStatus::Deleted, 1, removed_by)];
    expected.extend(first[2..].iter().map(|file| (recorded(file), EntryStatus::Existing, 1, added_by)));
    assert_eq!(entries, expected, "the file that went first is not listed at all");

    // A manifest without a live file is not carried further.
    let rest: Vec<_> = first[2..].iter().collect();
    let four = change(warehouse, &three, Vec::new(), &rest).await;
    assert_eq!(manifests(warehouse, &four).await.len(), 1, "it says what was deleted");
    let five = change(warehouse, &four, write(warehouse, &shape, &[longs("x", [Some(7)])]).await, &[]).await;
    assert_eq!(manifests(warehouse, &five).await.len(), 1);
    assert_eq!(files(warehouse, &five).await.files.len(), 1);
}

#[tokio::test]
async fn many_manifests_are_merged() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &["bucket(2, x)"]);
    let file = &write(warehouse, &shape, &[longs("x", [Some(1)])]).await[0];
    let numbered =
        |number: usize| DataFile { path: file.path.replace(".parquet", &format!("-{number}.parquet")), ..file.clone() };
    let mut table = create(warehouse, &shape, vec![numbered(0)]).await;
    let mut most = 0;
    for number in 1..130 {
        table = change(warehouse, &table, vec![numbered(number)], &[]).await;
        most = most.max(manifests(warehouse, &table).await.len());
    }
    assert!((50..=100).contains(&most), "{most} manifests");
    assert_eq!(files(warehouse, &table).await.files.len(), 130);
    let mut sequence_numbers: Vec<i64> = manifests(warehouse, &table)
        .await
        .iter()
        .flat_map(|manifest| &manifest.entries)
        .map(|entry| entry.sequence_number)
        .collect();
    sequence_numbers.sort_unstable();
    assert_eq!(sequence_numbers, (1..=130).collect::<Vec<_>>());
    assert_eq!(snapshot(warehouse, &table).await.summary["total-data-files"], "130");
}

#[tokio::test]
async fn removing_what_is_not_there_is_refused() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &[]);
    let written = write(warehouse, &shape, &[longs("x", [Some(1)])]).await;
    let one = create(warehouse, &shape, written.clone()).await;
    let two = change(warehouse, &one, Vec::new(), &[&written[0]]).await;
    let table = LoadedTable::load(warehouse, &two.metadata).await.unwrap();
    let again = NewSnapshot::new("again", Vec::new(), HashSet::from([written[0].path.clone()]));
    assert_eq!(commit(warehouse, &table, again).await.unwrap_err().code(), Code::TableCorrupt);
}

#[tokio::test]
async fn a_table_without_rows_is_a_table() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &["x"]);
    let empty = create(warehouse, &shape, Vec::new()).await;
    assert!(files(warehouse, &empty).await.files.is_empty());
    let unwritten = TableFiles::load(warehouse, &empty.metadata, None).await.unwrap();
    assert_eq!((unwritten.files.len(), unwritten.schema.fields.len()), (0, 1));
}

#[tokio::test]
async fn another_schema_is_another_schema_of_the_same_table() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &[]);
    let written = write(warehouse, &shape, &[longs("x", [Some(1)])]).await;
    let one = create(warehouse, &shape, written.clone()).await;
    let table = LoadedTable::load(warehouse, &one.metadata).await.unwrap();
    let mut wider = shape.schema.clone();
    wider.id = 1;
    wider.fields.push(bywash_lake::tables::Field::optional(2, "y", bywash_lake::tables::Type::String));
    let changed = table.changed(table.metadata().with_schema(wider.clone(), 2).unwrap());
    let two = commit(warehouse, &changed, NewSnapshot::new("widen", Vec::new(), HashSet::new())).await.unwrap();
    assert_eq!((one.schema_id, two.schema_id), (0, 1));
    assert_eq!(files(warehouse, &two).await.schema, wider);
    let before = TableFiles::load(warehouse, &two.metadata, one.snapshot_id).await.unwrap();
    assert_eq!(before.schema, shape.schema);
    assert!(table.metadata().with_schema(bywash_lake::tables::Schema { id: 0, fields: wider.fields }, 2).is_err());
    assert_eq!(BTreeMap::from([(1, 1)]), before.files[0].value_counts);
}

#[tokio::test]
async fn damaged_files_are_named() {
    let scratch = Scratch::new();
    let warehouse = &scratch.warehouse;
    let shape = shape(longs("x", []).schema_ref(), &[]);
    let written = write(warehouse, &shape, &[longs("x", [Some(1)])]).await;
    let one = create(warehouse, &shape, written).await;
    let list = snapshot(warehouse, &one).await.manifest_list;
    let path = warehouse.absolute(&list).unwrap();
    std::fs::write(&path, b"no avro").unwrap();
    assert_eq!(
        TableFiles::load(warehouse, &one.metadata, one.snapshot_id).await.unwrap_err().code(),
        Code::TableCorrupt
    );
    std::fs::remove_file(&path).unwrap();
    let missing = TableFiles::load(warehouse, &one.metadata, one.snapshot_id).await.unwrap_err();
    assert_eq!(missing.code(), Code::ObjectMissing);
    assert!(missing.message().contains(path.to_str().unwrap()), "{missing}");
}
