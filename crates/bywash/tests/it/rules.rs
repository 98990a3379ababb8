//! One test for each rule of the lake and of a run that shows at the command line; each is named after its rule.

use crate::sandbox;
use crate::shop::{all_rows, copy, head, json, orders, rows, shop};

fn statuses(report: &serde_json::Value) -> Vec<(String, String)> {
    let nodes = report["nodes"].as_array().expect("nodes");
    let text = |node: &serde_json::Value, key: &str| node[key].as_str().unwrap_or_default().to_owned();
    let mut found: Vec<_> = nodes.iter().map(|node| (text(node, "name"), text(node, "status"))).collect();
    found.sort();
    found
}

pub(crate) fn status_of(report: &serde_json::Value, name: &str) -> String {
    let found = statuses(report);
    found.into_iter().find(|(node, _)| node == name).map(|(_, status)| status).unwrap_or_default()
}

#[test]
fn t2_a_branch_at_a_time_is_what_the_reflog_says() {
    let shop = shop();
    shop.run(["run"]).success();
    let time = rows(&shop, "select max(time) from bywash.reflog where name = 'main'").remove(0);
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    let sql = format!("select count(*) from \"raw.orders@main@{}\"", time.replace(' ', "T"));
    assert_eq!(rows(&shop, &sql), ["60"]);
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
}

/// A time that lies after everything that has happened to a branch, and before everything that will.
fn now_of(shop: &bywash_testkit::Sandbox, branch: &str) -> String {
    let sql = format!("select max(time) from bywash.reflog where name = '{branch}'");
    rows(shop, &sql).remove(0).replace(' ', "T")
}

#[test]
fn t2_a_recreated_branch_starts_anew() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    let first = now_of(&shop, "dev");
    shop.run(["branch", "delete", "dev"]).success();
    let gone = now_of(&shop, "dev");
    shop.run(["branch", "create", "dev"]).success();
    let second = now_of(&shop, "dev");
    assert!(first < gone && gone < second, "times strictly increase: {first} {gone} {second}");
    for before in [&first, &gone] {
        let sql = format!("select count(*) from \"raw.orders@dev@{before}\"");
        shop.run(["query", &sql]).failure("unknown-ref");
    }
    assert_eq!(rows(&shop, &format!("select count(*) from \"raw.orders@dev@{second}\"")), ["60"]);
    shop.run(["branch", "rename", "dev", "late"]).success();
    shop.run(["query", &format!("from \"raw.orders@late@{second}\"")]).failure("unknown-ref");
    let output = shop.run(["branch", "list", "-o", "csv"]).success();
    assert!(output.stdout.contains("late") && !output.stdout.contains("dev"), "{output}");
}

#[test]
fn t2_models_and_views_travel_in_time_as_a_whole() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["tag", "create", "v1"]).success();
    let time = now_of(&shop, "main");
    let snapshot = rows(&shop, "select snapshot_id from bywash.tables where name = 'raw.orders'").remove(0);
    orders(&shop, 2, 61, 70);
    shop.write(
        "models/marts/growth.sql",
        format!(
            "select (select count(*) from raw.orders) as now, (select count(*) from raw.orders@v1) as at_tag,\n\
             (select count(*) from \"raw.orders@main@{time}\") as at_time,\n\
             (select count(*) from \"raw.orders@{snapshot}\") as at_snapshot\n"
        ),
    );
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "from marts.growth"), ["70,60,60,60"]);
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&report, "marts.growth"), "reused", "{report}");
    assert_eq!(rows(&shop, "select count(*) from staging.clean@v1"), ["60"], "a view reads the tables of its ref");
    assert_eq!(rows(&shop, &format!("select count(*) from \"staging.clean@main@{time}\"")), ["60"]);
    let output = shop.run(["query", "from \"raw.orders@123456789012345678\""]).failure("unknown-ref");
    assert!(output.stderr.contains("snapshot"), "{output}");
}

