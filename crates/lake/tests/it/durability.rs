//! Rule T1: what a commit names is on the disk before the commit's metadata is, and a crash leaves nothing half-made.
//!
//! The crash tests run this test binary once more as a child, which makes one table and dies at a numbered step.

use std::collections::BTreeSet;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path as FilePath;
use std::process::Command;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bywash_core::Code;
use bywash_lake::storage::{Warehouse, faults};
use bywash_lake::tables::TableFiles;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use crate::fixture::{Scratch, change, create, shape, write};
use crate::rows::{every_type, longs};

/// Remembers in which order files became durable.
#[derive(Debug)]
struct Recording {
    store: Arc<dyn ObjectStore>,
    durable: Arc<Mutex<Vec<String>>>,
}

impl fmt::Display for Recording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Recording{}", self.store)
    }
}

#[async_trait]
impl ObjectStore for Recording {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let result = self.store.put_opts(location, payload, options).await?;
        self.durable.lock().unwrap().push(location.to_string());
        Ok(result)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.store.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

#[tokio::test]
async fn t1_everything_a_snapshot_names_is_durable_before_its_metadata() {
    let scratch = Scratch::new();
    let durable = Arc::new(Mutex::new(Vec::new()));
    let log = durable.clone();
    let warehouse = scratch.warehouse.through(|store| Arc::new(Recording { store, durable: log }));
    let rows = every_type(0, 200);
    let shape = shape(rows.schema_ref(), &["month(seen)"]);
    let first = write(&warehouse, &shape, &[rows]).await;
    let one = create(&warehouse, &shape, first.clone()).await;
    let second = write(&warehouse, &shape, &[every_type(200, 200)]).await;
    let two = change(&warehouse, &one, second, &[&first[0]]).await;

    let order = durable.lock().unwrap().clone();
    let place = |name: &str| {
        order.iter().position(|written| written == name).unwrap_or_else(|| panic!("{name} was never written"))
    };
    for commit in [one, two] {
        let metadata = place(&commit.metadata);
        let table = bywash_lake::tables::LoadedTable::load(&warehouse, &commit.metadata).await.unwrap();
        let list = table.metadata().current_snapshot().unwrap().manifest_list.clone();
        assert!(place(warehouse.relative(&list).unwrap().as_ref()) < metadata);
        for line in bywash_iceberg_spec::read_manifest_list(&warehouse.read(&list).await.unwrap(), 2).unwrap() {
            assert!(place(warehouse.relative(&line.path).unwrap().as_ref()) < metadata);
        }
        for file in TableFiles::load(&warehouse, &commit.metadata, commit.snapshot_id).await.unwrap().files {
            assert!(place(warehouse.relative(&file.path).unwrap().as_ref()) < metadata);
        }
    }
    assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), order.len(), "no name is used twice");
}

#[tokio::test]
async fn t1_an_existing_name_is_never_written_again() {
    let scratch = Scratch::new();
    scratch.warehouse.write("a/b/data/x", b"first".to_vec()).await.unwrap();
    let again = scratch.warehouse.write("a/b/data/x", b"second".to_vec()).await.unwrap_err();
    assert_eq!(again.code(), Code::FileSystem);
    assert!(again.message().contains("exists already"), "{again}");
    assert_eq!(scratch.warehouse.read("a/b/data/x").await.unwrap(), "first");
}

#[tokio::test]
async fn files_that_cannot_be_read_say_why() {
    let scratch = Scratch::new();
    assert_eq!(scratch.warehouse.read("a/b/data/x").await.unwrap_err().code(), Code::ObjectMissing);
    assert_eq!(scratch.warehouse.size("a/b/data/x").await.unwrap_err().code(), Code::ObjectMissing);
    std::fs::write(scratch.warehouse.root().join("a"), b"").unwrap();
    let blocked = scratch.warehouse.write("a/b/data/x", Vec::new()).await.unwrap_err();
    assert_eq!(blocked.code(), Code::FileSystem, "{blocked}");
}

const CHILD: &str = "BYWASH_TEST_CHILD_FOLDER";

/// What the child does: a table with a large file (in parts), a small one, then one more commit.
#[test]
#[ignore = "runs as the child of the crash tests"]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        faults::enter_phase("write");
        let warehouse = Warehouse::open(FilePath::new(&folder)).unwrap();
        let noise = (0..1_600_000_i64).map(|row| Some(row.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64.cast_signed())));
        let rows = longs("x", noise);
        let shape = shape(rows.schema_ref(), &[]);
        let large = write(&warehouse, &shape, &[rows]).await;
        let one = create(&warehouse, &shape, large.clone()).await;
        faults::enter_phase("publish");
        let small = write(&warehouse, &shape, &[longs("x", [Some(1)])]).await;
        change(&warehouse, &one, small, &[&large[0]]).await;
    });
}

