//! `bywash rerun`: a run of the past from its own tables, code and parameters, and whether the same comes out.

use bywash_testkit::Sandbox;
use serde_json::Value;

use crate::shop::{head, json, orders, rows, shop};

/// Runs, and gives the run's id.
fn run(shop: &Sandbox, words: &[&str]) -> String {
    let report = json(&shop.run([&["run", "-o", "json"], words].concat()).success());
    report["run"].as_str().expect("an id").to_owned()
}

/// What the rerun says of a node.
fn verdict(report: &Value, name: &str) -> Value {
    let nodes = report["nodes"].as_array().expect("nodes");
    nodes.iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("no {name}: {report}")).clone()
}

/// Whether the catalog holds these bytes.
fn catalog_holds(shop: &Sandbox, text: &str) -> bool {
    let files = shop.files("lake").into_iter().filter(|name| name.starts_with("catalog"));
    let bytes: Vec<u8> =
        files.flat_map(|name| std::fs::read(shop.path().join("lake").join(name)).expect("it")).collect();
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

#[test]
fn a_run_comes_out_the_same_whatever_happened_since() {
    let shop = shop();
    run(&shop, &[]);
    shop.write("models/marts/few.sql", "select id, amount from raw.orders where amount > $least\n");
    orders(&shop, 2, 61, 90);
    let first = run(&shop, &["--param", "least=500"]);
    let (commit, before) = (head(&shop), rows(&shop, "from marts.few"));

    shop.write("models/marts/few.sql", "select id, amount + 1 as amount from raw.orders\n");
    std::fs::remove_file(shop.path().join("models/marts/top.sql")).expect("it goes");
    shop.run(["query", "delete from raw.orders where id < 50"]).success();
    orders(&shop, 3, 91, 120);
    run(&shop, &[]);
    shop.run(["gc", "--grace", "0s"]).success();
    let main = head(&shop);

    let output = shop.run(["rerun", &first, "-o", "json"]).success();
    let report = json(&output);
    assert_eq!(report["identical"], true, "{output}");
    assert_eq!(verdict(&report, "marts.few")["rows_after"], before.len());
    assert!(output.stderr.contains("new rows"), "incremental models begin where the run began: {output}");
    let branch = report["branch"].as_str().expect("a branch");
    assert_eq!(rows(&shop, &format!("from \"marts.few@{branch}\"")), before);
    assert_eq!(
        rows(&shop, &format!("from \"raw.orders@{branch}\"")),
        rows(&shop, &format!("from \"raw.orders@{commit}\""))
    );
    assert_eq!(head(&shop), main, "nothing else moves");
    let by_commit = json(&shop.run(["rerun", &commit, "-o", "json", "--branch", "again"]).success());
    assert_eq!((by_commit["rerun_of"].as_str(), &by_commit["branch"]), (Some(first.as_str()), &Value::from("again")));
    assert!(shop.files(".bywash").iter().all(|name| !name.starts_with("rerun-")), "nothing is left behind");
    shop.run(["doctor"]).success();
}

#[test]
fn what_differs_says_where_it_begins_and_why() {
    let shop = shop();
    shop.write("models/marts/chance.sql", "select id, random() as x from raw.orders\n");
    shop.write("models/marts/below.sql", "select id, x from marts.chance where x >= 0\n");
    shop.write("models/marts/nearly.sql", "select id, 1e6 + id * 0.1 + random() * 1e-6 as x from raw.orders\n");
    let id = run(&shop, &[]);
    let output = shop.run(["rerun", &id, "-o", "json"]).failure("not-reproduced");
    let report = json(&output);
    assert_eq!(report["identical"], false);
    let (chance, below) = (verdict(&report, "marts.chance"), verdict(&report, "marts.below"));
    assert_eq!((&chance["result"], &chance["added"], &chance["removed"]), (&"differs".into(), &60.into(), &60.into()));
    assert!(chance["why"].as_str().expect("why").contains("random()"), "{chance}");
    assert!(below["why"].as_str().expect("why").contains("`marts.chance`"), "{below}");
    assert_eq!(verdict(&report, "marts.nearly")["result"], "rounded");
    assert_eq!(verdict(&report, "marts.by_region")["result"], "identical");
    assert!(output.stderr.contains("first `marts.chance`"), "{output}");
}

#[test]
fn a_failure_is_reproduced_and_a_run_that_changed_nothing_stands_for_what_it_found() {
    let shop = shop();
    let made = run(&shop, &[]);
    let unchanged = run(&shop, &[]);
    let report = json(&shop.run(["rerun", &unchanged, "-o", "json"]).success());
    assert_eq!(report["rerun_of"], made.as_str());

    shop.write("models/marts/broken.sql", "select cast(concat('x', id) as bigint) as id from raw.orders\n");
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).failure("query-failed");
    let failed = rows(&shop, "select id from bywash.runs where status = 'failed'").remove(0);
    shop.write("models/marts/broken.sql", "select id from raw.orders\n");
    let output = shop.run(["rerun", &failed, "-o", "json"]).success();
    let report = json(&output);
    let broken = verdict(&report, "marts.broken");
    assert_eq!((&report["branch"], &broken["result"]), (&Value::Null, &"identical".into()), "{output}");
    let branches = shop.run(["branch", "list", "-o", "csv"]).success();
    assert!(!branches.stdout.contains(&failed), "a branch without a result goes: {branches}");
}

