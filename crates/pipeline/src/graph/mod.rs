//! One graph of everything that makes or guards a table: resources, seeds, models and tests.
//!
//! Built from a [`Project`](crate::project::Project) alone. What holds of a graph without problems: names are
//! unique even where case does not count, every reference is either an edge or listed in [`Graph::external`], there
//! is no cycle, and [`Graph::order`] puts each node after what it reads, ties by name.

mod build;
mod checks;
mod cycles;
mod external;
mod loaded;
mod names;
mod node;
mod order;
mod selection;
mod tests;

pub use external::External;
pub use loaded::Loaded;
pub use names::Resolution;
pub use node::{Body, Node, NodeId, Read};

use bywash_core::{TableName, TableRef};

use names::Names;

/// Nodes and the edges between them.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    names: Names,
    order: Vec<NodeId>,
    external: Vec<External>,
}

impl Graph {
    /// Every node: tables by name, then tests by name.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// A node of this graph.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The table of a name, whatever its case.
    #[must_use]
    pub fn find(&self, name: &TableName) -> Option<&Node> {
        self.names.full(&name.to_string()).map(|(id, _)| self.node(id))
    }

    /// What a reference means within the graph.
    #[must_use]
    pub fn resolve(&self, table: &TableRef) -> Resolution {
        self.names.resolve(table)
    }

    /// Every node, each after what it reads.
    #[must_use]
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// References to tables that the graph does not make: the lake may hold them.
    #[must_use]
    pub fn external(&self) -> &[External] {
        &self.external
    }

    /// The tests, by name.
    pub fn tests(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.is_test())
    }
}
