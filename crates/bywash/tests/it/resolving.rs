//! Where two sides did different things: what a conflict says, how it is resolved, what a merge does not bring back,
//! and taking back several commits at once.

use bywash_testkit::Sandbox;

use crate::sandbox;
use crate::shop::{head, orders, rows, shop};

/// `raw.t` with the rows 1, 2, 3, which `main` and `dev` have changed in ways that cannot both be.
fn disputed() -> Sandbox {
    let project = sandbox();
    project.run(["init", ".", "--template", "empty"]).success();
    project.run(["query", "create table raw.t as select value as id, 0 as k from generate_series(1, 3)"]).success();
    project.run(["query", "create table raw.other as select 1 as id"]).success();
    project.run(["branch", "create", "dev"]).success();
    project.run(["query", "--ref", "dev", "update raw.t set k = 7 where id = 1"]).success();
    project.run(["query", "--ref", "dev", "insert into raw.t values (4, 7)"]).success();
    project.run(["query", "update raw.t set k = 5"]).success();
    project
}

#[test]
fn a_conflict_says_what_each_side_did_and_how_to_resolve_it() {
    let project = disputed();
    let refused = project.run(["merge", "dev"]).failure("merge-conflict");
    for told in [
        "`raw.t` cannot be merged: both sides rewrote rows",
        "update raw.t set k = 5",
        "insert into raw.t values (4, 7)",
        "update raw.t set k = 7 where id = 1",
        "bywash merge dev --into main --theirs raw.t",
        "bywash revert COMMIT --ref dev",
    ] {
        assert!(refused.stderr.contains(told), "{told} is missing in {refused}");
    }
    assert!(!refused.stderr.contains("raw.other"), "{refused}");
}

#[test]
fn t4_a_resolution_takes_back_all_that_only_the_loser_has() {
    let project = disputed();
    let merged = project.run(["merge", "dev", "--theirs", "t"]).success();
    assert!(merged.stderr.contains("what only `main` did is taken back"), "{merged}");
    assert!(merged.stderr.contains("because of `merge dev --theirs`"), "{merged}");
    let theirs = ["1,7", "2,0", "3,0", "4,7"];
    assert_eq!(rows(&project, "from raw.t"), theirs);
    // It is a change like any other: merging again changes nothing, and it can be taken back.
    project.run(["merge", "dev"]).success();
    assert_eq!(rows(&project, "from raw.t"), theirs);
    project.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&project, "from raw.t"), ["1,5", "2,5", "3,5"]);

    let project = disputed();
    let merged = project.run(["merge", "dev", "--ours", "raw.t"]).success();
    assert!(merged.stderr.contains("what only `dev` did is taken back"), "{merged}");
    assert_eq!(rows(&project, "from raw.t"), ["1,5", "2,5", "3,5"]);
    // What comes later on the losing branch stands on what was taken back.
    project.run(["query", "--ref", "dev", "insert into raw.t values (9, 9)"]).success();
    project.run(["merge", "dev"]).success();
    assert_eq!(rows(&project, "from raw.t"), ["1,5", "2,5", "3,5", "9,9"]);
}

#[test]
fn resolutions_that_resolve_nothing_are_mistakes() {
    let project = disputed();
    let before = head(&project);
    for (flags, told) in [
        (["--theirs", "raw.t", "--ours", "raw.t"], "is named by `--ours` and by `--theirs`"),
        (["--theirs", "raw.t", "--ours", "raw.other"], "`raw.other` does not differ between the two sides"),
        (["--theirs", "raw.t", "--ours", "raw.nothing"], "`raw.nothing` does not differ between the two sides"),
    ] {
        let refused = project.run(["merge", "dev"].into_iter().chain(flags)).failure("wrong-usage");
        assert!(refused.stderr.contains(told), "{refused}");
    }
    assert_eq!(head(&project), before);
}

