//! What a run takes instead of computing it (rules R3, R4 and R6), and that it never takes a wrong thing: random graphs,
//! data and edits give what a full recomputation gives.
//!
//! A failure prints the seed and the history; `BYWASH_REUSE_SEED` plays one seed again, `BYWASH_REUSE_HISTORIES` plays
//! more of them.

mod history;
mod project;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bywash_testkit::Sandbox;

use crate::rules::status_of;
use crate::shop::{head, json, orders, rows, shop};
use history::History;

/// How often something was seen, over all histories.
type Tally = BTreeMap<&'static str, u64>;

/// Played among the other tests, always the same.
const HISTORIES: u64 = 6;

fn setting(name: &str) -> Option<u64> {
    std::env::var(format!("BYWASH_REUSE_{name}")).ok().and_then(|text| text.parse().ok())
}

#[test]
fn r3_r4_r6_reuse_never_changes_a_result() {
    if let Some(seed) = setting("SEED") {
        return History::new(seed).play(&mut Tally::new());
    }
    let (next, last) = (AtomicU64::new(1), setting("HISTORIES").unwrap_or(HISTORIES));
    let tally = Mutex::new(Tally::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last {
                        return;
                    }
                    let mut own = Tally::new();
                    History::new(seed).play(&mut own);
                    let mut all = tally.lock().expect("the tally");
                    own.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("the tally");
    println!("{tally:?}; no difference");
    for what in ["reused", "ran", "up to date", "computed before", "new rows", "stopped below a node that ran"] {
        assert!(tally.contains_key(what), "nothing was {what}: {tally:?}");
    }
}

/// The status of some nodes after a run.
fn run(shop: &Sandbox, names: &[&str]) -> Vec<String> {
    let report = json(&shop.run(["run", "-o", "json"]).success());
    names.iter().map(|name| status_of(&report, name)).collect()
}

#[test]
fn r4_a_changed_column_that_nobody_reads_reruns_nothing() {
    let shop = shop();
    shop.write("models/marts/wide.sql", "select id, customer as c, amount * 1 as a from raw.orders\n");
    shop.write("models/marts/total.sql", "select sum(a) as total from marts.wide where id > 3\n");
    shop.write("models/marts/count.sql", "select count(*) as n from marts.wide\n");
    let readers = ["marts.wide", "marts.total", "marts.count"];
    shop.run(["run"]).success();
    shop.write("models/marts/wide.sql", "select id, customer + 1 as c, amount * 1 as a from raw.orders\n");
    assert_eq!(run(&shop, &readers), ["ran", "reused", "reused"]);
    shop.write("models/marts/wide.sql", "select id + 1 as id, customer as c, amount * 1 as a from raw.orders\n");
    assert_eq!(run(&shop, &readers), ["ran", "ran", "reused"], "a filter reads its columns too");
    shop.write("models/marts/wide.sql", "select id, customer as c, amount * 2 as a from raw.orders\n");
    assert_eq!(run(&shop, &readers), ["ran", "ran", "reused"]);
    shop.write("models/marts/wide.sql", "select id, customer as c, amount * 2 as a from raw.orders where id < 50\n");
    assert_eq!(run(&shop, &readers), ["ran", "ran", "ran"]);

    shop.run(["query", "update raw.customers set name = 'Zoe' where id = 1"]).success();
    assert_eq!(run(&shop, &["marts.by_region", "marts.top"]), ["reused", "reused"], "through no view, from a source");
    shop.run(["query", "update raw.orders set day = date '2026-04-01' where id = 2"]).success();
    let readers = ["marts.wide", "marts.by_region", "marts.events", "marts.total"];
    assert_eq!(run(&shop, &readers), ["reused"; 4], "also through a view, and for an incremental model");
    shop.run(["query", "alter table raw.orders add column note varchar"]).success();
    assert_eq!(run(&shop, &readers), ["reused"; 4]);
}

#[test]
fn r4_rows_that_come_out_the_same_stop_a_run() {
    let shop = shop();
    shop.run(["run"]).success();
    let by_region = shop.read("models/marts/by_region.sql").replace("count(*)", "count(1)");
    shop.write("models/marts/by_region.sql", by_region);
    assert_eq!(run(&shop, &["marts.by_region", "marts.top"]), ["ran", "reused"]);
    shop.run(["query", "delete from raw.customers where id = 3"]).success();
    shop.run(["query", "insert into raw.customers values (3, 'Cid', 'n')"]).success();
    let before = head(&shop);
    assert_eq!(run(&shop, &["marts.by_region", "marts.top"]), ["reused", "reused"]);
    assert_eq!(head(&shop), before, "nothing was published");
}

#[test]
fn r4_compaction_reruns_nothing() {
    let shop = shop();
    for number in 2..6 {
        orders(&shop, number, number * 100, number * 100 + 20);
        shop.run(["run"]).success();
    }
    shop.run(["table", "compact", "raw.orders"]).success();
    let before = head(&shop);
    let nodes = ["marts.by_region", "marts.top", "marts.events"];
    assert_eq!(run(&shop, &nodes), ["reused"; 3]);
    assert_eq!(head(&shop), before);
    orders(&shop, 7, 701, 710);
    assert_eq!(run(&shop, &nodes), ["ran", "ran", "ran"]);
    let fresh = crate::shop::copy(&shop);
    fresh.run(["run", "--full-refresh"]).success();
    assert_eq!(rows(&shop, "from marts.events"), rows(&fresh, "from marts.events"));
}

#[test]
fn r3_reverting_an_edit_takes_the_old_output() {
    let shop = shop();
    let old = shop.read("models/marts/by_region.sql");
    shop.run(["run"]).success();
    shop.write("models/marts/by_region.sql", old.replace("sum(c.amount)", "max(c.amount)"));
    assert_eq!(run(&shop, &["marts.by_region", "marts.top"]), ["ran", "ran"]);
    shop.write("models/marts/by_region.sql", old);
    assert_eq!(run(&shop, &["marts.by_region", "marts.top"]), ["reused", "reused"]);
}

#[test]
fn r3_r4_a_finished_branch_costs_nothing_and_merging_it_back_neither() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    let nodes = ["marts.by_region", "marts.top", "marts.events"];
    assert_eq!(run(&shop, &nodes), ["reused"; 3]);
    orders(&shop, 2, 61, 90);
    let by_region = shop.read("models/marts/by_region.sql").replace("sum(c.amount)", "avg(c.amount)");
    shop.write("models/marts/by_region.sql", by_region);
    assert_eq!(run(&shop, &nodes), ["ran"; 3]);
    shop.run(["checkout", "main"]).success();
    shop.run(["merge", "dev"]).success();
    let merge = "select n.name from bywash.run_nodes n join bywash.runs r on r.id = n.run \
                 where r.command like 'merge%' and n.status = 'ran'";
    assert_eq!(rows(&shop, merge), Vec::<String>::new());
    let before = head(&shop);
    assert_eq!(run(&shop, &nodes), ["reused"; 3]);
    assert_eq!(head(&shop), before);
}

