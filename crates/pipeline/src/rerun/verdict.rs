//! Whether a run that was done again came to the same: node by node, where it begins to differ, and why.

use std::collections::BTreeSet;

use bywash_core::{Error, Result, TableName, counted};
use bywash_engine::Session;
use bywash_lake::objects::{Entry, TableEntry};
use bywash_lake::{Head, Lake};

use super::PastRun;
use crate::comparison::Comparison;
use crate::events::NodeStatus;
use crate::graph::{Graph, Node};
use crate::run::{NodeReport, Recipe, RunReport};

/// Whether a node came to the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same rows in the same columns; or it failed then and now.
    Identical,
    /// The same but for the last digits of floating-point numbers, which depend on the order of adding up.
    Rounded,
    /// Other rows or columns.
    Differs,
    /// It succeeded then and failed now, or the other way round.
    Ended,
    /// It was not reached.
    Skipped,
}

impl Verdict {
    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Rounded => "rounded",
            Self::Differs => "differs",
            Self::Ended => "ended otherwise",
            Self::Skipped => "skipped",
        }
    }

    /// Whether the run was reproduced, as far as this node goes.
    #[must_use]
    pub const fn is_same(self) -> bool {
        matches!(self, Self::Identical | Self::Rounded)
    }
}

/// What doing a run again says about one node.
#[derive(Clone, Debug)]
pub struct NodeVerdict {
    /// The node.
    pub name: TableName,
    /// Its kind.
    pub kind: String,
    /// Whether it came to the same.
    pub verdict: Verdict,
    /// Rows then.
    pub rows_before: Option<u64>,
    /// Rows now.
    pub rows_after: Option<u64>,
    /// Rows that it has now only.
    pub added: u64,
    /// Rows that it had then only.
    pub removed: u64,
    /// Why it differs, as far as that can be told; for one that stands below another that differs, which.
    pub why: Option<String>,
}

impl NodeVerdict {
    /// One of which no rows are counted.
    fn new(name: &TableName, kind: &str, verdict: Verdict, why: Option<String>) -> Self {
        let (rows_before, rows_after, added, removed) = (None, None, 0, 0);
        Self { name: name.clone(), kind: kind.to_owned(), verdict, rows_before, rows_after, added, removed, why }
    }
}

/// Compares what a run came to with what it came to again in `now`, in the order of the graph.
///
/// # Errors
/// A table or the catalog cannot be read.
pub async fn verdicts(
    lake: &Lake,
    graph: &Graph,
    session: &Session,
    past: &PastRun,
    (now, report): (&Head, &RunReport),
) -> Result<Vec<NodeVerdict>> {
    let chosen = past.models(graph);
    let mut found = absent(graph, past)?;
    let mut other = BTreeSet::new();
    for node in graph.order().iter().filter(|id| chosen.contains(id)).map(|id| graph.node(*id)) {
        let Some(of_node) = report.nodes.iter().find(|report| report.name == node.name) else { continue };
        let mut verdict = match ends(past, node, of_node) {
            Some(ended) => ended,
            None => compare(lake, session, past, now, node).await?,
        };
        if !verdict.verdict.is_same() {
            let above = node.parents.iter().map(|id| &graph.node(*id).name).find(|name| other.contains(*name));
            let above = above.map(|name| format!("`{name}`, which it reads, differs"));
            verdict.why = verdict.why.or(above).or_else(|| cause(node));
            other.insert(node.name.clone());
        }
        found.push(verdict);
    }
    found.extend(tests(graph, past, report));
    Ok(found)
}

/// The tests that said something else.
fn tests(graph: &Graph, past: &PastRun, now: &RunReport) -> Vec<NodeVerdict> {
    let mut found = Vec::new();
    for id in past.tests(graph) {
        let node = graph.node(id);
        let then = past.tests.iter().find(|test| test.name == node.name.name());
        let now = now.tests.iter().find(|test| test.name == node.name.name());
        if let (Some(then), Some(now)) = (then, now)
            && then.status != now.status()
        {
            let bad = counted(u64::try_from(then.bad_rows).unwrap_or_default(), "bad row");
            let why = format!("it {} then with {bad}, and {} now with {}", then.status, now.status(), now.bad_rows);
            found.push(plain(node, Verdict::Ended, Some(why)));
        }
    }
    found
}

/// Nodes of the run that nobody can do again: no file that the run kept tells of them.
fn absent(graph: &Graph, past: &PastRun) -> Result<Vec<NodeVerdict>> {
    let mut found = Vec::new();
    for row in &past.nodes {
        let name: TableName = row.name.parse()?;
        // What was loaded is in the commit.
        if graph.find(&name).is_some() || matches!(row.kind.as_str(), "source" | "seed") {
            continue;
        }
        let why = Some("its file does not travel with commits: a pattern of `.gitignore` names it".to_owned());
        found.push(NodeVerdict::new(&name, &row.kind, Verdict::Skipped, why));
    }
    Ok(found)
}

fn plain(node: &Node, verdict: Verdict, why: Option<String>) -> NodeVerdict {
    NodeVerdict::new(&node.name, node.kind(), verdict, why)
}

