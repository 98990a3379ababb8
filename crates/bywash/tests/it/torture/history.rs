//! One random history: commands on branches of one lake, and after each the comparison with the oracle.

use std::collections::{BTreeMap, HashMap};

use bywash_testkit::{Dice, ObjectStore, Output, Sandbox};

use super::Tally;
use super::oracle::{Oracle, SECOND, Truth};
use crate::killing::KILLED;
use crate::sandbox;

/// A table that is loaded, and one that is written by hand.
const TABLES: [&str; 2] = ["raw.items", "scratch.notes"];
const COMMANDS: i64 = 30;
/// Beyond the last durable step of most commands, so that some faults never strike.
const STEPS: i64 = 70;
/// The row of each table that upserts are about.
const KEYS: [i64; 2] = [500, SECOND + 500];
/// Refusals that a command may end in; nothing has changed then.
const REFUSALS: [&str; 4] = ["merge-conflict", "revert-conflict", "wrong-usage", "run-conflict"];
/// What a store may come to beside them, when too many requests are lost on the way.
const LOST: [&str; 4] = ["unreachable", "file-system", "object-missing", "node-failed"];

/// A branch, as the oracle has it.
#[derive(Clone)]
struct Branch {
    head: String,
    truth: Truth,
}

pub(super) struct History {
    seed: u64,
    dice: Dice,
    lake: Sandbox,
    /// Where the tables lie, if not in the lake's folder; commands reach it on a way on which requests get lost.
    store: Option<ObjectStore>,
    unreliable: Vec<(String, String)>,
    oracle: Oracle,
    branches: BTreeMap<String, Branch>,
    /// What each commit has seen, and its first parent.
    commits: HashMap<String, (Truth, Option<String>)>,
    /// What lies in `data/`.
    files: BTreeMap<char, i64>,
    next_row: i64,
    told: Vec<String>,
}

/// A command with what it does to the truth of its branch.
struct Step {
    branch: String,
    words: Vec<String>,
    after: Truth,
    what: &'static str,
    plans_nodes: bool,
}

impl History {
    /// A lake with one loaded file on `main`, and two branches at it. Every fourth has its tables in an object store.
    pub(super) fn new(seed: u64) -> Self {
        let store = seed.is_multiple_of(4).then(|| ObjectStore::s3(env!("CARGO_TARGET_TMPDIR")));
        let lake = sandbox().with_environment(store.iter().flat_map(ObjectStore::environment));
        let place = store.as_ref().map(|store| format!("\n[lake]\nwarehouse = \"{}\"\n", store.address("torture")));
        lake.write("bywash.toml", format!("[project]\nname = \"torture\"\n{}", place.unwrap_or_default()));
        lake.write(
            "sources/raw.yml",
            "name: raw\ntype: files\nresources:\n  - name: items\n    path: data/*.csv\n    \
             columns: {id: bigint, k: bigint}\n",
        );
        lake.write(
            "models/marts/sums.sql",
            "select k % 7 as part, count(*) as n, sum(k) as total from raw.items group by 1\n",
        );
        lake.write(
            "models/marts/same.sql",
            "-- ---\n-- kind: incremental\n-- incremental_from: [raw.items]\n-- ---\nselect id, k from raw.items\n",
        );
        let dice = Dice::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let mut history = Self {
            seed,
            dice,
            lake,
            unreliable: store.as_ref().map(|store| store.unreliable_environment(seed)).unwrap_or_default(),
            store,
            oracle: Oracle::default(),
            branches: BTreeMap::new(),
            commits: HashMap::new(),
            files: BTreeMap::new(),
            next_row: 10_000,
            told: Vec::new(),
        };
        history.change_file('A');
        history.lake.run(["run"]).success();
        history.lake.run(["query", "create table scratch.notes (id bigint, k bigint)"]).success();
        let truth = history.loaded(&Truth::new());
        let head = history.heads().remove("main").expect("main");
        history.commits.insert(head.clone(), (truth.clone(), None));
        for name in ["main", "dev", "fix"] {
            if name != "main" {
                history.lake.run(["branch", "create", name]).success();
            }
            history.branches.insert(name.to_owned(), Branch { head: head.clone(), truth: truth.clone() });
        }
        history
    }

    pub(super) fn play(mut self, tally: &mut Tally) {
        for _ in 0..COMMANDS {
            if self.dice.roll(8) == 0 {
                let file = *self.dice.pick(&['A', 'B']);
                self.change_file(file);
            }
            let step = self.step();
            self.take(step, tally);
        }
        self.look_back();
    }

