//! From what a project's files say to nodes and edges.

use std::sync::Arc;

use bywash_core::{Code, Error, Place, TableName, TableRef};

use super::external::External;
use super::names::{Names, Resolution};
use super::node::{Body, Node, NodeId, Read};
use super::{Graph, checks, cycles, order, tests};
use crate::project::Project;

impl Graph {
    /// Builds the graph of a project; its problems stand beside it, and what is wrong is left out of it.
    #[must_use]
    pub fn build(project: &Project) -> (Self, Vec<Error>) {
        let mut problems = Vec::new();
        let mut graph = Self { nodes: distinct(tables(project), &mut problems), ..Self::default() };
        graph.names = index(&graph.nodes, project);
        graph.nodes.extend(tests::of(project, &graph.names, &mut problems));
        for (index, node) in graph.nodes.iter_mut().enumerate() {
            node.id = NodeId::new(index);
            resolve(node, &graph.names, &mut graph.external, &mut problems);
        }
        connect(&mut graph.nodes);
        graph.order = order::topological(&graph.nodes);
        problems.extend(cycles::find(&graph));
        problems.extend(checks::incremental(&graph));
        (graph, problems)
    }
}

/// Every node that makes a table.
fn tables(project: &Project) -> Vec<Node> {
    let resources = project.resources.iter();
    let resources = resources.map(|resource| (resource.name.clone(), Body::Resource(Arc::new(resource.clone()))));
    let seeds = project.seeds.iter().map(|seed| (seed.name.clone(), Body::Seed(Arc::new(seed.clone()))));
    let models = project.models.iter().map(|model| (model.name.clone(), Body::Model(Arc::new(model.clone()))));
    resources.chain(seeds).chain(models).map(|(name, body)| Node::new(name, body)).collect()
}

/// Sorts by name and takes out all but the first node of a name.
fn distinct(mut nodes: Vec<Node>, problems: &mut Vec<Error>) -> Vec<Node> {
    nodes.sort_by_cached_key(|node| node.name.to_string().to_lowercase());
    let mut kept: Vec<Node> = Vec::with_capacity(nodes.len());
    for node in nodes {
        match kept.last().filter(|last| same_name(&last.name, &node.name)) {
            Some(first) => problems.push(doubled(first, &node)),
            None => kept.push(node),
        }
    }
    kept
}

fn same_name(first: &TableName, second: &TableName) -> bool {
    first.to_string().to_lowercase() == second.to_string().to_lowercase()
}

fn doubled(first: &Node, second: &Node) -> Error {
    let message = if first.name == second.name {
        format!("two nodes make the table `{}`", first.name)
    } else {
        format!("`{}` and `{}` differ only in case", first.name, second.name)
    };
    let say = |node: &Node| node.place().clone().labelled(format!("the {} `{}`", noun(node), node.name));
    Error::new(Code::DuplicateNode, message)
        .at(say(first))
        .at(say(second))
        .hint("rename one of them; folders below the namespace only group and are no part of the name")
}

fn noun(node: &Node) -> &'static str {
    match &node.body {
        Body::Resource(_) => "resource",
        Body::Seed(_) => "seed",
        Body::Model(_) => "model",
        Body::Test(_) => "test",
    }
}

fn index(nodes: &[Node], project: &Project) -> Names {
    let mut names = Names::default();
    for (index, node) in nodes.iter().enumerate() {
        names.add(&node.name, NodeId::new(index));
    }
    for (index, node) in nodes.iter().enumerate() {
        if let Body::Resource(resource) = &node.body
            && resource.reader.quarantines()
        {
            names.add(&node.name.rejected(), NodeId::new(index));
        }
    }
    project.broken.iter().for_each(|name| names.add_broken(name));
    names
}

/// Finds what a node reads.
fn resolve(node: &mut Node, names: &Names, external: &mut Vec<External>, problems: &mut Vec<Error>) {
    for (table, place) in references(node) {
        let (name, parent) = match names.resolve(&table) {
            Resolution::Node(id, name) => (Some(name), Some(id)),
            Resolution::Ambiguous(several) => {
                problems.push(ambiguous(&table, &place, &several));
                (None, None)
            }
            Resolution::Broken => (None, None),
            Resolution::External => {
                external.push(External { table: table.clone(), place: place.clone(), node: node.id });
                (table.namespace.as_ref().and_then(|namespace| TableName::new(namespace, &table.name).ok()), None)
            }
        };
        node.reads.push(Read { table, name, node: parent, place });
    }
}

fn references(node: &Node) -> Vec<(TableRef, Place)> {
    match &node.body {
        Body::Model(model) => model.references(),
        Body::Test(test) => test.references.clone(),
        Body::Resource(_) | Body::Seed(_) => Vec::new(),
    }
}

/// The error of a bare name that several tables have.
pub(super) fn ambiguous(table: &TableRef, place: &Place, several: &[TableName]) -> Error {
    let names: Vec<String> = several.iter().map(|name| format!("`{name}`")).collect();
    Error::new(Code::AmbiguousTable, format!("`{table}` could be one of several tables"))
        .at(place.clone())
        .hint(format!("write one of {}", names.join(", ")))
}

/// Fills in parents and children, each once and by name.
fn connect(nodes: &mut [Node]) {
    let mut children = vec![Vec::new(); nodes.len()];
    for node in nodes.iter_mut() {
        let mut parents: Vec<NodeId> = node.reads.iter().filter_map(|read| read.node).collect();
        parents.sort_unstable();
        parents.dedup();
        parents.iter().for_each(|parent| children[parent.index()].push(node.id));
        node.parents = parents;
    }
    for (node, children) in nodes.iter_mut().zip(children) {
        node.children = children;
    }
}
