//! A random history of one project: loads, statements, edits, compactions, branches and reverts, and after each the
//! tables are those that a full refresh of a copy gives.

use std::collections::BTreeMap;

use bywash_testkit::{Dice, Sandbox};
use serde_json::Value;

use super::Tally;
use super::project::RandomProject;
use crate::sandbox;
use crate::shop::{copy, json, rows};

const STEPS: usize = 9;

pub(super) struct History {
    seed: u64,
    dice: Dice,
    shop: Sandbox,
    project: RandomProject,
    /// What the project was before the last edits.
    before: Vec<RandomProject>,
    said: Vec<String>,
    /// The files as they were when the last run loaded them.
    loaded: BTreeMap<String, u64>,
}

impl History {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let project = RandomProject::new(&mut dice);
        Self { seed, dice, shop: sandbox(), project, before: Vec::new(), said: Vec::new(), loaded: BTreeMap::new() }
    }

    pub(super) fn play(mut self, tally: &mut Tally) {
        self.project.write(&self.shop);
        self.run(tally);
        for step in 0..STEPS {
            self.step();
            self.run(tally);
            if step % 3 == 2 {
                self.compare();
            }
        }
    }

    fn step(&mut self) {
        let what = match self.dice.roll(12_usize) {
            0..=2 => {
                self.before.push(self.project.clone());
                let what = self.project.edit(&mut self.dice);
                self.project.write(&self.shop);
                what
            }
            3 | 4 => {
                let what = self.project.file(&mut self.dice);
                self.project.write(&self.shop);
                what
            }
            5 => self.take_back_an_edit(),
            6 => self.ask(["table", "compact", "raw.a"]),
            7 => self.branch(),
            8 => self.ask(["revert", "HEAD"]),
            _ => self.statement(),
        };
        self.said.push(what);
    }

    /// The models as they were; files stay.
    fn take_back_an_edit(&mut self) -> String {
        let Some(before) = self.before.pop() else { return "nothing to take back".to_owned() };
        self.project.models = before.models;
        self.project.write(&self.shop);
        "take back an edit".to_owned()
    }

    fn statement(&mut self) -> String {
        let table = *self.dice.pick(&["raw.a", "raw.b"]);
        let k = self.dice.roll(6_u64);
        let sql = match self.dice.roll(7_usize) {
            0 => format!("delete from {table} where k = {k}"),
            1 => format!("update {table} set y = y + 1 where k = {k}"),
            2 => format!("update {table} set x = 0.25 where k = {k}"),
            3 => format!("insert into {table} (id, k, x, y) values ({k}, {k}, 1.5, null)"),
            4 => format!("update {table} set id = id + 1000 where k = {k}"),
            5 => format!("insert into {table} select * from {table} where k = {k}"),
            _ => format!("alter table {table} add column n{} bigint", self.said.len()),
        };
        self.ask(["query", &sql])
    }

    /// Work on another branch, merged back.
    fn branch(&mut self) -> String {
        let name = format!("dev{}", self.said.len());
        self.shop.run(["checkout", "-b", &name]).success();
        let mut what = vec![format!("branch {name}"), self.statement()];
        if self.dice.roll(2_usize) == 0 {
            what.push(self.project.file(&mut self.dice));
            self.project.write(&self.shop);
        }
        // A conflict of a file with a statement leaves the branch as it is.
        self.shop.run(["run"]);
        self.shop.run(["checkout", "main"]).success();
        if self.dice.roll(2_usize) == 0 {
            what.push(self.statement());
        }
        what.push(self.ask(["merge", &name]));
        what.join(", ")
    }

    /// A command that may be refused, as a conflict is, but not fail.
    fn ask<const N: usize>(&self, words: [&str; N]) -> String {
        let output = self.shop.run(words);
        assert!(!output.stderr.contains("bug"), "{self}: {words:?}: {output}");
        format!("{}{}", words.join(" "), if output.code == 0 { "" } else { " (refused)" })
    }

    fn run(&mut self, tally: &mut Tally) {
        let mut output = self.shop.run(["run", "-o", "json"]);
        if output.stderr.contains("error[merge-conflict]") {
            // A file changed whose rows were changed by hand (rule R8): it stays as it was.
            self.project.files = self.loaded.clone();
            self.project.write(&self.shop);
            self.said.push("files stay".to_owned());
            output = self.shop.run(["run", "-o", "json"]);
        }
        assert_eq!(output.code, 0, "{self}: {output}");
        self.loaded = self.project.files.clone();
        let report = json(&output);
        let mut ran = false;
        for node in report["nodes"].as_array().expect("nodes") {
            let is = |key: &str, text: &str| node[key].as_str().is_some_and(|found| found == text);
            if is("kind", "source") || is("kind", "view") {
                continue;
            }
            for word in ["reused", "ran"] {
                *tally.entry(word).or_default() += u64::from(is("status", word));
            }
            for word in ["up to date", "computed before", "new rows"].into_iter().filter(|word| is("reason", word)) {
                *tally.entry(word).or_default() += 1;
            }
            if ran && is("status", "reused") && self.reads_one_that_ran(node, &report) {
                *tally.entry("stopped below a node that ran").or_default() += 1;
            }
            ran |= is("status", "ran");
        }
    }

    fn reads_one_that_ran(&self, node: &Value, report: &Value) -> bool {
        let name = node["name"].as_str().unwrap_or_default().trim_start_matches("marts.");
        let text = self.shop.read(format!("models/marts/{name}.sql"));
        let nodes = report["nodes"].as_array().into_iter().flatten();
        let mut ran = nodes.filter(|node| node["status"] == "ran").filter_map(|node| node["name"].as_str());
        ran.any(|name| name.starts_with("marts.") && text.contains(name))
    }

    fn compare(&self) {
        let fresh = copy(&self.shop);
        fresh.run(["run", "--full-refresh"]).success();
        let sql = self.project.everything();
        assert_eq!(rows(&self.shop, &sql), rows(&fresh, &sql), "{self}");
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "seed {}: {}\n{:#?}", self.seed, self.said.join("; "), self.project.models)
    }
}