    fn step(&mut self) -> Step {
        let names: Vec<String> = self.branches.keys().cloned().collect();
        let name = self.dice.pick(&names).clone();
        match self.dice.roll(18) {
            11 | 12 => self.alter(name),
            13 => self.maintain(name),
            0..=5 => self.statement(name),
            6..=7 => {
                let after = self.loaded(&self.branches[&name].truth.clone());
                let words = ["run", "--ref", &name].map(str::to_owned).to_vec();
                Step { branch: name, words, after, what: "run", plans_nodes: true }
            }
            8..=10 => self.merge(name, &names),
            _ => self.revert(name),
        }
    }

    fn statement(&mut self, branch: String) -> Step {
        let truth = self.branches[&branch].truth.clone();
        let table = *self.dice.pick(&[0, 0, 1]);
        let (name, key, rows) = (TABLES[table], KEYS[table], self.rows_of(&truth, table));
        let ids: Vec<i64> = rows.keys().copied().collect();
        let (id, number) = (if ids.is_empty() { 0 } else { *self.dice.pick(&ids) }, self.next_row);
        let value = if table == 0 { number } else { SECOND + number };
        self.next_row += 1;
        let at_id =
            |value: Option<i64>| BTreeMap::from([(id, value)]).into_iter().filter(|_| !ids.is_empty()).collect();
        let (sql, edits): (String, BTreeMap<i64, Option<i64>>) = match self.dice.roll(12) {
            0..=3 => (format!("insert into {name} (id, k) values ({value}, {value})"), [(value, Some(value))].into()),
            4..=6 => (format!("update {name} set k = {value} where id = {id}"), at_id(Some(value))),
            7..=8 => (format!("delete from {name} where id = {id}"), at_id(None)),
            9..=10 => (
                format!(
                    "merge into {name} t using (select {key} as id, {value} as k) s on t.id = s.id \
                     when matched then update set k = s.k when not matched then insert (id, k) values (s.id, s.k)"
                ),
                [(key, Some(value))].into(),
            ),
            _ => (
                format!("insert overwrite {name} (id, k) values ({value}, {value})"),
                ids.iter().map(|id| (*id, None)).chain([(value, Some(value))]).collect(),
            ),
        };
        let after = self.oracle.edit(&truth, &edits);
        let words = vec!["query".to_owned(), "--ref".to_owned(), branch.clone(), sql];
        Step { branch, words, after, what: "statements", plans_nodes: false }
    }

    fn alter(&mut self, branch: String) -> Step {
        let truth = self.branches[&branch].truth.clone();
        let columns = self.oracle.columns(&truth).unwrap_or_else(|lost| self.fail(&lost));
        self.next_row += 1;
        let new = self.next_row;
        let column = if columns.is_empty() { None } else { Some(self.dice.pick(&columns)) };
        let (change, after) = match (self.dice.roll(6), column) {
            (0, Some(column)) => {
                (format!("drop column c{}", column.name), self.oracle.name(&truth, column.number, None))
            }
            (1 | 2, Some(column)) => (
                format!("rename column c{} to c{new}", column.name),
                self.oracle.name(&truth, column.number, Some(new)),
            ),
            (3, Some(column)) if !column.is_wide => {
                (format!("alter column c{} type bigint", column.name), self.oracle.widen(&truth, column.number))
            }
            _ => (format!("add column c{new} int"), self.oracle.name(&truth, new, Some(new))),
        };
        let sql = format!("alter table {} {change}", TABLES[0]);
        let words = vec!["query".to_owned(), "--ref".to_owned(), branch.clone(), sql];
        Step { branch, words, after, what: "altered", plans_nodes: false }
    }

    /// What changes no row.
    fn maintain(&mut self, branch: String) -> Step {
        let after = self.branches[&branch].truth.clone();
        let table = *self.dice.pick(&TABLES);
        let (what, words): (_, &[&str]) = match self.dice.roll(3) {
            0 => ("collected", &["gc", "--grace", "0s"]),
            1 => ("compacted", &["table", "rewrite-manifests", table, "--ref", &branch]),
            _ => ("compacted", &["table", "compact", table, "--ref", &branch]),
        };
        let words = words.iter().map(|&word| word.to_owned()).collect();
        Step { branch, words, after, what, plans_nodes: false }
    }