#[test]
fn a_protected_branch_takes_only_what_was_tested() {
    let shop = shop();
    shop.write("bywash.toml", "[project]\nname = \"shop\"\n[catalog]\nprotected = \"main, prod\"\n");
    shop.run(["run"]).success();
    let insert = ["query", "insert into raw.customers values (9, 'Zoe', 'n')"];
    let output = shop.run(insert).failure("protected-branch");
    assert!(output.stderr.contains("bywash merge"), "{output}");
    shop.run(["checkout", "-b", "prod"]).success();
    shop.run(["branch", "rename", "prod", "x"]).failure("protected-branch");
    shop.run(["checkout", "-b", "fix"]).success();
    shop.run(["branch", "delete", "prod"]).failure("protected-branch");
    shop.run(insert).success();
    shop.run(["merge", "fix", "--into", "main"]).success();
    shop.run(["checkout", "main"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["3"]);
}

#[test]
fn t4_loads_on_two_branches_and_an_insert_merge_without_doubling() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    shop.run(["query", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    shop.run(["checkout", "main"]).success();
    orders(&shop, 3, 71, 75);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["75"], "main loads both new files itself");
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*), count(distinct id) from raw.orders"), ["75,75"]);
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
    let merged = head(&shop);
    shop.run(["merge", "dev"]).success();
    assert_eq!(head(&shop), merged, "merging again changes nothing");
    shop.run(["doctor"]).success();
}

