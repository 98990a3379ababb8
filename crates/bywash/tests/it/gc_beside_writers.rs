//! Real processes that load, write, merge, revert and collect garbage together; afterwards everything is read.
//!
//! Each worker knows which rows its own table must have: what succeeded counts, what was refused does not.
//! `BYWASH_TORTURE_SECONDS` sets how long it goes on.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bywash_testkit::{Output, Sandbox};

use crate::shop::{all_rows, copy, orders, rows, shop};

const USUAL_SECONDS: u64 = 60;

/// What may be refused where others write at the same time; then nothing has changed.
const MAY_BE_REFUSED: [&str; 4] = ["target-moved", "merge-conflict", "revert-conflict", "catalog-locked"];

struct Torture {
    shop: Sandbox,
    until: Instant,
    done: AtomicUsize,
    refused: AtomicUsize,
    /// The ids that must be in `scratch.a` on `main`, in `scratch.b` on `main`, in `scratch.c` on `dev`.
    expected: [Mutex<BTreeSet<usize>>; 3],
}

impl Torture {
    fn goes_on(&self) -> bool {
        Instant::now() < self.until
    }

    /// Runs a command; false if it was refused because of what others did.
    fn tries(&self, words: &[&str]) -> bool {
        let output = self.shop.run(words);
        if output.code == 0 {
            self.done.fetch_add(1, Ordering::SeqCst);
            return true;
        }
        let refused = MAY_BE_REFUSED.iter().any(|code| output.stderr.contains(&format!("error[{code}]")));
        assert!(refused, "{words:?}: {output}");
        self.refused.fetch_add(1, Ordering::SeqCst);
        false
    }

    fn says(&self, sql: &str, reference: &str) -> bool {
        self.tries(&["query", "--ref", reference, sql])
    }

    fn knows(&self, table: usize, change: impl FnOnce(&mut BTreeSet<usize>)) {
        change(&mut self.expected[table].lock().expect("the expected rows"));
    }

    /// Inserts and deletes on `main`.
    fn write(&self) {
        let mut id = 0;
        while self.goes_on() {
            // Merges need a moment in which `main` stands still.
            std::thread::sleep(Duration::from_millis(200));
            id += 2;
            if self.says(&format!("insert into scratch.a values ({id}), ({})", id + 1), "main") {
                self.knows(0, |ids| ids.extend([id, id + 1]));
            }
            if id % 6 == 0 && self.says(&format!("delete from scratch.a where id % 5 = {}", id % 5), "main") {
                self.knows(0, |ids| ids.retain(|known| known % 5 != id % 5));
            }
        }
    }

    /// Branches, writes there, merges, and deletes the branch.
    fn merge(&self) {
        let mut number = 0;
        while self.goes_on() {
            number += 1;
            let branch = format!("work{number}");
            assert!(self.tries(&["branch", "create", &branch, "--ref", "main"]));
            let id = number * 10;
            assert!(self.says(&format!("insert into scratch.b values ({id}), ({}), ({})", id + 1, id + 2), &branch));
            assert!(self.says(&format!("delete from scratch.b where id = {id}"), &branch));
            let merged = (0..20).any(|_| self.tries(&["merge", &branch, "--into", "main"]));
            if merged {
                self.knows(1, |ids| ids.extend([id + 1, id + 2]));
            }
            assert!(self.tries(&["branch", "delete", &branch]));
        }
    }

    /// Inserts and reverts on a branch of its own.
    fn revert(&self) {
        let mut id = 0;
        while self.goes_on() {
            id += 1;
            assert!(self.says(&format!("insert into scratch.c values ({id})"), "dev"));
            match id % 3 {
                0 => assert!(self.tries(&["revert", "HEAD", "--ref", "dev"])),
                1 => {
                    assert!(self.tries(&["revert", "HEAD", "--ref", "dev"]));
                    assert!(self.tries(&["revert", "HEAD", "--ref", "dev"]));
                    self.knows(2, |ids| _ = ids.insert(id));
                }
                _ => self.knows(2, |ids| _ = ids.insert(id)),
            }
        }
    }

    /// Loads new files and runs every model.
    fn load(&self) {
        let mut number = 1;
        while self.goes_on() {
            number += 1;
            orders(&self.shop, number, number * 100, number * 100 + 20);
            self.tries(&["run"]);
        }
    }

    /// Collects all the time, in every way.
    fn collect(&self) {
        while self.goes_on() {
            for words in
                [&["gc", "--all", "--grace", "0s"][..], &["gc", "--all", "--grace", "2s"], &["gc", "--dry-run"]]
            {
                self.tries(words);
            }
        }
    }
}

fn ids(of: &[String]) -> BTreeSet<usize> {
    of.iter().map(|line| line.parse().expect("a number")).collect()
}

/// Every commit that a branch reaches, read as a whole.
fn read_history(shop: &Sandbox, branch: &str) -> usize {
    let log = shop.run(["query", "--ref", branch, "select id from bywash.commits", "-o", "csv"]).success();
    let commits: Vec<&str> = log.stdout.lines().skip(1).collect();
    // All of them were examined by `doctor`; some are read with all their rows.
    for commit in commits.iter().step_by(commits.len().div_ceil(20)) {
        let tables = shop.run(["table", "list", "--ref", commit, "-o", "csv"]).success();
        for table in tables.stdout.lines().skip(1) {
            let name = table.split(',').next().unwrap_or_default();
            let read: Output = shop.run(["query", "--ref", commit, &format!("summarize {name}")]);
            read.success();
        }
    }
    commits.len()
}

#[test]
fn t7_collections_beside_writers_merges_and_reverts_lose_nothing() {
    let seconds = std::env::var("BYWASH_TORTURE_SECONDS").ok().and_then(|text| text.parse().ok());
    let shop = shop();
    shop.run(["run"]).success();
    for table in ["a", "b", "c"] {
        shop.run(["query", &format!("create table scratch.{table} (id int)")]).success();
    }
    shop.run(["branch", "create", "dev"]).success();
    let torture = Torture {
        shop,
        until: Instant::now() + Duration::from_secs(seconds.unwrap_or(USUAL_SECONDS)),
        done: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        expected: Default::default(),
    };
    let works: [fn(&Torture); 5] = [Torture::write, Torture::merge, Torture::revert, Torture::load, Torture::collect];
    std::thread::scope(|scope| {
        for work in &works {
            scope.spawn(|| work(&torture));
        }
    });
    let Torture { shop, done, refused, expected, .. } = torture;
    println!("{} commands succeeded, {} were refused", done.into_inner(), refused.into_inner());
    shop.run(["gc", "--all", "--grace", "0s"]).success();
    let whole = shop.run(["doctor"]).success();
    assert!(!whole.stderr.contains("of no commit"), "{whole}");
    let [a, b, c] = expected.map(|ids| ids.into_inner().expect("the expected rows"));
    assert_eq!(ids(&rows(&shop, "select id from scratch.a")), a);
    assert_eq!(ids(&rows(&shop, "select id from scratch.b")), b);
    assert_eq!(ids(&rows(&shop, "select id from scratch.c@dev")), c);
    shop.run(["run"]).success();
    let fresh = copy(&shop);
    fresh.run(["run", "--full-refresh"]).success();
    assert_eq!(all_rows(&shop), all_rows(&fresh), "models are what computing all of them again gives");
    println!("{} commits on main and {} on dev are whole", read_history(&shop, "main"), read_history(&shop, "dev"));
}