    fn merge(&mut self, branch: String, names: &[String]) -> Step {
        let others: Vec<_> = names.iter().filter(|name| **name != branch).cloned().collect();
        let source = self.dice.pick(&others).clone();
        let (ours, theirs) = (self.branches[&branch].truth.clone(), self.branches[&source].truth.clone());
        let mut words = ["merge", &source, "--into", &branch].map(str::to_owned).to_vec();
        let mut after: Truth = ours.union(&theirs).copied().collect();
        let (flag, winner, loser) = match self.dice.roll(6) {
            0 => ("--ours", &ours, &theirs),
            1 => ("--theirs", &theirs, &ours),
            _ => return Step { branch, words, after, what: "merged", plans_nodes: true },
        };
        let table = *self.dice.pick(&[0, 1]);
        words.extend([flag, TABLES[table]].map(str::to_owned));
        let lost = self.oracle.of_table(&loser.difference(winner).copied().collect(), table);
        after = self.oracle.cancel(&after, &lost);
        Step { branch, words, after, what: "merged", plans_nodes: true }
    }

    fn revert(&mut self, branch: String) -> Step {
        let mut commit = self.branches[&branch].head.clone();
        for _ in 0..self.dice.roll(4) {
            match self.commits.get(&commit) {
                Some((_, Some(parent))) if self.commits[parent].1.is_some() => commit.clone_from(parent),
                _ => break,
            }
        }
        let (seen, parent) = self.commits[&commit].clone();
        let Some(parent) = parent else { return self.statement(branch) };
        let before = self.commits[&parent].0.clone();
        let truth = self.branches[&branch].truth.clone();
        let after = self.oracle.cancel(&truth, &seen.difference(&before).copied().collect());
        let words = vec!["revert".to_owned(), commit, "--ref".to_owned(), branch.clone()];
        Step { branch, words, after, what: "reverted", plans_nodes: true }
    }

    /// Runs a command, perhaps with a fault, and looks what has become of the lake.
    fn take(&mut self, step: Step, tally: &mut Tally) {
        let (fault, at) = (*self.dice.pick(&["", "", "KILL_AT", "TEAR_AT", "FAIL_AT"]), 1 + self.dice.roll(STEPS));
        let jump = if self.dice.roll(10) == 0 { self.dice.roll(200_000) - 100_000 } else { 0 };
        let mut command = self.lake.command(&step.words).env("BYWASH_FAULT_CLOCK_SECONDS", jump.to_string());
        for (name, value) in &self.unreliable {
            command = command.env(name, value);
        }
        if !fault.is_empty() {
            command = command.env(format!("BYWASH_FAULT_{fault}"), at.to_string());
        }
        let output = command.run();
        self.told.push(format!(
            "bywash {}    # {fault} {at}, clock {jump}: exit {}",
            step.words.join(" "),
            output.code
        ));
        let heads = self.heads();
        for (name, branch) in &self.branches {
            if *name != step.branch {
                self.expect(heads.get(name) == Some(&branch.head), "another branch has moved", &output);
            }
        }
        let head = heads.get(&step.branch).cloned().unwrap_or_default();
        let before = self.branches[&step.branch].clone();
        let moved = head != before.head;
        match output.code {
            0 => *tally.entry(step.what).or_default() += 1,
            KILLED => *tally.entry(if fault == "TEAR_AT" { "torn" } else { "killed" }).or_default() += 1,
            1 if fault == "FAIL_AT" => *tally.entry("failed by a fault").or_default() += 1,
            1 if self.store.is_some() && is_error(&output, &LOST) => *tally.entry("lost on the way").or_default() += 1,
            _ => {
                let is_refusal = is_error(&output, &REFUSALS);
                self.expect(is_refusal && !moved, "an error that is no refusal", &output);
                *tally.entry("refused as a conflict").or_default() += 1;
            }
        }
        let truth = if moved || output.code == 0 { step.after } else { before.truth };
        if moved {
            self.commits.insert(head.clone(), (truth.clone(), Some(before.head)));
        }
        self.branches.insert(step.branch.clone(), Branch { head, truth });
        self.compare(&step.branch, moved && step.plans_nodes, &output);
    }

