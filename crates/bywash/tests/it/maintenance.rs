//! `table compact`, `expire` and `rewrite-manifests`: the same rows, in fewer files and less metadata.

use std::process::Stdio;
use std::time::{Duration, Instant};

use bywash_testkit::Sandbox;

use crate::shop::{all_rows, json, orders, rows, shop};

/// The shop with a table of a dozen inserts.
fn shop_with_inserts() -> Sandbox {
    let shop = shop();
    shop.run(["query", "create table scratch.t (id int, part int) partition by (part)"]).success();
    for id in 0..12 {
        let sql = format!("insert into scratch.t values ({id}, 1), ({}, 2)", 100 + id);
        shop.run(["query", &sql]).success();
    }
    shop
}

fn files_of(shop: &Sandbox, table: &str) -> i64 {
    rows(shop, &format!("select files from bywash.tables where name = '{table}'"))[0].parse().expect("a number")
}

fn status_of(shop: &Sandbox, node: &str) -> String {
    let report = json(&shop.run(["run", "-o", "json"]).success());
    let nodes = report["nodes"].as_array().expect("nodes");
    let found = nodes.iter().find(|one| one["name"] == node).expect("the node");
    found["status"].as_str().expect("a status").to_owned()
}

#[test]
fn small_files_become_one_for_each_partition_and_back() {
    let shop = shop_with_inserts();
    let before = rows(&shop, "from scratch.t");
    assert_eq!(files_of(&shop, "scratch.t"), 24);
    let plan = shop.run(["table", "compact", "scratch.t", "--dry-run"]).success();
    assert!(plan.stderr.contains("24 files → 2"), "{plan}");
    assert_eq!(files_of(&shop, "scratch.t"), 24, "a preview changes nothing");

    let gain = json(&shop.run(["table", "compact", "t", "-o", "json"]).success());
    assert_eq!((&gain[0]["before"], &gain[0]["after"]), (&24.into(), &2.into()), "{gain}");
    assert!(gain[0]["bytes_after"].as_i64() < gain[0]["bytes_before"].as_i64(), "{gain}");
    assert_eq!(files_of(&shop, "scratch.t"), 2);
    assert_eq!(rows(&shop, "from scratch.t"), before);
    let again = shop.run(["table", "compact", "scratch.t"]).success();
    assert!(again.stderr.contains("no small files"), "{again}");
    shop.run(["doctor"]).success();

    shop.run(["revert", "HEAD"]).success();
    assert_eq!(files_of(&shop, "scratch.t"), 24, "the files before");
    assert_eq!(rows(&shop, "from scratch.t"), before);
    shop.run(["doctor"]).success();
}

#[test]
fn t4_compaction_is_no_change() {
    let shop = shop();
    shop.run(["load"]).success();
    orders(&shop, 2, 61, 80);
    shop.run(["load"]).success();
    let load = rows(&shop, "select commit from bywash.refs where name = 'main'").remove(0);
    shop.run(["branch", "create", "dev"]).success();
    // On one side a file changes, on the other rows of another file are deleted; both are compacted.
    shop.run(["query", "--ref", "dev", "delete from raw.orders where id <= 5"]).success();
    shop.run(["table", "compact", "raw.orders", "--ref", "dev"]).success();
    orders(&shop, 3, 81, 90);
    shop.run(["load"]).success();
    shop.run(["table", "compact", "raw.orders"]).success();
    let compacted = files_of(&shop, "raw.orders");
    assert_eq!(compacted, 4, "one for each month");
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*), min(id) from raw.orders"), ["85,6"]);
    shop.run(["merge", "main", "--into", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*), min(id) from raw.orders@dev"), ["85,6"]);
    shop.run(["doctor"]).success();

    // A load is taken back out of the compacted files: its own files are still there.
    let shop = shop_of_two_loads_compacted();
    shop.run(["gc", "--all", "--grace", "0s"]).success();
    let commits = rows(&shop, "select id from bywash.commits where message like 'load%' order by time desc limit 1");
    assert_ne!(commits[0], load);
    shop.run(["revert", &commits[0]]).success();
    assert_eq!(rows(&shop, "select count(*), max(id) from raw.orders"), ["60,60"]);
    shop.run(["doctor"]).success();
}