fn run_child(folder: &FilePath, setting: (&str, &str)) -> std::process::ExitStatus {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "durability::child", "--ignored", "--nocapture"])
        .env(CHILD, folder)
        .env(setting.0, setting.1);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().unwrap()
}

fn steps_of(folder: &FilePath) -> Vec<(String, String, String)> {
    let log = folder.join("steps");
    assert!(run_child(&folder.join("warehouse"), ("BYWASH_FAULT_LOG", log.to_str().unwrap())).success());
    let lines = std::fs::read_to_string(log).unwrap();
    let step = |(number, line): (usize, &str)| {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        assert_eq!(words[0], (number + 1).to_string(), "steps are numbered without gaps");
        (words[1].to_owned(), words[2].to_owned(), words[3].to_owned())
    };
    lines.lines().enumerate().map(step).collect()
}

#[test]
fn t1_each_file_and_each_new_folder_is_synced_before_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let steps = steps_of(folder.path());
    let root = folder.path().join("warehouse").canonicalize().unwrap();
    let of = |path: &FilePath| -> Vec<(usize, &str)> {
        let own = steps.iter().enumerate().filter(|(_, (_, _, detail))| FilePath::new(detail) == path);
        own.map(|(place, (_, kind, _))| (place, kind.as_str())).collect()
    };
    let files: BTreeSet<&FilePath> =
        steps.iter().filter(|(_, kind, _)| kind == "put").map(|(_, _, detail)| FilePath::new(detail)).collect();
    let last_of_metadata = |path: &&&FilePath| path.to_str().unwrap().ends_with(".metadata.json");
    let metadata = files.iter().filter(last_of_metadata).map(|path| of(path)[0].0).max().unwrap();
    for path in &files {
        let own = of(path);
        let kinds: Vec<&str> = own.iter().map(|(_, kind)| *kind).collect();
        assert_eq!(kinds, ["put", "put", "fsync", "fsync"], "right before and right after each step");
        let folder_synced = of(path.parent().unwrap()).iter().any(|(place, _)| *place > own[3].0);
        assert!(folder_synced, "the name of {} is durable", path.display());
        for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(&root)) {
            let synced = of(folder.parent().unwrap());
            assert!(synced.iter().any(|(place, _)| *place < metadata), "{} is durable", folder.display());
        }
    }
    assert_eq!(files.len(), 2 + 3 + 4, "two data files; manifest, list and metadata; two manifests, list and metadata");
    assert!(steps.iter().any(|step| step.0 == "write") && steps.iter().any(|step| step.0 == "publish"));
}

#[test]
fn t1_a_crash_at_any_step_leaves_whole_metadata_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let steps = steps_of(folder.path()).len();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut seen = BTreeSet::new();
    for step in 1..=steps {
        let place = folder.path().join(step.to_string());
        let status = run_child(&place, ("BYWASH_FAULT_KILL_AT", &step.to_string()));
        assert_eq!(status.signal(), Some(9), "step {step}");
        let warehouse = Warehouse::open(&place).unwrap();
        let mut tables = 0;
        let metadata = warehouse.root().join("test/table-00000000/metadata");
        for entry in std::fs::read_dir(metadata).into_iter().flatten().map(std::result::Result::unwrap) {
            let name = format!("test/table-00000000/metadata/{}", entry.file_name().to_str().unwrap());
            if !name.ends_with(".metadata.json") || entry.metadata().unwrap().len() == 0 {
                continue;
            }
            tables += 1;
            runtime.block_on(check_whole(&warehouse, &name));
        }
        seen.insert(tables);
        std::fs::remove_dir_all(place).unwrap();
    }
    assert_eq!(seen, BTreeSet::from([0, 1, 2]));
}

async fn check_whole(warehouse: &Warehouse, metadata: &str) {
    let table = bywash_lake::tables::LoadedTable::load(warehouse, metadata).await.unwrap();
    let snapshot = table.metadata().current_snapshot_id;
    for file in TableFiles::load(warehouse, metadata, snapshot).await.unwrap().files {
        assert_eq!(warehouse.size(&file.path).await.unwrap(), file.file_size_in_bytes);
    }
}
