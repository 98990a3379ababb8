//! Models that read each other in a circle.
//!
//! What the topological order leaves out is on a cycle or below one. From each such node, by name, the shortest way
//! back to itself is looked for; a node that was part of a reported cycle is not reported again.

use std::collections::{HashMap, HashSet, VecDeque};

use bywash_core::{Code, Error};

use super::Graph;
use super::node::{Node, NodeId};

/// One error for each cycle.
pub(super) fn find(graph: &Graph) -> Vec<Error> {
    let ordered: HashSet<NodeId> = graph.order.iter().copied().collect();
    let mut reported = HashSet::new();
    let mut errors = Vec::new();
    for node in graph.nodes.iter().filter(|node| !ordered.contains(&node.id)) {
        if reported.contains(&node.id) {
            continue;
        }
        if let Some(cycle) = way_back(graph, node.id) {
            reported.extend(cycle.iter().copied());
            errors.push(describe(graph, &cycle));
        }
    }
    errors
}

/// The shortest way from a node along what it reads back to itself, without its end.
fn way_back(graph: &Graph, start: NodeId) -> Option<Vec<NodeId>> {
    let mut came_from: HashMap<NodeId, NodeId> = HashMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(id) = next.pop_front() {
        for parent in &graph.node(id).parents {
            if *parent == start {
                let mut way = vec![id];
                while let Some(before) = way.last().filter(|last| **last != start).and_then(|last| came_from.get(last))
                {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(parent) {
                came_from.insert(*parent, id);
                next.push_back(*parent);
            }
        }
    }
    None
}

fn describe(graph: &Graph, cycle: &[NodeId]) -> Error {
    let nodes: Vec<&Node> = cycle.iter().map(|id| graph.node(*id)).collect();
    let closed = nodes.iter().chain(nodes.first());
    let names: Vec<String> = closed.map(|node| format!("`{}`", node.name)).collect();
    let message = match nodes.as_slice() {
        [only] => format!("`{}` reads itself", only.name),
        _ => format!("models read each other in a cycle: {}", names.join(" → ")),
    };
    let mut error = Error::new(Code::CyclicModels, message);
    for (at, node) in nodes.iter().enumerate() {
        let next = nodes[(at + 1) % nodes.len()];
        if let Some(read) = node.reads.iter().find(|read| read.node == Some(next.id)) {
            error = error.at(read.place.clone().labelled(format!("`{}` reads `{}`", node.name, next.name)));
        }
    }
    error.hint("take one of these references away, or move what both need into a model of its own")
}
