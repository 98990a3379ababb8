//! Which nodes a command is about.

use std::collections::BTreeSet;

use bywash_core::{Code, Error, Result, TableRef, suggestion};
use bywash_lake::objects::Entry;
use bywash_pipeline::graph::{Graph, Node, NodeId, Resolution};
use bywash_pipeline::lake_view::WorkingTree;
use bywash_pipeline::run::is_modified;

use crate::arguments::{RefFlags, SelectionFlags};
use crate::workspace::Workspace;

/// The nodes that `-s` and `--exclude` choose; without them all.
///
/// # Errors
/// A term that is not understood, or nothing matched.
pub async fn selected(workspace: &Workspace, flags: &SelectionFlags, reference: &RefFlags) -> Result<BTreeSet<NodeId>> {
    let graph = &workspace.graph;
    let mut modified = BTreeSet::new();
    if flags.select.iter().chain(&flags.exclude).any(|term| term.contains("state:")) {
        let head = workspace.head(reference).await?;
        let tree = WorkingTree::new(workspace.lake.clone(), head);
        for node in graph.nodes() {
            let entry: Option<Entry> = if node.is_test() { None } else { tree.entry(&node.name).await? };
            if is_modified(node, entry.as_ref()) {
                modified.insert(node.id);
            }
        }
    }
    let nodes = graph.select(&flags.select, &flags.exclude, &|node| modified.contains(&node.id))?;
    Ok(nodes.into_iter().collect())
}

/// A test is called by its full name, or by the part behind `tests.` that runs print.
fn is_named(test: &Node, typed: &TableRef) -> bool {
    let in_tests = typed.namespace.as_deref().is_none_or(|namespace| namespace == test.name.namespace());
    in_tests && typed.at.is_none() && typed.name == test.name.name()
}

/// The node of a name that was typed: of a table, else of a test.
///
/// # Errors
/// There is none.
pub fn node<'a>(graph: &'a Graph, typed: &str) -> Result<&'a Node> {
    let reference = TableRef::parse(typed)?;
    if let Resolution::Node(id, _) = graph.resolve(&reference) {
        return Ok(graph.node(id));
    }
    if let Some(test) = graph.tests().find(|test| is_named(test, &reference)) {
        return Ok(test);
    }
    let names: Vec<String> = graph.nodes().iter().map(|node| node.name.to_string()).collect();
    let bare = graph.nodes().iter().filter(|node| !node.is_test()).map(|node| node.name.name());
    let hint = suggestion(typed, names.iter().map(String::as_str).chain(bare));
    Err(Error::new(Code::NothingSelected, format!("there is no node `{typed}`"))
        .maybe_hint(hint)
        .hint("`bywash ls` lists the nodes"))
}
