//! Warehouses in object stores, on real servers. Settings of a store come from the environment, so each test runs this
//! test binary once more as a child with that environment.

use std::process::Command;

use bywash_core::Code;
use bywash_lake::storage::{RemotePlace, Warehouse, settle_uploads};
use bywash_testkit::ObjectStore;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

use crate::fixture::{change, create, files, shape, write};
use crate::rows::longs;

const ADDRESS: &str = "BYWASH_TEST_ADDRESS";

/// Runs a test of this file as a child that has the store's environment.
fn run_child(name: &str, store: &ObjectStore, address: &str) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("objects::{name}"), "--ignored", "--nocapture", "--test-threads=1"]);
    child.env(ADDRESS, address).envs(store.environment());
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(!said.contains(store.secret()), "{said}");
}

/// The warehouse of a child; nothing in a run of all ignored tests.
async fn warehouse() -> Option<Warehouse> {
    let address = std::env::var(ADDRESS).ok()?;
    Some(Warehouse::open_remote(&RemotePlace::parse(&address).unwrap()).await.unwrap())
}

fn stores() -> [ObjectStore; 2] {
    [ObjectStore::s3(env!("CARGO_TARGET_TMPDIR")), ObjectStore::azure(env!("CARGO_TARGET_TMPDIR"))]
}

#[test]
fn t1_an_existing_name_in_an_object_store_is_never_written_again() {
    for store in stores() {
        run_child("child_that_writes_names_once", &store, &store.address("team/lake"));
    }
}

#[tokio::test]
#[ignore = "a child of the test above"]
async fn child_that_writes_names_once() {
    let Some(warehouse) = warehouse().await else { return };
    warehouse.write("a/b/data/x", b"first".to_vec()).await.unwrap();
    let again = warehouse.write("a/b/data/x", b"second".to_vec()).await.unwrap_err();
    assert_eq!(again.code(), Code::FileSystem, "{again:?}");
    assert!(again.message().contains("exists already"), "{again}");
    assert_eq!(warehouse.read("a/b/data/x").await.unwrap(), "first");
    // An answer that was lost is asked for again: the same content is our own.
    warehouse.write("a/b/data/x", b"first".to_vec()).await.unwrap();
    assert_eq!(warehouse.size("a/b/data/x").await.unwrap(), 5);
    let missing = warehouse.read("a/b/data/y").await.unwrap_err();
    assert_eq!(missing.code(), Code::ObjectMissing, "{missing:?}");
    assert!(missing.message().contains("team/lake/a/b/data/y"), "{missing}");
}

#[test]
fn tables_in_an_object_store_are_written_read_listed_and_deleted() {
    for store in stores() {
        run_child("child_that_writes_tables", &store, &store.address("lake"));
    }
}

#[tokio::test]
#[ignore = "a child of the test above"]
async fn child_that_writes_tables() {
    let Some(warehouse) = warehouse().await else { return };
    let noise = (0..3_000_000_i64).map(|row| Some(row.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())));
    let rows = longs("x", noise);
    let shape = shape(rows.schema_ref(), &[]);
    let large = write(&warehouse, &shape, &[rows]).await;
    assert!(large.iter().any(|file| file.file_size_in_bytes > 12_000_000), "one file needs several parts");
    let one = create(&warehouse, &shape, large.clone()).await;
    let small = write(&warehouse, &shape, &[longs("x", [Some(1)])]).await;
    let two = change(&warehouse, &one, small, &[]).await;
    let planned = files(&warehouse, &two).await;
    assert_eq!(planned.files.iter().map(|file| file.record_count).sum::<u64>(), 3_000_001);
    for file in &planned.files {
        assert_eq!(warehouse.size(&file.path).await.unwrap(), file.file_size_in_bytes);
    }
    let listed: Vec<_> = warehouse.store().list(None).try_collect().await.unwrap();
    assert!(listed.iter().any(|file| file.location.as_ref() == two.metadata), "{listed:?}");
    assert!(listed.iter().all(|file| file.location.as_ref().starts_with("test/")), "paths are below the prefix");
    let file = Path::from(small_path(&planned.files));
    warehouse.store().delete(&file).await.unwrap();
    assert_eq!(warehouse.size(file.as_ref()).await.unwrap_err().code(), Code::ObjectMissing);
}

fn small_path(files: &[bywash_lake::tables::DataFile]) -> String {
    files.iter().min_by_key(|file| file.file_size_in_bytes).unwrap().path.clone()
}

#[test]
fn t1_an_upload_in_parts_that_is_given_up_leaves_nothing() {
    let store = ObjectStore::s3(env!("CARGO_TARGET_TMPDIR"));
    run_child("child_that_gives_up", &store, &store.address("lake"));
    let left = Command::new("find").arg(store.data()).args(["-type", "f"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "no file and no part of one");
}

#[tokio::test]
#[ignore = "a child of the test above"]
async fn child_that_gives_up() {
    let Some(warehouse) = warehouse().await else { return };
    let mut upload = warehouse.store().put_multipart(&Path::from("a/b/data/x")).await.unwrap();
    upload.put_part(PutPayload::from(vec![7; 6 << 20])).await.unwrap();
    // Whoever wrote has failed, and says nothing more.
    drop(upload);
    settle_uploads().await;
}

#[tokio::test]
async fn addresses_of_warehouses_are_read_as_they_are_written() {
    for whole in ["s3://bucket/a/b", "s3://bucket", "az://box/a", "abfss://box@account.dfs.core.windows.net/a"] {
        assert_eq!(RemotePlace::parse(whole).unwrap().to_string(), whole);
    }
    assert_eq!(RemotePlace::parse("s3://bucket/a/").unwrap().to_string(), "s3://bucket/a");
    for wrong in
        ["s3://", "s3:///a", "/a", "gs://b/a", "s3://key:secret@bucket/a", "az://box/a?sv=1&sig=x", "abfss://box/a"]
    {
        let refused = RemotePlace::parse(wrong).unwrap_err();
        assert_eq!(refused.code(), Code::InvalidSetting, "{wrong}");
        assert!(!format!("{refused:?}").contains("secret"), "{refused:?}");
    }
}
