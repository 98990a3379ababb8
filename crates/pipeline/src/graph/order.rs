//! The order in which nodes can be made: each after what it reads, ties by name.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::node::{Node, NodeId};

/// Every node that is on no cycle and below none.
///
/// Nodes are numbered by name, so the smallest number that is ready comes next.
pub(super) fn topological(nodes: &[Node]) -> Vec<NodeId> {
    let mut waiting: Vec<usize> = nodes.iter().map(|node| node.parents.len()).collect();
    let mut ready: BinaryHeap<Reverse<NodeId>> =
        nodes.iter().filter(|node| node.parents.is_empty()).map(|node| Reverse(node.id)).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(id)) = ready.pop() {
        order.push(id);
        for child in &nodes[id.index()].children {
            waiting[child.index()] -= 1;
            if waiting[child.index()] == 0 {
                ready.push(Reverse(*child));
            }
        }
    }
    order
}
