//! Rule T9: a lake folder can be moved or copied, and is read where it is now.

use bywash_core::Code;
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::TableFiles;

use crate::fixture::{Scratch, change, create, files, read_file, shape, write};
use crate::rows::longs;

#[tokio::test]
async fn t9_a_moved_warehouse_is_read_and_written_where_it_is() {
    let scratch = Scratch::new();
    let shape = shape(longs("x", []).schema_ref(), &["truncate(5, x)"]);
    let written = write(&scratch.warehouse, &shape, &[longs("x", (0..10).map(Some))]).await;
    let one = create(&scratch.warehouse, &shape, written).await;
    let recorded_before = scratch.warehouse.recorded(&one.metadata);

    // The new place has folders named like those of a table.
    let place = scratch.folder.path().join("moved/data/metadata");
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::rename(scratch.warehouse.root(), &place).unwrap();
    let moved = Warehouse::open(&place).unwrap();

    let before = files(&moved, &one).await;
    let rows: usize = before.files.iter().flat_map(|file| read_file(&moved, file)).map(|batch| batch.num_rows()).sum();
    assert_eq!(rows, 10);
    assert!(TableFiles::load(&moved, &recorded_before, one.snapshot_id).await.is_ok(), "also by its recorded name");

    let more = write(&moved, &shape, &[longs("x", [Some(100)])]).await;
    let two = change(&moved, &one, more, &[&before.files[0]]).await;
    let after = files(&moved, &two).await;
    assert_eq!(after.files.iter().map(|file| file.record_count).sum::<u64>(), 6);
    for file in &after.files {
        assert!(moved.size(&file.path).await.is_ok());
    }
}

#[tokio::test]
async fn t9_a_copy_never_reads_the_original() {
    let scratch = Scratch::new();
    let shape = shape(longs("x", []).schema_ref(), &[]);
    let written = write(&scratch.warehouse, &shape, &[longs("x", (0..10).map(Some))]).await;
    let one = create(&scratch.warehouse, &shape, written).await;
    let place = scratch.folder.path().join("copy");
    copy(scratch.warehouse.root(), &place);
    let copied = Warehouse::open(&place).unwrap();
    for file in files(&copied, &one).await.files {
        assert!(copied.absolute(&file.path).unwrap().starts_with(copied.root()));
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.metadata().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn t9_locations_outside_a_warehouse_are_refused() {
    let scratch = Scratch::new();
    for foreign in ["ftp://bucket/a/b/data/x.parquet", "file:///tmp/x.parquet", "/data/x.parquet", "a/../b/data/x"] {
        let refused = scratch.warehouse.relative(foreign).unwrap_err();
        assert_eq!(refused.code(), Code::TableCorrupt, "{foreign}");
    }
    let path = scratch.warehouse.relative("file:///old/place/raw/flights-1a/data/month=1/x.parquet").unwrap();
    assert_eq!(path.as_ref(), "raw/flights-1a/data/month=1/x.parquet");
    // A lake that was copied between a folder and an object store.
    for remote in
        ["s3://bucket/lake/raw/t-1/metadata/1.json", "abfss://box@account.dfs.core.windows.net/raw/t-1/metadata/1.json"]
    {
        assert_eq!(scratch.warehouse.relative(remote).unwrap().as_ref(), "raw/t-1/metadata/1.json");
    }
}