/// The verdict on a node that failed or was skipped, then or now.
fn ends(past: &PastRun, node: &Node, now: &NodeReport) -> Option<NodeVerdict> {
    let then = past.nodes.iter().find(|row| row.name == node.name.to_string())?;
    let has_ended = |status: &str| matches!(status, "ran" | "reused");
    let failed_then = then.error.as_ref().map(|error| format!("it failed then: {error}"));
    match (has_ended(&then.status), now.status) {
        (true, NodeStatus::Failed) => Some(plain(node, Verdict::Ended, Some(now.reason.clone()))),
        (true, NodeStatus::Skipped) => Some(plain(node, Verdict::Skipped, Some(now.reason.clone()))),
        (true, _) => None,
        (false, NodeStatus::Skipped) if then.status == now.status.as_str() => {
            Some(plain(node, Verdict::Identical, None))
        }
        (false, NodeStatus::Failed)
            if then.error.as_deref().map(shape) == now.error.as_ref().map(Error::message).map(shape) =>
        {
            Some(plain(node, Verdict::Identical, failed_then))
        }
        (false, NodeStatus::Failed) => {
            let why =
                format!("{}; now: {}", failed_then.unwrap_or_else(|| "it was skipped then".to_owned()), now.reason);
            Some(plain(node, Verdict::Ended, Some(why)))
        }
        (false, _) => Some(plain(node, Verdict::Ended, failed_then.or(Some(format!("it was {} then", then.status))))),
    }
}

/// A message without its quotations and numbers: which row fails first may differ.
fn shape(message: &str) -> String {
    let outside = message.split(['\'', '`']).step_by(2);
    outside.map(|part| part.replace(|letter: char| letter.is_ascii_digit(), "")).collect()
}

async fn compare(lake: &Lake, session: &Session, past: &PastRun, now: &Head, node: &Node) -> Result<NodeVerdict> {
    let before = lake.entry(&past.head.commit, &node.name).await?;
    let after = lake.entry(&now.commit, &node.name).await?;
    match (before, after) {
        (Some(Entry::Table(before)), Some(Entry::Table(after))) => {
            let heads = (&past.head, now);
            compare_rows(lake, session, node, heads, (&before, &after)).await
        }
        (Some(Entry::View(before)), Some(Entry::View(after))) => {
            let verdict = if before.sql == after.sql { Verdict::Identical } else { Verdict::Differs };
            Ok(plain(node, verdict, None))
        }
        _ => Ok(plain(node, Verdict::Differs, None)),
    }
}

async fn compare_rows(
    lake: &Lake,
    session: &Session,
    node: &Node,
    (then, now): (&Head, &Head),
    (before, after): (&TableEntry, &TableEntry),
) -> Result<NodeVerdict> {
    let mut found = plain(node, Verdict::Identical, None);
    (found.rows_before, found.rows_after) = (Some(before.rows), Some(after.rows));
    // Rule R4: equal sums of one table's columns mean equal rows.
    let is_one = (&before.uuid, before.schema_id) == (&after.uuid, after.schema_id);
    if is_one && before.row_sums.is_some() && before.row_sums == after.row_sums {
        return Ok(found);
    }
    let at = |head: &Head| format!("\"{}@{}\"", node.name, head.id);
    let comparison = Comparison::plan(session, &at(then), &at(now), &[]).await?;
    let counts = comparison.counts(session).await?;
    (found.added, found.removed) = (counts.added, counts.removed);
    if counts.added + counts.removed > 0 || !comparison.column_changes.is_empty() {
        let is_rounding = comparison.column_changes.is_empty() && comparison.is_rounding(session).await?;
        found.verdict = if is_rounding { Verdict::Rounded } else { Verdict::Differs };
    }
    if found.verdict == Verdict::Differs {
        let columns = comparison.column_changes.join(", ");
        let columns = Some(columns).filter(|columns| !columns.is_empty());
        found.why = changed_recipe(lake, before, after).await.or(columns);
    }
    Ok(found)
}

/// What has changed in how the node is computed: the engine, for all else is what it was.
async fn changed_recipe(lake: &Lake, before: &TableEntry, after: &TableEntry) -> Option<String> {
    let (before, after) = (before.produced.as_ref()?.recipe, after.produced.as_ref()?.recipe);
    if before == after {
        return None;
    }
    let objects = lake.objects();
    let before: Recipe = objects.read(before).await.ok()?;
    objects.read::<Recipe>(after).await.ok()?.first_change(&before)
}

/// Why a node differs of which nothing that it reads does.
fn cause(node: &Node) -> Option<String> {
    let volatile = node.model()?.volatile().map(|reason| format!("its rows differ between runs: {reason}"));
    let elsewhere = node.reads.iter().find(|read| read.table.at.is_some());
    let elsewhere = elsewhere.map(|read| format!("it reads `{}`, which may have moved since", read.table));
    volatile.or(elsewhere).or_else(|| Some("nothing that it reads differs: it gives other rows each time".to_owned()))
}