#[test]
fn two_tables_of_one_name_are_resolved_by_taking_one() {
    let project = sandbox();
    project.run(["init", ".", "--template", "empty"]).success();
    project.run(["query", "create table raw.first as select 0 as id"]).success();
    project.run(["branch", "create", "dev"]).success();
    project.run(["query", "--ref", "dev", "create table raw.t as select 'theirs' as who"]).success();
    project.run(["query", "create table raw.t as select 'ours' as who"]).success();
    let refused = project.run(["merge", "dev"]).failure("merge-conflict");
    assert!(refused.stderr.contains("both sides created a table of this name"), "{refused}");
    project.run(["merge", "dev", "--ours", "raw.t"]).success();
    assert_eq!(rows(&project, "from raw.t"), ["ours"]);
    project.run(["revert", "HEAD"]).failure("revert-conflict");
    project.run(["query", "--ref", "dev", "insert into raw.t values ('more')"]).success();
    project.run(["merge", "dev", "--theirs", "raw.t"]).success();
    assert_eq!(rows(&project, "from raw.t"), ["more", "theirs"]);
}

#[test]
fn a_merge_that_changes_nothing_makes_no_commit_and_says_what_stays_away() {
    let project = sandbox();
    project.run(["init", ".", "--template", "empty"]).success();
    project.run(["query", "create table raw.first as select 0 as id"]).success();
    project.run(["branch", "create", "dev"]).success();
    project.run(["query", "--ref", "dev", "create table raw.t as select 1 as id"]).success();
    project.run(["merge", "dev"]).success();
    project.run(["revert", "HEAD"]).success();
    let before = head(&project);
    let again = project.run(["merge", "dev"]).success();
    assert!(again.stderr.contains("has everything of `dev` already"), "{again}");
    assert!(again.stderr.contains("raw.t stays away"), "{again}");
    assert_eq!(head(&project), before);
    project.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&project, "from raw.t"), ["1"]);
}

#[test]
fn several_commits_are_taken_back_at_once() {
    let project = sandbox();
    project.run(["init", ".", "--template", "empty"]).success();
    project.run(["query", "create table raw.t as select 1 as id"]).success();
    let first = head(&project);
    for id in 2..=4 {
        project.run(["query", &format!("insert into raw.t values ({id})")]).success();
    }
    let all = rows(&project, "from raw.t");
    project.run(["query", "update raw.t set id = id * 10"]).success();
    project.run(["query", "create table raw.new as select 1 as id"]).success();
    // One of them alone stands below a rewrite of its rows.
    project.run(["revert", "HEAD~3"]).failure("revert-conflict");
    let reverted = project.run(["revert", "HEAD~3", "--through"]).success();
    assert!(reverted.stderr.contains("4 commits"), "{reverted}");
    assert_eq!(rows(&project, "from raw.t"), ["1", "2"]);
    project.run(["query", "from raw.new"]).failure("unknown-table");
    project.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&project, "from raw.t"), ["10", "20", "30", "40"]);
    assert_eq!(all.len(), 4);
    project.run(["branch", "create", "side", "--ref", &first]).success();
    project.run(["revert", &head(&project), "--through", "--ref", "side"]).failure("revert-conflict");
}

#[test]
fn t5_nodes_follow_their_inputs_when_only_nodes_are_taken_back() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    shop.run(["query", "insert into raw.orders values (500, 1, 10, '2026-01-01')"]).success();
    // What the merge commits are the nodes alone: they had not seen the new row.
    shop.run(["merge", "dev", "--ours", "raw.orders"]).success();
    let events = rows(&shop, "select id from marts.events");
    assert_eq!(events, rows(&shop, "select id from raw.orders"));
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&shop, "select id from marts.events"), events);
}

#[test]
fn the_latest_load_is_taken_back_by_name() {
    let shop = shop();
    shop.run(["run"]).success();
    let one = rows(&shop, "from raw.orders");
    orders(&shop, 2, 61, 90);
    shop.run(["run"]).success();
    shop.run(["query", "create table raw.notes as select 1 as id"]).success();
    shop.run(["revert", "--last-load", "raw.notes"]).failure("revert-conflict");
    let reverted = shop.run(["revert", "--last-load", "orders"]).success();
    assert!(reverted.stderr.contains("the next run loads the reverted files again"), "{reverted}");
    assert_eq!(rows(&shop, "from raw.orders"), one);
    assert_eq!(rows(&shop, "select id from marts.events").len(), one.len(), "nodes follow");
    assert_eq!(rows(&shop, "from raw.notes"), ["1"], "later commits stay");
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "from raw.orders").len(), 90);
}
