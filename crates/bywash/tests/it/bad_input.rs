//! What people really meet: files that are broken, locked, closed or absent, a full disk, a project that cannot be.
//!
//! Each of these is one clear error that names the file and line or the object, with exit code 1; nothing is left
//! half-written, `main` stays as it was, and once the cause is gone the next run does what this one could not.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bywash_testkit::{Output, Sandbox};

use crate::shop::{all_rows, head, orders, rows, shop};

const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that a failure may not change.
#[derive(Debug, PartialEq)]
struct Standing {
    head: String,
    rows: Vec<(String, Vec<String>)>,
    warehouse: Vec<String>,
}

impl Standing {
    fn of(shop: &Sandbox) -> Self {
        Self { head: head(shop), rows: all_rows(shop), warehouse: shop.files("lake/warehouse") }
    }

    /// `main` and its rows are as they were, no file more or less lies in the warehouse, and `doctor` is content.
    fn holds(&self, shop: &Sandbox) {
        shop.run(["doctor"]).success();
        assert_eq!(&Self::of(shop), self);
    }

    /// The same for a run that was stopped when some of its work was finished: that is kept, for the next one.
    fn holds_on_main(&self, shop: &Sandbox) {
        shop.run(["doctor"]).success();
        assert_eq!((head(shop), all_rows(shop)), (self.head.clone(), self.rows.clone()));
    }
}

/// A shop that has run once.
fn running_shop() -> (Sandbox, Standing) {
    let shop = shop();
    shop.run(["run"]).success();
    let before = Standing::of(&shop);
    (shop, before)
}

/// The output failed with exit code 1 for this reason, and says all of these words.
fn failed(output: Output, code: &str, words: &[&str]) -> Output {
    let output = output.failure(code);
    assert_eq!(output.code, 1, "{output}");
    for word in words {
        assert!(output.stderr.contains(word), "expected `{word}`\n{output}");
    }
    output
}

/// The next run succeeds, and this many orders are in the table and counted by the last model.
fn heals(shop: &Sandbox, count: usize) {
    shop.run(["run"]).success();
    assert_eq!(rows(shop, "select count(*), count(distinct id) from raw.orders"), [format!("{count},{count}")]);
    assert_eq!(rows(shop, "select sum(orders) from marts.by_region"), [count.to_string()]);
    shop.run(["doctor"]).success();
}

fn cut(shop: &Sandbox, path: &str, bytes_off: u64) {
    let file = OpenOptions::new().write(true).open(shop.path().join(path)).expect("a file");
    let length = file.metadata().expect("its size").len();
    file.set_len(length.checked_sub(bytes_off).expect("a longer file")).expect("a shorter file");
}