#[test]
fn tests_are_made_again_and_what_was_taken_from_elsewhere_is_kept() {
    let shop = shop();
    run(&shop, &[]);
    shop.run(["checkout", "-b", "dev"]).success();
    shop.write("models/marts/top.sql", "select region, amount from marts.by_region where amount > 0\n");
    run(&shop, &[]);
    shop.run(["checkout", "main"]).success();
    shop.write("tests/none.sql", "select * from marts.top\n");
    shop.run(["run"]).failure("test-failed");
    let failed = rows(&shop, "select id from bywash.runs where status = 'failed'").remove(0);
    shop.run(["branch", "delete", "dev"]).success();
    let output = shop.run(["rerun", &failed, "-o", "json"]).success();
    assert_eq!(json(&output)["branch"], Value::Null, "the test fails again, so nothing is published: {output}");
    assert_eq!(verdict(&json(&output), "marts.top")["result"], "identical", "computed before, on dev: {output}");

    shop.write("tests/none.sql", "select 1 as x from marts.top where random() < 0\n");
    let passed = run(&shop, &[]);
    assert_eq!(json(&shop.run(["rerun", &passed, "-o", "json"]).success())["identical"], true);
}

#[test]
fn parameters_that_nothing_names_are_kept_nowhere() {
    let shop = shop();
    shop.write("models/marts/few.sql", "select id from raw.orders where amount > $least\n");
    let id = run(&shop, &["--param", "least=54321", "--param", "token=swordfish"]);
    assert!(catalog_holds(&shop, "54321") && !catalog_holds(&shop, "swordfish"));
    shop.run(["rerun", &id]).success();
}

#[test]
fn what_git_ignores_never_travels() {
    let shop = shop();
    shop.write(".gitignore", "lake/\n.bywash/\nprivate/\n*.local.yml\n");
    shop.write("models/private/hidden.sql", "-- the word is swordfish\nselect id from raw.orders\n");
    shop.write("models/marts/open.sql", "-- the word is herring\nselect id from raw.orders\n");
    shop.write("models/marts/notes.local.yml", "models:\n  - name: open\n    description: mackerel\n");
    let id = run(&shop, &[]);
    assert!(catalog_holds(&shop, "herring"));
    assert!(!catalog_holds(&shop, "swordfish") && !catalog_holds(&shop, "mackerel"));
    let output = shop.run(["rerun", &id, "-o", "json"]).failure("not-reproduced");
    let hidden = verdict(&json(&output), "private.hidden");
    assert!(hidden["why"].as_str().expect("why").contains(".gitignore"), "{hidden}");
}

#[test]
fn a_project_in_a_folder_that_git_ignores_does_not_travel_at_all() {
    let outer = crate::sandbox();
    outer.write(".git/HEAD", "ref: refs/heads/main\n");
    outer.write(".gitignore", "scratch/\n");
    outer.write("scratch/mine/bywash.toml", "[project]\nname = \"mine\"\n");
    outer.write("scratch/mine/models/one.sql", "-- swordfish\nselect 1 as x\n");
    outer.run(["-C", "scratch/mine", "run"]).success();
    let files = outer.files("scratch/mine/lake").into_iter().filter(|name| name.starts_with("catalog"));
    let folder = outer.path().join("scratch/mine/lake");
    let bytes: Vec<u8> = files.flat_map(|name| std::fs::read(folder.join(name)).expect("a file")).collect();
    assert!(!bytes.windows(9).any(|part| part == b"swordfish"));
    outer.run(["-C", "scratch/mine", "rerun", "HEAD"]).failure("unknown-run");
}

#[test]
fn a_run_that_is_none_is_told() {
    let shop = shop();
    run(&shop, &[]);
    run(&shop, &["--no-cache"]);
    shop.run(["rerun", "ffff"]).failure("unknown-run");
    let shared = rows(&shop, "select left(id, 4) from bywash.runs").remove(0);
    assert!(shop.run(["rerun", &shared]).failure("unknown-run").stderr.contains("may be the run"));
    shop.run(["query", "create table raw.own as select 1 as x"]).success();
    shop.run(["rerun", "HEAD"]).failure("unknown-run");
}
