//! Rule T9 and what is near it: lakes that were moved, that lost their catalog, that a user may only read.

use std::path::{Path, PathBuf};

use bywash_testkit::Sandbox;

use crate::sandbox;
use crate::shop::{all_rows, copy, head, json, orders, rows, shop};

/// A shop with a tag, a branch of its own and a second load, and the folder that it lay in before it was moved.
fn moved_shop() -> (Sandbox, PathBuf) {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["tag", "create", "v1"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.run(["query", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    shop.run(["checkout", "main"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    let old = shop.path().canonicalize().expect("a folder").join("lake/warehouse");
    (copy(&shop), old)
}

/// The metadata, lists and manifests of a ref's tables as text: paths stand in all of them as they are.
fn recorded_texts(shop: &Sandbox, reference: &str) -> Vec<String> {
    let output = shop
        .run([
            "query",
            "select metadata_location from bywash.tables where kind <> 'view'",
            "--ref",
            reference,
            "-o",
            "csv",
        ])
        .success();
    let read = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).expect("a file")).into_owned();
    let mut found: Vec<String> = Vec::new();
    for location in output.stdout.lines().skip(1) {
        let text = read(Path::new(location));
        let folder = Path::new(location).parent().expect("a folder");
        // What the metadata names by its new place, and what that names in turn.
        let lists = files_named_in(&text, folder);
        let manifests = lists.iter().flat_map(|list| files_named_in(&read(list), folder)).collect::<Vec<_>>();
        found.extend(lists.iter().chain(&manifests).map(|file| read(file)));
        found.push(text);
    }
    found
}

fn files_named_in(text: &str, folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    files
        .filter(|file| file.extension().is_some_and(|end| end == "avro") && text.contains(&*file.to_string_lossy()))
        .collect()
}

#[test]
fn t9_a_relocated_lake_records_where_it_lies() {
    let (shop, old) = moved_shop();
    let old = old.to_str().expect("a path").to_owned();
    let before = all_rows(&shop);
    let output = shop.run(["table", "show", "raw.orders"]).success();
    assert!(output.stderr.contains("bywash doctor --relocate") && output.stderr.contains(&old), "{output}");
    let output = shop.run(["doctor"]).success();
    let new = shop.path().canonicalize().expect("a folder").join("lake/warehouse");
    assert!(output.stderr.contains(&old) && output.stderr.contains(new.to_str().expect("a path")), "{output}");

    let dry = shop.run(["doctor", "--relocate", "--dry-run"]).success();
    assert!(dry.stdout.contains("raw.orders") && dry.stdout.contains("dev"), "{dry}");
    assert!(shop.run(["doctor", "--relocate", "--dry-run"]).success().stdout.contains(&old), "nothing was changed");
    shop.run(["doctor", "--relocate"]).success();

    for reference in ["main", "dev", "v1"] {
        let texts = recorded_texts(&shop, reference);
        assert!(texts.len() > 10, "metadata, lists and manifests");
        assert!(texts.iter().all(|text| !text.contains(&format!("file://{old}/"))), "{reference}");
    }
    let output = shop.run(["doctor"]).success();
    assert!(!output.stderr.contains("warning"), "{output}");
    assert!(!shop.run(["table", "show", "raw.orders"]).success().stderr.contains("warning"));
    assert_eq!(all_rows(&shop), before);
    assert_eq!(rows(&shop, "select count(*) from raw.orders@v1"), ["60"]);
    assert_eq!(rows(&shop, "select count(*) from \"raw.orders@main~1\""), ["70"], "older commits are read as they are");
    let again = shop.run(["doctor", "--relocate"]).success();
    assert!(again.stderr.contains("nothing to relocate"), "{again}");
}

#[test]
fn t9_after_a_relocation_runs_reuse_and_branches_merge() {
    let (shop, _) = moved_shop();
    shop.run(["doctor", "--relocate"]).success();
    let before = head(&shop);
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(report["status"], "unchanged", "{report}");
    let nodes = report["nodes"].as_array().expect("nodes");
    assert!(nodes.iter().all(|node| node["status"] == "reused"), "{report}");
    assert_eq!(head(&shop), before);
    assert!(shop.run(["diff", "HEAD~1", "-o", "csv"]).success().stdout.lines().count() <= 1, "the rows are the same");

    orders(&shop, 3, 71, 75);
    shop.run(["run"]).success();
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["75"]);
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["3"]);
    shop.run(["doctor"]).success();
}

#[test]
fn t9_a_relocation_that_is_killed_leaves_the_old_or_the_new() {
    let (shop, _) = moved_shop();
    let expected = all_rows(&shop);
    let counting = copy(&shop);
    let log = counting.path().join("steps");
    counting.command(["doctor", "--relocate"]).env("BYWASH_FAULT_LOG", &log).run().success();
    let steps = std::fs::read_to_string(&log).expect("the log").lines().count();
    for step in [1, steps / 3, steps / 2, steps - 2, steps - 1, steps] {
        let killed = copy(&shop);
        let output = killed.command(["doctor", "--relocate"]).env("BYWASH_FAULT_KILL_AT", step.to_string()).run();
        assert_eq!(output.code, 128 + 9, "step {step}: {output}");
        killed.run(["doctor"]).success();
        assert_eq!(all_rows(&killed), expected, "step {step}");
        killed.run(["doctor", "--relocate"]).success();
        let output = killed.run(["doctor"]).success();
        assert!(!output.stderr.contains("warning"), "step {step}: {output}");
        assert_eq!(all_rows(&killed), expected, "step {step}");
    }
}

#[test]
fn a_missing_file_of_a_table_is_named_with_what_to_do() {
    let shop = shop();
    shop.run(["run"]).success();
    let location = rows(&shop, "select metadata_location from bywash.tables where name = 'raw.orders'").remove(0);
    std::fs::remove_file(&location).expect("a file");
    let output = shop.run(["query", "select count(*) from raw.orders"]).failure("object-missing");
    assert!(output.stderr.contains(&location) && output.stderr.contains("bywash doctor"), "{output}");
    let output = shop.run(["doctor"]).failure("table-corrupt");
    assert!(output.stdout.contains("raw.orders") && output.stdout.contains(&location), "{output}");
}

#[test]
fn a_lost_catalog_is_no_new_lake() {
    let shop = shop();
    shop.run(["run"]).success();
    let lost = copy(&shop);
    for file in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
        let _ = std::fs::remove_file(lost.path().join("lake").join(file));
    }
    for verb in [vec!["run"], vec!["query", "select 1"], vec!["doctor"]] {
        let output = lost.run(verb).failure("catalog-missing");
        assert!(output.stderr.contains("backup") && output.stderr.contains(".metadata.json"), "{output}");
    }
    assert!(!lost.path().join("lake/catalog.db").exists(), "nothing was made");
    lost.write("lake/catalog.db", "");
    lost.run(["run"]).failure("catalog-missing");

    std::fs::copy(shop.path().join("lake/catalog.db"), lost.path().join("lake/catalog.db")).expect("the backup");
    lost.run(["doctor"]).success();
    std::fs::rename(lost.path().join("lake/warehouse"), lost.path().join("away")).expect("a folder");
    std::fs::remove_file(lost.path().join("lake/catalog.db")).expect("a file");
    lost.run(["run"]).success();
    assert_eq!(all_rows(&lost), all_rows(&shop));
}