#[test]
fn t4_a_reverted_load_stays_reverted_when_the_branch_is_merged_again() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["load"]).success();
    shop.run(["checkout", "main"]).success();
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"]);
    shop.run(["checkout", "dev"]).success();
    shop.run(["query", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    shop.run(["checkout", "main"]).success();
    let merged = shop.run(["merge", "dev"]).success();
    let said = "raw.orders: the rows of `load data/orders2.csv` stay away, because of `revert ";
    assert!(merged.stderr.contains(said), "the merge says what stays reverted: {merged}");
    let again = shop.run(["merge", "dev"]).success();
    assert!(again.stderr.contains("everything of `dev` already") && again.stderr.contains(said), "{again}");
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"], "the reverted load is not brought back");
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"], "the next run loads the file again");
}

#[test]
fn t4_a_drop_travels_also_after_the_table_came_by_a_merge() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    shop.run(["query", "--ref", "dev", "create table raw.notes as select 1 as n"]).success();
    shop.run(["merge", "dev"]).success();
    shop.run(["query", "drop table raw.notes"]).success();
    shop.run(["query", "--ref", "dev", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    // What both began with is the commit on `dev` that made the table, not the older one that is nearer to `main`.
    let merged = shop.run(["merge", "main", "--into", "dev"]).success();
    assert!(merged.stderr.contains("raw.notes: dropped"), "{merged}");
    shop.run(["query", "--ref", "dev", "from raw.notes"]).failure("unknown-table");
    shop.run(["merge", "dev"]).success();
    shop.run(["query", "from raw.notes"]).failure("unknown-table");
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
}

#[test]
fn t4_crossing_merges_that_disagree_about_a_name_are_a_conflict() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["query", "create table raw.notes as select 1 as n"]).success();
    shop.run(["branch", "create", "dev"]).success();
    // The same in both, so that each merges what the other was, not what it has become.
    shop.run(["query", "insert into raw.notes values (2)"]).success();
    shop.run(["query", "--ref", "dev", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    shop.run(["tag", "create", "main-before", "--ref", "main"]).success();
    shop.run(["merge", "dev"]).success();
    shop.run(["merge", "main-before", "--into", "dev"]).success();
    shop.run(["query", "drop table raw.notes"]).success();
    // One of the two common ancestors has the table without the insert, the other with it.
    let refused = shop.run(["merge", "main", "--into", "dev"]).failure("merge-conflict");
    assert!(refused.stderr.contains("crossing merges hide whether the other changed it"), "{refused}");
    assert_eq!(rows(&shop, "select count(*) from \"raw.notes@dev\""), ["2"]);
    shop.run(["merge", "main", "--into", "dev", "--theirs", "raw.notes"]).success();
    shop.run(["query", "--ref", "dev", "from raw.notes"]).failure("unknown-table");
}

#[test]
fn t4_a_merge_says_which_rows_a_rewrite_did_not_see() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.run(["query", "insert overwrite raw.orders select * from raw.orders where id <= 10"]).success();
    shop.run(["checkout", "main"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    let merged = shop.run(["merge", "dev"]).success();
    let said = "raw.orders: the rows of `load data/orders2.csv` are as they were: `insert overwrite` did not see them";
    assert!(merged.stderr.contains(said), "{merged}");
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["20"]);
}

#[test]
fn t5_node_tables_are_planned_again_on_the_merged_tree() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.run(["query", "insert into raw.orders values (1000, 1, 5, date '2026-01-01')"]).success();
    shop.run(["run"]).success();
    shop.run(["checkout", "main"]).success();
    shop.run(["query", "insert into raw.orders values (1001, 2, 7, date '2026-01-02')"]).success();
    shop.run(["run"]).success();
    shop.run(["merge", "dev"]).success();
    let merged = all_rows(&shop);
    let fresh = copy(&shop);
    fresh.run(["run", "--full-refresh"]).success();
    assert_eq!(merged, all_rows(&fresh));
    assert_eq!(rows(&shop, "select sum(orders) from marts.by_region"), ["62"]);
}

#[test]
fn t9_a_moved_lake_is_read_where_it_lies_now() {
    let shop = shop();
    shop.run(["run"]).success();
    let expected = all_rows(&shop);
    let moved = copy(&shop);
    drop(shop);
    assert_eq!(all_rows(&moved), expected);
    orders(&moved, 2, 61, 70);
    moved.run(["run"]).success();
    moved.run(["doctor"]).success();
}

#[test]
fn r1_the_ref_of_a_failed_run_is_kept_and_expires() {
    let shop = shop();
    shop.write("models/marts/wrong.sql", "select cast(region as int) as number from marts.by_region\n");
    let failed = shop.run(["run"]).failure("query-failed");
    let kept = || rows(&shop, "select name from bywash.refs where kind = 'run'");
    let [first] = kept().try_into().expect("one ref");
    assert!(failed.stderr.contains(&first), "{failed}");
    shop.run(["run"]).failure("query-failed");
    assert!(kept().contains(&first), "it is young");
    std::fs::remove_file(shop.path().join("models/marts/wrong.sql")).expect("a file");
    shop.command(["run"]).env("BYWASH_CATALOG__KEEP_RUNS", "0s").run().success();
    assert!(kept().is_empty(), "{:?}", kept());
    assert_eq!(rows(&shop, "select count(*) from bywash.reflog where message like '%expired'"), ["2"]);
}

#[test]
fn t1_a_failed_load_takes_its_files_with_it_and_doctor_counts_what_a_killed_one_leaves() {
    let shop = shop();
    shop.run(["run"]).success();
    let before = shop.files("lake/warehouse");
    orders(&shop, 2, 61, 70);
    shop.write("data/orders3.csv", "id,customer,amount,day\n71,1,many,2026-01-01\n");
    shop.run(["run"]).failure("invalid-value");
    assert_eq!(shop.files("lake/warehouse"), before);
    shop.run(["merge", "main", "--dry-run"]).success();
    std::fs::remove_file(shop.path().join("data/orders3.csv")).expect("a file");
    let whole = shop.run(["doctor"]).success();
    assert!(!whole.stderr.contains("belong to nothing"), "{whole}");

    let output = shop.command(["run"]).env("BYWASH_FAULT_KILL_AT", "20").run();
    assert_eq!(output.code, 128 + 9, "{output}");
    let left = shop.files("lake/warehouse").len() - before.len();
    assert!(left > 0, "the killed run had written something");
    let output = shop.run(["doctor"]).success();
    assert!(output.stderr.contains(&format!("{left} files (")), "{left}: {output}");
    shop.run(["run"]).success();
}

#[test]
fn r2_r3_a_second_run_reuses_everything_and_comments_never_count() {
    let shop = shop();
    shop.run(["run"]).success();
    let before = head(&shop);
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(report["status"], "unchanged");
    assert!(statuses(&report).iter().all(|(_, status)| status == "reused"), "{report}");
    shop.write(
        "models/marts/top.sql",
        "-- a comment\nSELECT region, amount,\n  rank() OVER (ORDER BY amount DESC, region) AS place\nFROM marts.by_region\n",
    );
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&report, "marts.top"), "reused", "{report}");
    assert_eq!(head(&shop), before, "nothing was published");
}

#[test]
fn r3_an_output_computed_on_one_branch_is_taken_on_another() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.write("models/marts/top.sql", "select region from marts.by_region\n");
    let dev = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&dev, "marts.top"), "ran");
    assert_eq!(status_of(&dev, "marts.by_region"), "reused");
    shop.run(["checkout", "main"]).success();
    let main = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&main, "marts.top"), "reused", "{main}");
    assert_eq!(main["status"], "published");
}

