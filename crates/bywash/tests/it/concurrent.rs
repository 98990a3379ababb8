//! Runs side by side into one branch, without a global lock (rule R1).

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use bywash_testkit::Sandbox;

use crate::shop::{all_rows, copy, json, orders, rows, shop};

const PATIENCE: Duration = Duration::from_secs(60);

/// A run that stops between reading the target and swapping it, until it is let go.
struct Held {
    child: Child,
    path: std::path::PathBuf,
}

impl Held {
    fn start(shop: &Sandbox, words: &[&str]) -> Self {
        let path = shop.path().join("barrier");
        let setting = format!("publish:{}", path.display());
        let mut process = shop.command(words).env("BYWASH_FAULT_BARRIER", setting).process();
        let child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process");
        wait_for(&path.with_extension("reached"));
        Self { child, path }
    }

    fn let_go(self) {
        std::fs::write(self.path.with_extension("go"), "").expect("a file");
        let output = self.child.wait_with_output().expect("its output");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn wait_for(path: &Path) {
    let began = Instant::now();
    while !path.exists() {
        assert!(began.elapsed() < PATIENCE, "`{}` never came", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn how_published(shop: &Sandbox) -> Vec<String> {
    rows(shop, "select publish from bywash.runs where publish is not null")
}

#[test]
fn r1_disjoint_runs_both_land_and_the_later_one_is_rebased() {
    let shop = shop();
    shop.run(["run"]).success();
    orders(&shop, 2, 61, 70);
    shop.write("data/customers.csv", "id,name,code\n1,Ann,n\n2,Bob,s\n3,Cid,s\n4,Dee,n\n");
    let held = Held::start(&shop, &["load", "-s", "raw.orders"]);
    shop.run(["load", "-s", "raw.customers"]).success();
    held.let_go();
    assert_eq!(how_published(&shop), ["direct", "direct", "rebased"]);
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["4"]);
    shop.run(["doctor"]).success();
}

#[test]
fn r1_overlapping_runs_plan_again_on_the_new_head_and_test_again() {
    let shop = shop();
    shop.run(["run"]).success();
    orders(&shop, 2, 61, 70);
    let held = Held::start(&shop, &["run"]);
    shop.write("data/customers.csv", "id,name,code\n1,Ann,s\n2,Bob,s\n3,Cid,s\n4,Dee,n\n");
    shop.run(["run"]).success();
    held.let_go();
    let how = how_published(&shop);
    assert!(how.contains(&"replanned".to_owned()) || how.len() == 2, "{how:?}");
    let together = all_rows(&shop);
    let alone = copy(&shop);
    alone.run(["run", "--full-refresh"]).success();
    assert_eq!(together, all_rows(&alone), "the same as computing all of it once more");
    shop.run(["doctor"]).success();
}

#[test]
fn r1_two_processes_and_eight_give_the_same_as_one() {
    for processes in [2, 8] {
        let shop = shop();
        shop.run(["run"]).success();
        orders(&shop, 2, 61, 90);
        shop.write("models/marts/top.sql", "select region, amount from marts.by_region\n");
        let expected = {
            let alone = copy(&shop);
            alone.run(["run"]).success();
            all_rows(&alone)
        };
        let children: Vec<Child> = (0..processes)
            .map(|_| {
                let mut process = shop.command(["run", "-o", "json"]).process();
                process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process")
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().expect("its output");
            assert!(output.status.success(), "{processes}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(all_rows(&shop), expected, "{processes} processes");
        shop.run(["doctor"]).success();
    }
}

#[test]
fn a_run_key_resumes_or_reports_and_never_doubles() {
    let shop = shop();
    let first = json(&shop.run(["run", "--run-key", "nightly", "-o", "json"]).success());
    orders(&shop, 2, 61, 70);
    let second = json(&shop.run(["run", "--run-key", "nightly", "-o", "json"]).success());
    assert_eq!(first["run"], second["run"]);
    assert_eq!(second["earlier"], true);
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"], "the key was done; nothing is loaded");
    shop.run(["run", "--run-key", "next"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
}