/// Takes the permission to write from everything below a folder; gives it back when dropped, so that it can be deleted.
struct Closed(PathBuf);

impl Closed {
    fn new(folder: PathBuf) -> Self {
        set_modes(&folder, 0o444, 0o555);
        Self(folder)
    }
}

impl Drop for Closed {
    fn drop(&mut self) {
        set_modes(&self.0, 0o644, 0o755);
    }
}

fn set_modes(folder: &Path, of_files: u32, of_folders: u32) {
    use std::os::unix::fs::PermissionsExt;
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
    };
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            folder if folder.is_dir() => set_modes(&folder, of_files, of_folders),
            file => set(&file, of_files),
        }
    }
    set(folder, of_folders);
}

#[test]
fn a_user_who_may_not_write_reads() {
    let shop = shop();
    shop.run(["run"]).success();
    let _closed = Closed::new(shop.path().to_owned());
    let as_reader = |words: &[&str]| shop.command(words).as_unprivileged_user().run();
    let output = as_reader(&["query", "select count(*) as n from raw.orders", "-o", "csv"]).success();
    assert_eq!(output.stdout, "n\n60\n", "{output}");
    for words in [
        &["table", "list"][..],
        &["table", "show", "raw.orders"],
        &["log"],
        &["branch", "list"],
        &["doctor"],
        &["plan"],
    ] {
        as_reader(words).success();
    }
    let output = as_reader(&["run"]).failure("permission-denied");
    assert!(output.stderr.contains("catalog.db"), "{output}");
    as_reader(&["query", "insert into raw.customers values (9, 'Zoe', 'n')"]).failure("permission-denied");
}

#[test]
fn a_user_who_may_not_write_is_told_where_reading_needs_it() {
    let shop = shop();
    shop.run(["run"]).success();
    // What a writer that was killed leaves behind: commits that stand in the log alone.
    shop.command(["query", "insert into raw.customers values (9, 'Zoe', 'n')"])
        .env("BYWASH_FAULT_KILL_AT", last_step(&shop).to_string())
        .run();
    assert!(std::fs::metadata(shop.path().join("lake/catalog.db-wal")).is_ok_and(|log| log.len() > 0), "a log is left");
    let without_shared = copy(&shop);
    let _closed = Closed::new(shop.path().join("lake"));
    let sql = ["query", "select count(*) as n from raw.customers", "-o", "csv"];
    let output = shop.command(sql).as_unprivileged_user().run().success();
    assert_eq!(output.stdout, "n\n4\n", "the log is read: {output}");

    std::fs::remove_file(without_shared.path().join("lake/catalog.db-shm")).expect("a file");
    let _closed_too = Closed::new(without_shared.path().join("lake"));
    let output = without_shared.command(sql).as_unprivileged_user().run().failure("permission-denied");
    assert!(output.stderr.contains("catalog.db-shm"), "{output}");
}

/// How many durable steps that insert takes, as a copy of the shop shows.
fn last_step(shop: &Sandbox) -> usize {
    let counting = copy(shop);
    let log = counting.path().join("steps");
    counting
        .command(["query", "insert into raw.customers values (9, 'Zoe', 'n')"])
        .env("BYWASH_FAULT_LOG", &log)
        .run()
        .success();
    std::fs::read_to_string(&log).expect("the log").lines().count()
}

#[test]
fn a_new_folder_is_a_new_lake() {
    let empty = sandbox();
    empty.write("bywash.toml", "[project]\nname = \"empty\"\n");
    empty.run(["branch", "list"]).success();
    empty.run(["doctor"]).success();
}