fn shop_of_two_loads_compacted() -> Sandbox {
    let shop = shop();
    shop.run(["load"]).success();
    orders(&shop, 2, 61, 80);
    shop.run(["load"]).success();
    shop.run(["table", "compact", "raw.orders"]).success();
    shop
}

#[test]
fn models_stand_on_compacted_tables() {
    let shop = shop();
    shop.run(["run"]).success();
    for number in 2..5 {
        orders(&shop, number, number * 100, number * 100 + 9);
        shop.run(["run"]).success();
    }
    let before = all_rows(&shop);
    shop.run(["table", "compact", "raw.orders"]).success();
    shop.run(["table", "compact", "marts.events"]).success();
    assert_eq!(files_of(&shop, "marts.events"), 1);
    assert_eq!(all_rows(&shop), before);
    assert_eq!(
        status_of(&shop, "marts.events"),
        "reused",
        "all that it consumed is still held, and nobody else wrote it"
    );
    orders(&shop, 5, 500, 509);
    assert_eq!(status_of(&shop, "marts.events"), "ran");
    let grown = all_rows(&shop);
    shop.run(["run", "--full-refresh"]).success();
    assert_eq!(all_rows(&shop), grown);
    shop.run(["doctor"]).success();
}

#[test]
fn a_compaction_beside_an_insert_lands_and_beside_a_delete_is_refused() {
    for (sql, lands) in [("insert into scratch.t values (99, 1)", true), ("delete from scratch.t where id = 3", false)]
    {
        let shop = shop_with_inserts();
        let path = shop.path().join("barrier");
        let setting = format!("commit:{}", path.display());
        let mut process =
            shop.command(["table", "compact", "scratch.t"]).env("BYWASH_FAULT_BARRIER", setting).process();
        let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
        let began = Instant::now();
        while !path.with_extension("reached").exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "the compaction never came to its commit");
            std::thread::sleep(Duration::from_millis(5));
        }
        shop.run(["query", sql]).success();
        let expected = rows(&shop, "from scratch.t");
        std::fs::write(path.with_extension("go"), "").expect("a file");
        let output = child.wait_with_output().expect("its output");
        assert_eq!(output.status.success(), lands, "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(rows(&shop, "from scratch.t"), expected, "{sql}");
        assert_eq!(files_of(&shop, "scratch.t") < 5, lands, "{sql}");
        shop.run(["doctor"]).success();
    }
}

#[test]
fn expired_snapshots_leave_commits_whole() {
    let shop = shop_with_inserts();
    let middle = rows(&shop, "select id from bywash.commits order by time limit 1 offset 6").remove(0);
    let counted = |at: &str| rows(&shop, &format!("select count(*) from scratch.t@{at}"));
    let before = counted(&middle);
    let snapshot = rows(&shop, "select snapshot_id from bywash.tables where name = 'scratch.t'").remove(0);
    let plan = shop.run(["table", "expire", "scratch.t", "--dry-run"]).success();
    assert!(plan.stderr.contains("13 snapshots → 1"), "{plan}");
    let gain = json(&shop.run(["table", "expire", "scratch.t", "--keep", "2", "-o", "json"]).success());
    assert_eq!((&gain[0]["before"], &gain[0]["after"]), (&13.into(), &2.into()), "{gain}");
    assert!(gain[0]["bytes_after"].as_i64() < gain[0]["bytes_before"].as_i64(), "{gain}");

    shop.run(["gc", "--all", "--grace", "0s"]).success();
    assert_eq!(counted(&middle), before, "commits have every version");
    assert_eq!(counted(&snapshot), ["24"]);
    shop.run(["query", "insert into scratch.t values (1000, 1)"]).success();
    assert_eq!(rows(&shop, "select count(*) from scratch.t"), ["25"]);
    let few = shop.run(["table", "expire", "scratch.t", "--keep", "5"]).success();
    assert!(few.stderr.contains("no more than 5 snapshots"), "{few}");
    shop.run(["doctor"]).success();
}