fn wait_for(path: &Path) {
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < PATIENCE, "`{}` never came", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn also_source(shop: &Sandbox, lines: &str) {
    shop.write("sources/raw.yml", shop.read("sources/raw.yml") + lines);
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}

#[test]
fn a_row_with_too_many_fields_is_named_with_its_line() {
    let (shop, before) = running_shop();
    orders(&shop, 2, 61, 70);
    let good = shop.read("data/orders2.csv");
    shop.write("data/orders2.csv", good.replace("63,1,630,", "63,1,630,extra,"));
    let output = failed(shop.run(["run"]), "csv-field-count", &["data/orders2.csv:4", "5 fields", "on_error"]);
    assert!(output.stderr.contains("`main` is as it was"), "{output}");
    before.holds(&shop);
    shop.write("data/orders2.csv", good);
    heals(&shop, 70);
}

#[test]
fn a_byte_that_is_no_letter_is_named_with_its_line() {
    let (shop, before) = running_shop();
    let good = shop.read("data/customers.csv");
    shop.write("data/customers.csv", b"id,name,code\n1,Ann,n\n2,B\xffb,s\n3,Cid,n\n");
    failed(shop.run(["run"]), "invalid-encoding", &["data/customers.csv:3", "0xff", "encoding"]);
    before.holds(&shop);
    shop.write("data/customers.csv", good + "4,Dee,n\n");
    heals(&shop, 60);
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
}

#[test]
fn a_truncated_gzip_file_gives_no_row() {
    let (shop, _) = running_shop();
    shop.write("sources/raw.yml", shop.read("sources/raw.yml").replace("orders*.csv", "orders*.csv*"));
    shop.run(["run"]).success();
    let before = Standing::of(&shop);
    orders(&shop, 2, 61, 30_000);
    let path = shop.path().join("data/orders2.csv");
    assert!(Command::new("gzip").arg(&path).status().expect("the gzip program").success());
    let whole = fs::read(shop.path().join("data/orders2.csv.gz")).expect("a file");
    for bytes_off in [1, 8, 20_000] {
        shop.write("data/orders2.csv.gz", &whole);
        cut(&shop, "data/orders2.csv.gz", bytes_off);
        failed(shop.run(["run"]), "truncated-file", &["data/orders2.csv.gz"]);
    }
    before.holds(&shop);
    shop.write("data/orders2.csv.gz", &whole);
    heals(&shop, 30_000);
}

#[test]
fn a_truncated_parquet_file_gives_no_row() {
    let (shop, before) = running_shop();
    shop.run(["query", "from raw.orders", "-o", "parquet", "--to", "data/items.parquet"]).success();
    let whole = fs::read(shop.path().join("data/items.parquet")).expect("a file");
    also_source(&shop, "  - name: items\n    path: data/items.parquet\n");
    for bytes_off in [1, 8, 500, whole.len() as u64 - 6] {
        shop.write("data/items.parquet", &whole);
        cut(&shop, "data/items.parquet", bytes_off);
        failed(shop.run(["run"]), "truncated-file", &["data/items.parquet"]);
    }
    before.holds(&shop);
    shop.write("data/items.parquet", &whole);
    heals(&shop, 60);
    assert_eq!(rows(&shop, "select count(*) from raw.items"), ["60"]);
}

#[test]
fn a_missing_file_is_named_where_it_is_asked_for() {
    let (shop, before) = running_shop();
    also_source(&shop, "  - name: items\n    path: data/items.csv\n");
    failed(shop.run(["run"]), "missing-file", &["`data/items.csv`", "sources/raw.yml:9", "data/orders1.csv"]);
    before.holds(&shop);
    failed(shop.run(["query", "from 'data/items.csv'"]), "missing-file", &["`data/items.csv`", "<query>:1:6"]);
    shop.write("data/items.csv", "id\n1\n");
    heals(&shop, 60);
    assert_eq!(rows(&shop, "from raw.items"), ["1"]);
}

#[test]
fn a_file_or_folder_without_permission_is_named() {
    let (shop, before) = running_shop();
    orders(&shop, 2, 61, 70);
    let (folder, file) = (shop.path().join("data"), shop.path().join("data/orders2.csv"));
    allow(&file, 0o000);
    let output = shop.command(["run"]).as_unprivileged_user().run();
    failed(output, "permission-denied", &["`data/orders2.csv`", "sources/raw.yml:4"]);
    before.holds(&shop);
    allow(&file, 0o644);
    allow(&folder, 0o000);
    let output = shop.command(["run"]).as_unprivileged_user().run();
    failed(output, "permission-denied", &["`data/customers.csv`", "sources/raw.yml:7", "2 problems"]);
    allow(&folder, 0o755);
    before.holds(&shop);
    shop.command(["run"]).as_unprivileged_user().run().success();
    heals(&shop, 70);
}

/// The folders below the table of the orders, where its data and its metadata lie.
fn folders_of_orders(shop: &Sandbox, kind: &str) -> Vec<PathBuf> {
    let files = shop.files("lake/warehouse/raw").into_iter().filter(|file| file.starts_with("orders-"));
    let folders = files.filter_map(|file| Some(shop.path().join("lake/warehouse/raw").join(file).parent()?.to_owned()));
    let mut folders: Vec<PathBuf> = folders.filter(|folder| folder.display().to_string().contains(kind)).collect();
    folders.dedup();
    assert!(!folders.is_empty(), "the table has a folder of {kind}");
    folders
}

#[test]
fn a_lake_that_may_not_be_written_is_named() {
    let (shop, before) = running_shop();
    orders(&shop, 2, 61, 70);
    for kind in ["/data", "/metadata"] {
        let folders = folders_of_orders(&shop, kind);
        folders.iter().for_each(|folder| allow(folder, 0o555));
        let output = shop.command(["run"]).as_unprivileged_user().run();
        folders.iter().for_each(|folder| allow(folder, 0o755));
        failed(output, "permission-denied", &["lake/warehouse/raw/orders-", kind]);
        before.holds_on_main(&shop);
    }
    shop.command(["run"]).as_unprivileged_user().run().success();
    heals(&shop, 70);
}

/// A small disk under the folder of the lake; unmounted at the end, also of a test that fails.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Moves the lake to a disk of its own. `None` where this user may not mount.
    fn under_the_lake_of(shop: &Sandbox) -> Option<Self> {
        let (lake, aside) = (shop.path().join("lake"), shop.path().join("aside"));
        fs::rename(&lake, &aside).expect("the lake aside");
        fs::create_dir(&lake).expect("a folder");
        if !mount(&["-t", "tmpfs", "-o", "size=32m", "none"], &lake) {
            return None;
        }
        let disk = Self(lake.clone());
        let copied = Command::new("cp").arg("-a").arg(aside.join(".")).arg(&lake).status().expect("the cp program");
        assert!(copied.success(), "the lake is copied");
        fs::remove_dir_all(&aside).expect("no lake aside");
        Some(disk)
    }

    /// Leaves this much free, in kB.
    fn leave(&self, shop: &Sandbox, free: u64) {
        let pages = |file: &String| fs::metadata(self.0.join(file)).expect("a file").len().div_ceil(4096);
        let used: u64 = shop.files("lake").iter().map(pages).sum();
        self.resize(&format!("{}k", used * 4 + free));
    }

    fn resize(&self, size: &str) {
        assert!(mount(&["-o", &format!("remount,size={size}")], &self.0), "the disk has another size");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A lazy one, so that a process that still runs cannot keep it.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(words: &[&str], folder: &Path) -> bool {
    let status = Command::new("mount").args(words).arg(folder).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// From nothing free, where the catalog itself cannot be opened, up to room for the load but not for the models.
#[test]
fn a_full_disk_is_told_and_forgotten_when_there_is_space() {
    let (shop, before) = running_shop();
    let Some(disk) = SmallDisk::under_the_lake_of(&shop) else {
        println!("skipped: this user may mount no file system here, so no disk can be full");
        return;
    };
    orders(&shop, 2, 61, 60_000);
    let mut failures = 0;
    for free in [0, 40, 300, 640, 720, 800, 1000] {
        disk.leave(&shop, free);
        let output = shop.run(["run"]);
        disk.resize("32m");
        if output.code == 0 {
            break;
        }
        failed(output, "disk-full", &["no space left on the device", "lake/", "free some space"]);
        shop.run(["doctor"]).success();
        assert_eq!(head(&shop), before.head, "with {free} kB free");
        failures += 1;
    }
    assert!(failures > 3, "{failures} disks were too small");
    heals(&shop, 60_000);
}

/// A merge writes the tables of both sides and those of models; wherever the disk ends, both branches stay as they are.
#[test]
fn a_disk_that_fills_up_in_a_merge_leaves_both_branches() {
    let (shop, _) = running_shop();
    shop.run(["branch", "create", "dev"]).success();
    orders(&shop, 2, 61, 40_000);
    shop.run(["run", "--ref", "dev"]).success();
    shop.run(["query", "delete from raw.orders where id = 7"]).success();
    let before = Standing::of(&shop);
    let dev = |shop: &Sandbox| rows(shop, "select commit from bywash.refs where name = 'dev'");
    let old_dev = dev(&shop);
    let Some(disk) = SmallDisk::under_the_lake_of(&shop) else {
        println!("skipped: this user may mount no file system here, so no disk can be full");
        return;
    };
    let mut failures = 0;
    for free in [0, 40, 80, 120, 200, 320, 480, 640] {
        disk.leave(&shop, free);
        let output = shop.run(["merge", "dev"]);
        disk.resize("32m");
        if output.code == 0 {
            break;
        }
        failed(output, "disk-full", &["no space left on the device", "free some space"]);
        shop.run(["doctor"]).success();
        assert_eq!((head(&shop), dev(&shop)), (before.head.clone(), old_dev.clone()), "with {free} kB free");
        assert_eq!(all_rows(&shop), before.rows, "with {free} kB free");
        failures += 1;
    }
    assert!(failures > 2, "{failures} disks were too small");
    // The last one had room enough, or there is room now.
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["39999"]);
    shop.run(["doctor"]).success();
}

#[test]
fn a_catalog_of_a_newer_version_is_not_touched() {
    let (shop, before) = running_shop();
    let path = shop.path().join("lake/catalog.db");
    let set = |version: i64| {
        let program =
            "import sqlite3, sys\nsqlite3.connect(sys.argv[1]).execute('pragma user_version = ' + sys.argv[2])\n";
        let status = Command::new("python3").arg("-c").arg(program).arg(&path).arg(version.to_string()).status();
        assert!(status.expect("python3").success());
    };
    let old: i64 = {
        let bytes = fs::read(&path).expect("the catalog");
        i64::from(u32::from_be_bytes(bytes[60..64].try_into().expect("four bytes")))
    };
    set(old + 1);
    let bytes = fs::read(&path).expect("the catalog");
    for verb in [vec!["run"], vec!["query", "from raw.orders"], vec!["doctor"]] {
        failed(shop.run(verb), "catalog-newer", &["newer", &(old + 1).to_string()]);
    }
    assert_eq!(fs::read(&path).expect("the catalog"), bytes);
    set(old);
    before.holds(&shop);
}

/// Changes the metadata of a table by hand; gives its place, and what it was.
fn rewrite_metadata(shop: &Sandbox, table: &str, change: impl FnOnce(&str) -> String) -> (PathBuf, String) {
    let sql = format!("select metadata_location from bywash.tables where name = '{table}'");
    let path = PathBuf::from(rows(shop, &sql).remove(0));
    let text = fs::read_to_string(&path).expect("metadata");
    let changed = change(&text);
    assert_ne!(text, changed, "nothing was changed");
    fs::write(&path, changed).expect("metadata");
    (path, text)
}

#[test]
fn metadata_that_somebody_changed_is_named_and_everything_else_is_read() {
    let (shop, before) = running_shop();
    shop.run(["query", "delete from raw.orders where id = 1"]).success();
    // Nothing a parser would stumble over: an unknown version, another current snapshot, a longer column list.
    let current = |text: &str| {
        let number = |key: &str| text.split(key).nth(1).and_then(|rest| rest.split(',').next()).expect("a number");
        let (now, before) = (number("\"current-snapshot-id\":"), number("\"parent-snapshot-id\":"));
        text.replace(&format!("\"current-snapshot-id\":{now}"), &format!("\"current-snapshot-id\":{before}"))
    };
    let changes: [&dyn Fn(&str) -> String; 3] =
        [&|text| text.replace("\"format-version\":2", "\"format-version\":7"), &current, &|text| {
            text.replace("\"name\":\"amount\"", "\"name\":\"sum\"")
        }];
    for change in changes {
        let (path, whole) = rewrite_metadata(&shop, "raw.orders", change);
        let shown = path.display().to_string();
        let words = [&shown, "was changed after it was written", "backup", "table history"];
        failed(shop.run(["query", "from raw.orders"]), "table-corrupt", &words);
        failed(shop.run(["query", "insert into raw.orders select * from raw.orders"]), "table-corrupt", &words);
        assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["3"]);
        assert_eq!(rows(&shop, "select count(*) from \"raw.orders@HEAD~1\""), ["60"]);
        let doctor = failed(shop.run(["doctor"]), "table-corrupt", &["can be read"]);
        assert!(doctor.stdout.contains("raw.orders") && !doctor.stdout.contains("raw.customers"), "{doctor}");
        fs::write(&path, whole).expect("the backup");
    }
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(all_rows(&shop), before.rows);
    shop.run(["doctor"]).success();
}

#[test]
fn a_damaged_manifest_is_named_and_everything_else_is_read() {
    let (shop, before) = running_shop();
    let sql = "select metadata_location from bywash.tables where name = 'raw.orders'";
    let metadata = PathBuf::from(rows(&shop, sql).remove(0));
    let beside = fs::read_dir(metadata.parent().expect("a folder")).expect("a folder").flatten();
    let is_manifest = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".avro") && !name.starts_with("snap-")
    };
    let manifest = beside.map(|entry| entry.path()).find(is_manifest).expect("a manifest");
    let whole = fs::read(&manifest).expect("a manifest");
    // A name that a parser trips over, a block that ends early, and a marker that is not the one of the file.
    let place = whole.windows(14).position(|bytes| bytes == b"manifest_entry").expect("the name of the records");
    let damages: [fn(&mut Vec<u8>, usize); 3] = [
        |bytes, place| bytes[place + 11] = b'`',
        |bytes, _| bytes.truncate(bytes.len() - 40),
        |bytes, _| bytes.iter_mut().rev().take(16).for_each(|byte| *byte ^= 0xff),
    ];
    for damage in damages {
        let mut bytes = whole.clone();
        damage(&mut bytes, place);
        fs::write(&manifest, bytes).expect("a damaged manifest");
        let name = manifest.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let read = failed(shop.run(["query", "from raw.orders"]), "table-corrupt", &[&name, "backup", "doctor"]);
        assert!(!read.stderr.contains("bug"), "{read}");
        assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["3"]);
        let doctor = failed(shop.run(["doctor"]), "table-corrupt", &["can be read"]);
        assert!(doctor.stdout.contains("raw.orders") && !doctor.stdout.contains("raw.customers"), "{doctor}");
    }
    fs::write(&manifest, whole).expect("the backup");
    assert_eq!(all_rows(&shop), before.rows);
    shop.run(["doctor"]).success();
}

