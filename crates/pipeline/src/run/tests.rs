//! Data tests: queries that give the bad rows. They run on the tree that is about to be published, and block it.
//!
//! A verdict is kept by key like any output: the same query on the same versions is not run again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use bywash_core::{ObjectId, Result};
use bywash_engine::sql;
use bywash_lake::store::{Output, Transaction};
use futures::StreamExt;

use super::attempt::Attempt;
use super::inputs::{Counts, Input, Reached};
use super::model::used;
use super::report::TestReport;
use super::{frozen, keys, python_model};
use crate::graph::Node;
use crate::project::{DataTest, Severity};

impl Attempt {
    /// Runs the selected tests whose tables are there; a merge or revert may leave some without.
    pub(super) async fn run_tests(self: &Arc<Self>) -> Result<()> {
        let graph = &self.runner.graph;
        let selected: Vec<_> = graph.tests().filter(|node| self.options.selected.contains(&node.id)).collect();
        let mut passed = Vec::new();
        for node in selected {
            let Some(test) = node.test() else { continue };
            if !(self.options.only_built && self.lacks_input(node).await?) {
                passed.extend(self.run_test(node, test).await?);
            }
        }
        if !passed.is_empty() {
            let transaction = Transaction { outputs: passed, ..Transaction::default() };
            self.runner.lake.transact(self.tree.objects(), transaction).await?;
        }
        Ok(())
    }

    async fn lacks_input(&self, node: &Node) -> Result<bool> {
        for input in self.inputs(node) {
            if input.at.is_none() && self.tree.entry(&input.name).await?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Runs one test; a pass that is new is given back to be kept.
    async fn run_test(&self, node: &Node, test: &DataTest) -> Result<Option<Output>> {
        let read = self.inputs(node);
        let reached = Reached::find(&self.tree, &read).await?;
        let versions = reached.versions(Counts::Rows);
        let parsed = sql::parse(test.place.path.clone(), &test.sql)?;
        let functions = self.runner.project.functions.iter().filter(|known| parsed.functions.contains(&known.name));
        let functions: Vec<_> = functions.cloned().collect();
        let text = python_model::with_functions(&parsed, &functions);
        let given = used(&parsed, &self.options.parameter_texts);
        let recipe = keys::Recipe::new("test", &text, BTreeMap::new(), given).id();
        let packages: Vec<_> = functions.iter().map(|function| &function.requirements).collect();
        let packages: Vec<_> = self.locked(&packages)?.iter().map(|id| id.as_bytes().to_vec()).collect();
        let key = keys::output_key(&node.name, recipe, &versions, &packages);
        let known = parsed.volatile.is_none()
            && functions.iter().all(|function| !function.volatile)
            && reached.volatile().is_none()
            && frozen::volatile_views(&self.tree, &read).await?.is_empty()
            && !self.options.no_cache
            && self.runner.lake.store().output(key).await?.is_some();
        let began = Instant::now();
        let bad_rows = if known { 0 } else { self.count_rows(&parsed, &read).await? };
        let table = test.node.as_ref().map_or_else(|| node.name.to_string(), ToString::to_string);
        self.add_test(TestReport {
            name: test.name.name().to_owned(),
            table,
            bad_rows,
            blocks: test.severity == Severity::Error,
            query: self.shown_query(&parsed).await,
            ms: if known { 0 } else { u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX) },
        });
        if known || bad_rows > 0 {
            return Ok(None);
        }
        let entry = self.tree.objects().add(&"passed")?;
        let (node, run) = (node.name.to_string(), self.options.run.clone());
        Ok(Some(Output { key, node, entry, version: ObjectId::of(b"passed"), run }))
    }

    /// The command that shows the bad rows: on the run's own ref, where there is one.
    async fn shown_query(&self, parsed: &sql::Parsed) -> String {
        let sql = parsed.sql().replace('"', "\\\"");
        match self.own_ref().await {
            Some(own) => format!("bywash query --ref {own} \"{sql}\""),
            None => format!("bywash query \"{sql}\""),
        }
    }

    async fn count_rows(&self, parsed: &sql::Parsed, read: &[Input]) -> Result<u64> {
        let session = self.runner.engine.session(Arc::new(self.resolver(read).await?));
        let mut stream = session.plan(parsed, &self.options.parameters).await?.stream().await?;
        let mut rows = 0;
        while let Some(batch) = stream.next().await {
            rows += batch?.num_rows() as u64;
        }
        Ok(rows)
    }
}