#[test]
fn many_manifests_become_few() {
    let shop = shop_with_inserts();
    let before = rows(&shop, "from scratch.t");
    let plan = shop.run(["table", "rewrite-manifests", "scratch.t", "--dry-run"]).success();
    assert!(plan.stderr.contains("12 manifests → 1"), "{plan}");
    let gain = json(&shop.run(["table", "rewrite-manifests", "scratch.t", "-o", "json"]).success());
    assert_eq!((&gain[0]["before"], &gain[0]["after"]), (&12.into(), &1.into()), "{gain}");
    assert_eq!(rows(&shop, "from scratch.t"), before);
    let again = shop.run(["table", "rewrite-manifests", "scratch.t"]).success();
    assert!(again.stderr.contains("as few as they can be"), "{again}");
    shop.run(["query", "delete from scratch.t where id = 3"]).success();
    assert_eq!(rows(&shop, "select count(*) from scratch.t"), ["23"]);
    shop.run(["doctor"]).success();
}

#[test]
fn a_column_that_was_dropped_comes_back_whole_after_a_compaction() {
    let shop = shop();
    shop.run(["query", "create table scratch.t (id int, note text)"]).success();
    for id in 0..4 {
        shop.run(["query", &format!("insert into scratch.t values ({id}, 'n{id}')")]).success();
    }
    shop.run(["query", "alter table scratch.t drop column note"]).success();
    let dropped = rows(&shop, "select commit from bywash.refs where name = 'main'").remove(0);
    for id in 4..8 {
        shop.run(["query", &format!("insert into scratch.t values ({id})")]).success();
    }
    shop.run(["table", "compact", "scratch.t"]).success();
    assert_eq!(files_of(&shop, "scratch.t"), 5, "files with values of the column stay");
    shop.run(["gc", "--all", "--grace", "0s"]).success();
    shop.run(["revert", &dropped]).success();
    let expected = ["0,n0", "1,n1", "2,n2", "3,n3", "4,", "5,", "6,", "7,"];
    assert_eq!(rows(&shop, "select id, note from scratch.t"), expected);
    shop.run(["doctor"]).success();
}

#[test]
fn tables_about_the_lake_travel_in_time_too() {
    let shop = shop_with_inserts();
    let counts = |at: &str| rows(&shop, &format!("select rows from \"bywash.tables{at}\" where name = 'scratch.t'"));
    assert_eq!([counts(""), counts("@HEAD~1"), counts("@HEAD~2")], [["24"], ["22"], ["20"]]);
    let unknown = shop.run(["query", "from \"bywash.tables@nowhere\""]).failure("unknown-ref");
    assert!(unknown.stderr.contains("nowhere"), "{unknown}");
}

/// Metadata repeats its snapshots with every commit, so it forgets the older ones by itself; nothing else does.
#[test]
fn many_commits_leave_little_metadata_and_every_version() {
    let shop = shop();
    shop.run(["query", "create table scratch.t (id int)"]).success();
    let sizes = |shop: &Sandbox| {
        let location = rows(shop, "select metadata_location from bywash.tables where name = 'scratch.t'").remove(0);
        std::fs::metadata(location).expect("the metadata").len()
    };
    let inserts = |first: usize| -> String {
        (first..first + 130).map(|id| format!("insert into scratch.t values ({id});\n")).collect()
    };
    shop.command(["query"]).input(inserts(0)).run().success();
    let small = sizes(&shop);
    let snapshot = rows(&shop, "select snapshot_id from bywash.tables where name = 'scratch.t'").remove(0);
    shop.command(["query"]).input(inserts(1000)).run().success();
    assert!(sizes(&shop) < small + small / 10, "{} bytes after {small}", sizes(&shop));
    assert_eq!(rows(&shop, "select count(*), count(distinct id) from scratch.t"), ["260,260"]);
    assert_eq!(rows(&shop, &format!("select count(*), max(id) from \"scratch.t@{snapshot}\"")), ["130,129"]);
    shop.run(["doctor"]).success();

    let commit = rows(&shop, "select id from bywash.commits where message like 'insert%(17)%' limit 1").remove(0);
    shop.run(["revert", &commit]).success();
    assert_eq!(rows(&shop, "select count(*) from scratch.t where id = 17"), ["0"]);
    assert_eq!(rows(&shop, "select count(*) from scratch.t"), ["259"]);
    shop.run(["doctor"]).success();
}