#[test]
fn r3_a_model_over_the_lakes_own_tables_is_computed_each_time() {
    let shop = shop();
    shop.write("models/marts/history.sql", "select count(*) as n from bywash.commits\n");
    shop.run(["run"]).success();
    shop.run(["query", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    assert_eq!(run(&shop, &["marts.history"]), ["ran"]);
}

#[test]
fn r3_a_view_at_a_branch_that_moves_is_seen_to_move() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    shop.write("models/staging/theirs.sql", "-- ---\n-- kind: view\n-- ---\nselect id, code from raw.customers@dev\n");
    shop.write("models/marts/codes.sql", "select code, count(*) as n from staging.theirs group by code\n");
    shop.run(["run"]).success();
    shop.run(["query", "--ref", "dev", "insert into raw.customers values (9, 'Zoe', 'n')"]).success();
    assert_eq!(run(&shop, &["marts.codes"]), ["ran"]);
    assert_eq!(rows(&shop, "select sum(n) from marts.codes"), ["4"]);
}

/// A shop with a model that keeps the last row of each key.
fn with_keys() -> Sandbox {
    let shop = shop();
    shop.write(
        "models/marts/last.sql",
        "-- ---\n-- kind: incremental\n-- incremental_from: [raw.orders]\n-- unique_key: [id]\n-- order_by: [amount]\n-- ---\n\
         select id, amount from raw.orders where amount > 0\n",
    );
    shop.run(["run"]).success();
    shop
}

#[test]
fn r6_the_last_rows_by_key_grow_from_their_own_branch_in_a_merge() {
    let shop = with_keys();
    shop.run(["checkout", "-b", "dev"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    shop.run(["query", "delete from raw.orders where id = 65"]).success();
    shop.run(["checkout", "main"]).success();
    shop.run(["merge", "dev"]).success();
    let last = "select id, amount from marts.last order by id";
    assert_eq!(rows(&shop, last), rows(&shop, "select id, amount from raw.orders"), "a row that was deleted there");

    shop.run(["checkout", "dev"]).success();
    let text = shop.read("models/marts/last.sql");
    shop.write("models/marts/last.sql", text.replace("amount > 0", "amount > 700"));
    orders(&shop, 3, 71, 80);
    shop.run(["run"]).success();
    shop.write("models/marts/last.sql", text);
    shop.run(["checkout", "main"]).success();
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, last), rows(&shop, "select id, amount from raw.orders"), "rows that another text left out");
    shop.run(["run", "--full-refresh"]).success();
    assert_eq!(rows(&shop, last), rows(&shop, "select id, amount from raw.orders"));
}

#[test]
fn r3_a_test_is_made_again_with_another_parameter() {
    let shop = shop();
    shop.write("tests/cheap.sql", "select * from raw.orders where amount > $most\n");
    shop.run(["run", "--param", "most=1000000"]).success();
    shop.run(["run", "--param", "most=1000000"]).success();
    shop.run(["run", "--param", "most=0"]).failure("test-failed");
}