/// A process that holds the catalog for itself.
struct Holder(Child);

impl Holder {
    fn of(catalog: &Path, sign: &Path) -> Self {
        let program = "import sqlite3, sys, time\nlock = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                       lock.execute('BEGIN EXCLUSIVE')\nopen(sys.argv[2], 'w').close()\ntime.sleep(60)\n";
        let child = Command::new("python3").arg("-c").arg(program).arg(catalog).arg(sign).spawn().expect("python3");
        let holder = Self(child);
        wait_for(sign);
        holder
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_locked_catalog_is_waited_for_and_then_named() {
    let (shop, before) = running_shop();
    orders(&shop, 2, 61, 70);
    let holder = Holder::of(&shop.path().join("lake/catalog.db"), &shop.path().join("held"));
    let began = Instant::now();
    let output = shop.command(["run"]).env("BYWASH_CATALOG__PATIENCE", "1s").run();
    let waited = began.elapsed();
    failed(output, "catalog-locked", &["lake/catalog.db", "another process"]);
    assert!(waited > Duration::from_millis(900) && waited < Duration::from_secs(8), "{waited:?}");
    assert_eq!(head(&shop), before.head, "who only reads is not kept waiting");
    drop(holder);
    before.holds(&shop);
    heals(&shop, 70);
}

#[test]
fn a_corrupt_catalog_is_named_and_nothing_is_written_over_it() {
    let (shop, before) = running_shop();
    orders(&shop, 2, 61, 70);
    let path = shop.path().join("lake/catalog.db");
    let whole = fs::read(&path).expect("the catalog");
    let garbage = b"this is no catalog ".repeat(500);
    let mut torn = whole.clone();
    torn[4096..].fill(0x5a);
    for damaged in [&garbage[..], &torn[..], &whole[..20_000], &whole[..whole.len() / 2]] {
        fs::write(&path, damaged).expect("a damaged catalog");
        failed(shop.run(["run"]), "catalog-corrupt", &["lake/catalog.db", "backup"]);
        assert_eq!(fs::read(&path).expect("the catalog"), damaged, "the damaged file is evidence");
        failed(shop.run(["doctor"]), "catalog-corrupt", &["lake/catalog.db"]);
        assert_eq!(shop.files("lake/warehouse"), before.warehouse);
        for beside in ["lake/catalog.db-wal", "lake/catalog.db-shm"] {
            let _ = fs::remove_file(shop.path().join(beside));
        }
    }
    fs::write(&path, whole).expect("the backup");
    before.holds(&shop);
    heals(&shop, 70);
}

#[test]
fn models_in_a_cycle_are_all_named() {
    let (shop, before) = running_shop();
    shop.write("models/marts/a.sql", "select * from marts.b\n");
    shop.write("models/marts/b.sql", "select 1 as one\nfrom marts.c\n");
    shop.write("models/marts/c.sql", "select * from marts.a\n");
    let words = [
        "`marts.a` → `marts.b` → `marts.c` → `marts.a`",
        "models/marts/a.sql:1:15",
        "models/marts/b.sql:2:6",
        "models/marts/c.sql:1:15",
    ];
    for verb in ["check", "plan", "run"] {
        failed(shop.run([verb]), "cyclic-models", &words);
    }
    before.holds(&shop);
    shop.write("models/marts/c.sql", "select * from marts.top\n");
    heals(&shop, 60);
}

#[test]
fn two_models_of_one_name_are_both_named() {
    let (shop, before) = running_shop();
    shop.write("models/marts/old/top.sql", "select 1 as one\n");
    for verb in ["check", "plan", "run"] {
        failed(
            shop.run([verb]),
            "duplicate-node",
            &["`marts.top`", "models/marts/top.sql", "models/marts/old/top.sql"],
        );
    }
    before.holds(&shop);
    fs::remove_file(shop.path().join("models/marts/old/top.sql")).expect("a file");
    heals(&shop, 60);
}

#[test]
fn a_dependency_on_nothing_is_named_with_every_other_problem() {
    let (shop, before) = running_shop();
    shop.write("models/marts/late.sql", "select *\nfrom raw.ordrs\n");
    shop.write("models/marts/lost.sql", "select * from nowhere.at_all\n");
    for verb in ["check", "run"] {
        let words =
            ["`raw.ordrs`", "models/marts/late.sql:2:6", "did you mean `raw.orders`?", "models/marts/lost.sql:1:15"];
        failed(shop.run([verb]), "unknown-table", &words);
    }
    before.holds(&shop);
    fs::remove_file(shop.path().join("models/marts/lost.sql")).expect("a file");
    shop.write("models/marts/late.sql", "select *\nfrom raw.orders\n");
    heals(&shop, 60);
}

#[test]
fn ctrl_c_ends_a_run_cleanly_and_the_next_one_goes_on_from_there() {
    let (shop, before) = running_shop();
    orders(&shop, 2, 61, 70);
    let barrier = shop.path().join("barrier");
    let setting = format!("publish:{}", barrier.display());
    let mut process = shop.command(["run"]).env("BYWASH_FAULT_BARRIER", setting).process();
    let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
    wait_for(&barrier.with_extension("reached"));
    let sent = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().expect("the kill program");
    assert!(sent.success());
    let output = child.wait_with_output().expect("its output");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("error[cancelled]") && stderr.contains("finished are kept in `refs/runs/"), "{stderr}");
    before.holds_on_main(&shop);
    assert_eq!(rows(&shop, "select status from bywash.runs"), ["published", "stopped"]);
    let again = shop.run(["run"]).success();
    assert!(again.stderr.contains("0 ran"), "what was finished is reused\n{again}");
    heals(&shop, 70);
}
