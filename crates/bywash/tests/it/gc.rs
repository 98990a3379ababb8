//! Garbage collection as users see it (rule T7): what goes, what stays, and when.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bywash_testkit::Sandbox;

use crate::killing::{KILLED, kill_at_each, steps_of};
use crate::shop::{all_rows, copy, head, json, orders, rows, shop};

const AT_ONCE: [&str; 4] = ["gc", "--all", "--grace", "0s"];

/// The shop with a branch that added rows and a table, and was deleted; the commit that it had.
fn shop_with_a_deleted_branch() -> (Sandbox, String) {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    shop.run(["query", "--ref", "dev", "create table scratch.notes as select 1 as id, 'a' as note"]).success();
    shop.run(["query", "--ref", "dev", "delete from raw.orders where id > 50"]).success();
    let commit = commit_of(&shop, "dev");
    shop.run(["branch", "delete", "dev"]).success();
    (shop, commit)
}

fn commit_of(shop: &Sandbox, branch: &str) -> String {
    rows(shop, &format!("select commit from bywash.refs where name = '{branch}'")).remove(0)
}

fn files(shop: &Sandbox) -> BTreeSet<String> {
    shop.files("lake/warehouse").into_iter().collect()
}

#[test]
fn t7_what_nothing_reaches_is_condemned_then_deleted() {
    let (shop, _) = shop_with_a_deleted_branch();
    let (before, rows_before) = (files(&shop), all_rows(&shop));
    let kept = shop.run(["gc", "--dry-run"]).success();
    assert!(kept.stderr.contains("there is nothing to delete"), "the reflog keeps a branch for a while: {kept}");

    let plan = shop.run(["gc", "--all", "--dry-run", "--grace", "1h", "-o", "csv"]).success();
    assert!(plan.stdout.contains("`dev` had it when it was deleted or renamed on "), "{plan}");
    assert!(plan.stdout.lines().any(|line| line.starts_with("scratch/notes-")), "{plan}");
    let condemned = shop.run(["gc", "--all", "--grace", "1h"]).success();
    assert!(condemned.stderr.contains("nothing was deleted"), "{condemned}");
    assert!(condemned.stderr.contains("more can go: the first of it when `bywash gc` runs after 20"), "{condemned}");
    assert_eq!(files(&shop), before, "condemned files are still there");

    let gone = json(&shop.run(["gc", "--all", "--grace", "0s", "-o", "json"]).success());
    assert!(gone[0]["files"].as_i64() > Some(0) && gone[0]["objects"].as_i64() > Some(0), "{gone}");
    let left = files(&shop);
    assert!(left.is_subset(&before) && left.len() < before.len());
    assert!(!left.iter().any(|file| file.starts_with("scratch/")), "{left:?}");
    assert_eq!(all_rows(&shop), rows_before);
    assert!(!shop.run(["doctor"]).success().stderr.contains("of no commit"));
    let again = shop.run(AT_ONCE).success();
    assert!(again.stderr.contains("nothing was deleted"), "{again}");
    let report = json(&shop.run(["run", "-o", "json"]).success());
    assert_eq!(report["status"], "unchanged", "{report}");
}

#[test]
fn t7_a_branch_at_a_condemned_commit_revives_it() {
    let (shop, commit) = shop_with_a_deleted_branch();
    shop.run(["gc", "--all", "--grace", "1h"]).success();
    shop.run(["branch", "create", "back", "--ref", &commit[..12]]).success();
    shop.run(AT_ONCE).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders@back"), ["50"]);
    assert_eq!(rows(&shop, "from scratch.notes@back"), ["1,a"]);
    shop.run(["doctor"]).success();

    shop.run(["branch", "delete", "back"]).success();
    shop.run(AT_ONCE).success();
    let gone = shop.run(["branch", "create", "back", "--ref", &commit[..12]]).failure("unknown-ref");
    assert!(gone.stderr.contains("was collected"), "{gone}");
    shop.run(["query", &format!("from raw.orders@{}", &commit[..12])]).failure("unknown-ref");
    shop.run(["query", "from bywash.reflog"]).success();
    shop.run(["doctor"]).success();
}

#[test]
fn t7_gc_keeps_the_files_that_merges_and_reverts_need() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    shop.run(["query", "delete from raw.orders where id <= 10"]).success();
    let deleted = commit_of(&shop, "main");
    orders(&shop, 2, 61, 80);
    shop.run(["run", "--ref", "dev"]).success();
    shop.run(AT_ONCE).success();
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
    shop.run(["branch", "delete", "dev"]).success();
    shop.run(AT_ONCE).success();
    shop.run(["revert", &deleted]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["80"], "the files before the delete were kept");
    shop.run(["doctor"]).success();
}

