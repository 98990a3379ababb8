//! Kills the real process before and after every durable step of a run, and looks at what is left.
//!
//! Afterwards `main` is exactly the old commit or shows exactly the new rows, the lake is whole, and the next run
//! takes over what the killed one had finished.

use std::collections::{BTreeMap, BTreeSet};

use bywash_testkit::Sandbox;

use crate::killing::{KILLED, kill_at_each, steps_of};
use crate::shop::{all_rows, copy, head, json, orders, rows, shop};

pub(crate) type Rows = Vec<(String, Vec<String>)>;

/// The project after its first run, with a new file, a changed file and an edited model waiting for the second.
fn before_the_second_run() -> Sandbox {
    let shop = shop();
    prepare_second_run(&shop);
    shop
}

pub(crate) fn prepare_second_run(shop: &Sandbox) {
    orders(shop, 2, 61, 80);
    shop.run(["run"]).success();
    orders(shop, 2, 61, 90);
    orders(shop, 3, 91, 120);
    shop.write("models/marts/top.sql", "select region, amount from marts.by_region where amount > 1\n");
}

#[test]
fn t1_r2_killed_at_every_durable_step_the_lake_is_old_or_new_and_work_is_kept() {
    let prepared = before_the_second_run();
    let (old_head, old_rows) = (head(&prepared), all_rows(&prepared));
    let finished = copy(&prepared);
    let phases = steps_of(&finished, &["run"]);
    let new_rows = all_rows(&finished);
    assert_ne!(old_rows, new_rows, "the second run must change something");

    let killed = kill_at_each(&prepared, &["run"], phases.len(), |shop, step, output| {
        assert!(matches!(output.code, KILLED | 0), "step {step}: {output}");
        examine(shop, step, &old_head, &old_rows, &new_rows);
    });

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for phase in &phases {
        *counts.entry(phase).or_default() += 1;
    }
    println!("durable steps per phase: {counts:?}; killed {killed} times");
    for phase in ["load", "write", "publish"] {
        assert!(counts.get(phase).is_some_and(|count| *count > 0), "no durable step in phase `{phase}`: {counts:?}");
    }
    // The order of steps varies a little between runs, so the last ones may not be reached.
    assert!(killed * 10 >= phases.len() * 9, "too few runs were killed");
}

pub(crate) fn examine(shop: &Sandbox, step: usize, old_head: &str, old_rows: &Rows, new_rows: &Rows) {
    let found = all_rows(shop);
    if head(shop) == *old_head {
        assert_eq!(found, *old_rows, "step {step}: the old commit with other rows");
    } else {
        assert_eq!(found, *new_rows, "step {step}: a new commit with other rows");
    }
    shop.run(["doctor"]).success();
    let kept = finished_nodes(shop);
    let report = json(&shop.run(["run", "-o", "json"]).success());
    for node in report["nodes"].as_array().expect("nodes") {
        let name = node["name"].as_str().expect("a name");
        if kept.contains(name) {
            assert_eq!(node["status"], "reused", "step {step}: `{name}` was finished by the killed run: {report}");
        }
    }
    assert_eq!(all_rows(shop), *new_rows, "step {step}: after the next run");
    shop.run(["doctor"]).success();
}

/// Nodes that runs which never ended have committed under refs of their own.
fn finished_nodes(shop: &Sandbox) -> BTreeSet<String> {
    let sql = "select l.message from bywash.reflog l join bywash.runs r on l.run = r.id \
               where r.status = 'running' and l.name like 'refs/runs/%' and l.new is not null";
    rows(shop, sql).iter().filter_map(|line| line.rsplit(": ").next().map(str::to_owned)).collect()
}
