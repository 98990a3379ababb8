//! Rules R5 and R10: a volatile view is computed once per run, and who reads one is as volatile as it.
//!
//! Any other view is planned into its readers. One whose rows differ each time would then give each reader others, so
//! the first reader that runs has its rows computed and kept aside for the run; every later one reads those. They are
//! never published: the view's entry is its query.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bywash_core::{Error, ObjectId, Result, SystemClock, TableName};
use bywash_engine::sql::{self, Parsed};
use bywash_engine::{Resolved, StreamTable};
use bywash_lake::objects::{Entry, ViewEntry};
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::{Mutex, OnceCell};

use super::attempt::Attempt;
use super::inputs::{self, Input};
use crate::lake_view::{LakeResolver, NoFiles, WorkingTree};
use crate::project::Model;

/// The rows of volatile views in one run, also across its attempts, by the version of what they read.
#[derive(Default)]
pub(super) struct Frozen(Mutex<HashMap<ObjectId, Arc<OnceCell<StreamTable>>>>);

/// A volatile view that somebody reads.
pub(super) struct VolatileView {
    name: TableName,
    entry: ViewEntry,
    parsed: Parsed,
}

impl VolatileView {
    /// Why its rows differ.
    pub(super) fn reason(&self) -> String {
        format!("`{}`: {}", self.name, self.parsed.volatile.as_deref().unwrap_or_default())
    }
}

/// The volatile views that are reached from these inputs through views, innermost first.
pub(super) async fn volatile_views(tree: &WorkingTree, inputs: &[Input]) -> Result<Vec<VolatileView>> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for input in inputs.iter().filter(|input| input.at.is_none()) {
        reach(tree, input.name.clone(), &mut seen, &mut found).await?;
    }
    Ok(found)
}

fn reach<'a>(
    tree: &'a WorkingTree,
    name: TableName,
    seen: &'a mut BTreeSet<String>,
    found: &'a mut Vec<VolatileView>,
) -> BoxFuture<'a, Result<()>> {
    async move {
        if !seen.insert(name.to_string()) {
            return Ok(());
        }
        let Some(Entry::View(entry)) = tree.entry(&name).await? else { return Ok(()) };
        for input in &entry.inputs {
            reach(tree, input.parse()?, seen, found).await?;
        }
        let parsed = sql::parse(entry.origin.clone(), &entry.sql)?;
        if parsed.volatile.is_some() {
            found.push(VolatileView { name, entry, parsed });
        }
        Ok(())
    }
    .boxed()
}

impl Attempt {
    /// What a node's key holds for being volatile, by itself or through views: the run, or the period for which the
    /// rows are stable (rule R5). Nothing for a node that is not.
    pub(super) fn volatile_extras(&self, model: &Model, views: &[VolatileView]) -> Vec<Vec<u8>> {
        if let Some(period) = model.stable_for() {
            let is_volatile = model.volatile().is_some() || !views.is_empty();
            return is_volatile.then(|| current_period(period)).into_iter().collect();
        }
        let own = model.volatile().into_iter().map(|_| self.options.run.clone().into_bytes());
        let through = views.iter().map(|view| {
            let node = self.runner.graph.find(&view.name).and_then(|node| node.model());
            match node.and_then(|model| model.stable_for()) {
                Some(period) => current_period(period),
                None => self.options.run.clone().into_bytes(),
            }
        });
        own.chain(through).collect()
    }

    /// Finds what a node reads; volatile views among it give the rows that they have in this run.
    pub(super) fn resolver<'a>(&'a self, inputs: &'a [Input]) -> BoxFuture<'a, Result<LakeResolver>> {
        async move {
            let mut resolver = LakeResolver::new(self.tree.clone(), Arc::new(NoFiles)).await?;
            for view in volatile_views(&self.tree, inputs).await? {
                let rows = self.rows_of(&view).await?;
                resolver = resolver.with(view.name, Resolved::Stream(rows));
            }
            Ok(resolver)
        }
        .boxed()
    }

    async fn rows_of(&self, view: &VolatileView) -> Result<StreamTable> {
        let itself = Input { name: view.name.clone(), at: None };
        let versions: BTreeMap<_, _> = inputs::versions(&self.tree, std::slice::from_ref(&itself)).await?;
        let version = versions.into_values().next().ok_or_else(|| Error::bug("a view without a version"))?;
        let cell = self.frozen.0.lock().await.entry(version).or_default().clone();
        let kept = cell
            .get_or_try_init(|| async {
                let names = view.entry.inputs.iter().map(|name| Ok(Input { name: name.parse()?, at: None }));
                let read = names.collect::<Result<Vec<_>>>()?;
                let session = self.runner.engine.session(Arc::new(self.resolver(&read).await?));
                session.plan(&view.parsed, &sql::Parameters::new()).await?.keep().await
            })
            .await?;
        Ok(kept.clone())
    }
}

/// Which period of this length it is.
fn current_period(period: std::time::Duration) -> Vec<u8> {
    let micros = i64::try_from(period.as_micros()).unwrap_or(i64::MAX).max(1);
    (SystemClock.now() / micros).to_le_bytes().to_vec()
}