#[test]
fn t7_kept_outputs_go_by_time_and_size() {
    let shop = shop();
    shop.run(["run"]).success();
    let query = shop.read("models/marts/by_region.sql");
    shop.run(["branch", "create", "dev"]).success();
    shop.write("models/marts/by_region.sql", query.replace("sum(c.amount)", "sum(c.amount) + 1"));
    shop.run(["run", "--ref", "dev"]).success();
    shop.run(["branch", "delete", "dev"]).success();

    let with = |key: &str, value: &str, words: &[&str]| {
        let command = shop.command(words).env("BYWASH_GC__REFLOG", "0s");
        command.env(format!("BYWASH_GC__{key}"), value).run().success()
    };
    let kept = with("KEEP_OUTPUTS", "1d", &["gc", "--grace", "0s"]);
    assert!(!kept.stderr.contains("gave up"), "{kept}");
    let plan = with("OUTPUT_BYTES", "1B", &["gc", "--grace", "0s", "--dry-run", "-o", "csv"]);
    assert!(plan.stdout.contains("an output of `marts.by_region` of 20"), "{plan}");
    let gone = with("OUTPUT_BYTES", "1B", &["gc", "--grace", "0s"]);
    assert!(gone.stderr.contains("kept for reuse"), "{gone}");

    // What was given up is computed again, and no run takes the outputs of its model for somebody else's (rule R7).
    let report = json(&shop.run(["run", "-o", "json"]).success());
    let by_region = report["nodes"].as_array().expect("nodes").iter().find(|node| node["name"] == "marts.by_region");
    assert_eq!(by_region.map(|node| node["status"].clone()), Some("ran".into()), "{report}");
    shop.write("models/marts/by_region.sql", query);
    shop.run(["run"]).success();
    shop.run(AT_ONCE).success();
    shop.run(["doctor"]).success();
}

/// An insert that stops between writing its files and committing them, until it is let go.
struct Held {
    child: Child,
    path: PathBuf,
}

impl Held {
    fn start(shop: &Sandbox) -> Self {
        let path = shop.path().join("barrier");
        let setting = format!("commit:{}", path.display());
        let words = ["query", "insert into raw.orders select id + 1000, customer, amount, day from raw.orders"];
        let mut process = shop.command(words).env("BYWASH_FAULT_BARRIER", setting).process();
        let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
        let began = Instant::now();
        while !path.with_extension("reached").exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "the insert never came to its commit");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { child, path }
    }
}

#[test]
fn t7_what_a_command_at_work_wrote_stays() {
    let shop = shop();
    shop.run(["run"]).success();
    let held = Held::start(&shop);
    let busy = shop.run(AT_ONCE).success();
    assert!(busy.stderr.contains("stay while commands are at work"), "{busy}");
    let plan = shop.run(["gc", "--all", "--grace", "0s", "--dry-run", "-o", "csv"]).success();
    assert!(plan.stdout.contains("keep while commands are at work"), "{plan}");
    shop.run(AT_ONCE).success();
    std::fs::write(held.path.with_extension("go"), "").expect("a file");
    let output = held.child.wait_with_output().expect("its output");
    assert!(output.status.success(), "{}\n{busy}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(rows(&shop, "select count(*), max(id) from raw.orders"), ["120,1060"]);
    shop.run(AT_ONCE).success();
    assert!(!shop.run(["doctor"]).success().stderr.contains("of no commit"));
    assert_eq!(all_rows(&shop), all_rows(&copy(&shop)), "all of it can be read");
}

#[test]
fn t7_a_dead_runs_lease_delays_nobody() {
    let shop = shop();
    shop.run(["run"]).success();
    let mut held = Held::start(&shop);
    orders(&shop, 2, 61, 70);
    held.child.kill().expect("its end");
    held.child.wait().expect("its end");
    let began = Instant::now();
    shop.run(["run"]).success();
    assert!(began.elapsed() < Duration::from_secs(30), "the next run waited for the dead one");
    assert!(shop.run(["doctor"]).success().stderr.contains("of no commit"), "it left files");
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
    shop.run(AT_ONCE).success();
    assert!(!shop.run(["doctor"]).success().stderr.contains("of no commit"), "nor does it keep files");
}

#[test]
fn t7_killed_at_every_durable_step_a_collection_loses_nothing() {
    let (prepared, _) = shop_with_a_deleted_branch();
    let (head_before, rows_before) = (head(&prepared), all_rows(&prepared));
    let steps = steps_of(&copy(&prepared), &AT_ONCE).len();
    assert!(steps > 10, "only {steps} durable steps");
    let killed = kill_at_each(&prepared, &AT_ONCE, steps, |shop, step, output| {
        assert_eq!(output.code, KILLED, "step {step}: {output}");
        shop.run(["doctor"]).success();
        assert_eq!((head(shop), all_rows(shop)), (head_before.clone(), rows_before.clone()), "step {step}");
        shop.run(AT_ONCE).success();
        let whole = shop.run(["doctor"]).success();
        assert!(!whole.stderr.contains("of no commit"), "step {step}: {whole}");
        assert_eq!(all_rows(shop), rows_before, "step {step}: after the next collection");
    });
    println!("killed at {killed} durable steps");
}