#[test]
fn r5_a_volatile_model_runs_every_time() {
    let shop = shop();
    shop.write("models/marts/stamped.sql", "select region, now() as at from marts.by_region\n");
    shop.run(["run"]).success();
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&report, "marts.stamped"), "ran", "{report}");
    assert_eq!(status_of(&report, "marts.by_region"), "reused");
}

#[test]
fn r6_an_incremental_model_gives_what_a_full_refresh_gives() {
    let shop = shop();
    shop.run(["run"]).success();
    let steps: [&dyn Fn(); 5] = [
        &|| orders(&shop, 2, 61, 80),
        &|| orders(&shop, 2, 61, 85),
        &|| drop(shop.run(["query", "insert into raw.orders values (500, 2, 20, date '2026-03-01')"]).success()),
        &|| drop(shop.run(["revert", "HEAD"]).success()),
        &|| orders(&shop, 3, 86, 99),
    ];
    for (number, step) in steps.iter().enumerate() {
        step();
        shop.run(["run"]).success();
        let grown = rows(&shop, "from marts.events");
        let fresh = copy(&shop);
        fresh.run(["run", "--full-refresh"]).success();
        assert_eq!(grown, rows(&fresh, "from marts.events"), "after step {number}");
    }
}

#[test]
fn r6_an_append_is_computed_from_the_new_file_alone() {
    let shop = shop();
    shop.run(["run"]).success();
    orders(&shop, 2, 61, 80);
    let plan = shop.run(["plan", "-o", "csv"]).success();
    assert!(plan.stdout.contains("marts.events"), "{plan}");
    let report = json(&shop.run(["run", "-o", "json"]).success());
    let events = report["nodes"].as_array().expect("nodes").iter().find(|node| node["name"] == "marts.events");
    assert_eq!(events.expect("the node")["reason"], "new rows", "{report}");
    assert_eq!(
        rows(&shop, "select rows_in from bywash.run_nodes where name = 'marts.events' order by rows_in"),
        ["20", "60"]
    );
}

#[test]
fn r7_a_table_that_the_model_did_not_write_stops_the_run() {
    let shop = shop();
    shop.run(["query", "create table marts.late as select 1 as one"]).success();
    shop.write("models/marts/late.sql", "select region from marts.by_region\n");
    let before = head(&shop);
    let output = shop.run(["run"]).failure("node-drift");
    assert!(output.stderr.contains("--overwrite marts.late"), "{output}");
    assert_eq!(head(&shop), before);
    let adopted = copy(&shop);
    adopted.run(["run", "--adopt", "marts.late"]).success();
    assert_eq!(rows(&adopted, "from marts.late"), ["1"]);
    shop.run(["run", "--overwrite", "marts.late"]).success();
    assert_eq!(rows(&shop, "select count(*) from marts.late"), ["2"]);
    shop.run(["query", "insert into marts.late values ('x')"]).failure("node-table");
}

#[test]
fn r7_what_a_full_refresh_wrote_is_no_drift() {
    let shop = shop();
    shop.run(["run"]).success();
    for _ in 0..2 {
        shop.run(["run", "--full-refresh"]).success();
        shop.run(["run"]).success();
    }
}

#[test]
fn r8_a_file_loads_once_and_a_changed_one_replaces_its_rows() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"]);
    orders(&shop, 1, 1, 40);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*), count(distinct id) from raw.orders"), ["40,40"]);
    std::fs::remove_file(shop.path().join("data/orders1.csv")).expect("a file");
    orders(&shop, 2, 41, 50);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["50"], "a vanished file keeps its rows");
}