    fn compare(&self, branch: &str, with_nodes: bool, output: &Output) {
        let truth = &self.branches[branch].truth;
        for (table, name) in TABLES.iter().enumerate() {
            let (lines, found) = (self.lines(truth, table), self.query(branch, &all_of(name)));
            self.expect(found == lines, &format!("{name} on `{branch}` holds {found:?} instead of {lines:?}"), output);
        }
        let wanted = self.oracle.columns(truth).unwrap_or_default();
        let kind = |is_wide: bool| if is_wide { "long" } else { "int" };
        let mut wanted: Vec<_> =
            wanted.iter().map(|column| format!("c{},{},true", column.name, kind(column.is_wide))).collect();
        wanted.extend(["id,long,true", "k,long,true"].map(str::to_owned));
        let mut columns = self.query(branch, &format!("describe {}", TABLES[0]));
        wanted.sort();
        columns.sort();
        self.expect(columns == wanted, &format!("`{branch}` has {columns:?} instead of {wanted:?}"), output);
        if with_nodes {
            let sums = "select k % 7, count(*), sum(k) from raw.items group by 1 order by 1";
            let nodes = self.query(branch, "select part, n, total from marts.sums order by 1");
            self.expect(nodes == self.query(branch, sums), "a model differs from its query", output);
            let same = self.query(branch, &all_of("marts.same"));
            self.expect(same == self.lines(truth, 0), "an incremental model differs from its query", output);
        }
    }

    /// Every commit of every branch still holds what it held; the lake is whole; times of a ref increase.
    fn look_back(&self) {
        let output = self.lake.run(["doctor"]);
        self.expect(output.code == 0, "the lake is not whole", &output);
        for (commit, (truth, _)) in self.commits.iter().take(12) {
            for (table, name) in TABLES.iter().enumerate() {
                let (wanted, found) = (self.lines(truth, table), self.query(commit, &all_of(name)));
                self.expect(found == wanted, &format!("commit {commit}: {found:?} instead of {wanted:?}"), &output);
            }
        }
        let backwards = "select name from (select name, time, lag(time) over (partition by name order by sequence) as before \
                         from bywash.reflog) where before >= time";
        self.expect(self.query("main", backwards).is_empty(), "times of a ref do not increase", &output);
    }

    fn change_file(&mut self, file: char) {
        let content = 1 + self.dice.roll(3);
        self.files.insert(file, content);
        let rows = rows_of_file(file, content).into_iter().map(|(id, k)| format!("{id},{k}\n"));
        self.lake.write(format!("data/{file}.csv"), format!("id,k\n{}", rows.collect::<String>()));
        self.told.push(format!("data/{file}.csv has content {content}"));
    }

    /// The truth after a load of every file that is new or changed.
    fn loaded(&mut self, truth: &Truth) -> Truth {
        let mut truth = truth.clone();
        for (file, content) in self.files.clone() {
            if self.oracle.is_loaded(&truth, file, content) != Ok(true) {
                truth = self.oracle.load(&truth, file, content, &rows_of_file(file, content));
            }
        }
        truth
    }

    fn rows_of(&self, truth: &Truth, table: usize) -> BTreeMap<i64, i64> {
        self.oracle.rows(truth, table).unwrap_or_else(|lost| self.fail(&lost))
    }

    fn lines(&self, truth: &Truth, table: usize) -> Vec<String> {
        self.rows_of(truth, table).iter().map(|(id, k)| format!("{id},{k}")).collect()
    }

    fn heads(&self) -> BTreeMap<String, String> {
        let output = self.lake.run(["query", "select name, commit from bywash.refs", "-o", "csv"]).success();
        let pair = |line: &str| line.split_once(',').map(|(name, commit)| (name.to_owned(), commit.to_owned()));
        output.stdout.lines().skip(1).filter_map(pair).collect()
    }

    fn query(&self, reference: &str, sql: &str) -> Vec<String> {
        let output = self.lake.run(["query", "--ref", reference, sql, "-o", "csv"]);
        self.expect(output.code == 0, "a query failed", &output);
        output.stdout.lines().skip(1).map(str::to_owned).collect()
    }

    fn expect(&self, holds: bool, what: &str, output: &Output) {
        if !holds {
            self.fail(&format!("{what}\n{output}"));
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("seed {}: {what}\n\nthe history:\n{}", self.seed, self.told.join("\n"))
    }
}

fn all_of(table: &str) -> String {
    format!("select id, k from {table} order by id, k")
}

fn is_error(output: &Output, codes: &[&str]) -> bool {
    codes.iter().any(|code| output.stderr.contains(&format!("error[{code}]")))
}

/// A row that every content of a file has, and one of its own.
fn rows_of_file(file: char, content: i64) -> BTreeMap<i64, i64> {
    let base = if file == 'A' { 1_000 } else { 2_000 };
    [(base, base + content * 10), (base + content, base + content * 10 + 1)].into()
}