#[test]
fn r8_revert_takes_the_ledger_back_and_skip_does_not_load_again() {
    let shop = shop();
    shop.run(["run"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    let skipping = copy(&shop);
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"]);
    assert_eq!(rows(&shop, "select count(*) from marts.events"), ["60"]);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
    skipping.run(["revert", "HEAD", "--skip"]).success();
    skipping.run(["run"]).success();
    assert_eq!(rows(&skipping, "select count(*) from raw.orders"), ["60"]);
}

#[test]
fn r8_a_replace_load_takes_back_files_that_are_gone() {
    let shop = shop();
    let source =
        shop.read("sources/raw.yml").replace("    partition_by", "    write_disposition: replace\n    partition_by");
    shop.write("sources/raw.yml", source);
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    std::fs::remove_file(shop.path().join("data/orders1.csv")).expect("a file");
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["10"]);
}

#[test]
fn r9_rows_read_are_written_or_quarantined() {
    let shop = sandbox();
    shop.write("bywash.toml", "[project]\nname = \"dirty\"\n");
    shop.write(
        "sources/raw.yml",
        "name: raw\ntype: files\nresources:\n  - name: people\n    path: people.csv\n    on_error: quarantine\n    columns: {age: long}\n",
    );
    shop.write("people.csv", "name,age\nAnn,31\nBob,old\nCid,40,extra\nDee,22\n");
    shop.run(["run"]).success();
    let sql = "select rows_read, rows_written, rows_quarantined, rows_read = rows_written + rows_filtered + \
               rows_quarantined + rows_discarded from bywash.loads";
    assert_eq!(rows(&shop, sql), ["4,2,2,true"]);
    assert_eq!(rows(&shop, "select line from raw.people__rejected"), ["3", "4"]);
    assert_eq!(rows(&shop, "select name from raw.people"), ["Ann", "Dee"]);
}

#[test]
fn r10_a_view_is_an_entry_and_a_change_below_it_is_seen_through_it() {
    let shop = shop();
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select kind from bywash.tables where name = 'staging.clean'"), ["view"]);
    assert_eq!(rows(&shop, "select count(*) from staging.clean"), ["60"]);
    orders(&shop, 2, 61, 70);
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&report, "marts.by_region"), "ran", "it reads raw.orders through the view: {report}");
    assert_eq!(rows(&shop, "select sum(orders) from marts.by_region"), ["70"]);
}

#[test]
fn r10_a_volatile_view_is_computed_once_per_run() {
    let shop = shop();
    shop.write(
        "models/staging/dice.sql",
        "-- ---\n-- kind: view\n-- ---\nselect id, random() as roll from raw.orders\n",
    );
    shop.write(
        "models/staging/shown.sql",
        "-- ---\n-- kind: view\n-- ---\nselect id, roll * 2 as twice from staging.dice\n",
    );
    shop.write("models/marts/one.sql", "select id, roll from staging.dice\n");
    shop.write(
        "models/marts/two.sql",
        "select s.id, s.twice / 2 as roll from staging.shown s join staging.dice d using (id)\n",
    );
    shop.write("tests/same.sql", "select id from marts.one join staging.dice d using (id) where one.roll <> d.roll\n");
    let differing = "select count(*) from marts.one join marts.two using (id) where abs(one.roll - two.roll) > 1e-12";
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from marts.one join marts.two using (id)"), ["60"]);
    assert_eq!(rows(&shop, differing), ["0"]);
    let first = rows(&shop, "select sum(roll) from marts.one");
    let report = json(&shop.run(["run", "-o", "json"]).success());
    for name in ["marts.one", "marts.two"] {
        assert_eq!(status_of(&report, name), "ran", "its rows differ each time: {report}");
    }
    assert_eq!(status_of(&report, "marts.by_region"), "reused", "{report}");
    assert_eq!(rows(&shop, differing), ["0"]);
    assert_ne!(rows(&shop, "select sum(roll) from marts.one"), first);
    assert_eq!(rows(&shop, "select kind from bywash.tables where name = 'staging.dice'"), ["view"]);
}

#[test]
fn r5_a_reader_of_a_stable_view_is_reused() {
    let shop = shop();
    let stable = "-- ---\n-- kind: view\n-- stable_for: 3000d\n-- ---\nselect id, random() as roll from raw.orders\n";
    shop.write("models/staging/dice.sql", stable);
    shop.write("models/marts/one.sql", "select id, roll from staging.dice\n");
    shop.run(["run"]).success();
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(status_of(&report, "marts.one"), "reused", "{report}");
}

#[test]
fn a_failed_test_blocks_the_publish_and_prints_the_query() {
    let shop = shop();
    shop.run(["run"]).success();
    let before = head(&shop);
    shop.write("tests/few_orders.sql", "select * from marts.by_region where orders > 3\n");
    let output = shop.run(["run"]).failure("test-failed");
    assert!(output.stderr.contains("bywash query"), "{output}");
    assert_eq!(head(&shop), before);
}
