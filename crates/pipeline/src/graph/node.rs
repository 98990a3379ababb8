//! What stands in the graph.

use std::path::Path;
use std::sync::Arc;

use bywash_core::{Place, TableName, TableRef};

use crate::project::{DataTest, Model, Resource, Seed};

/// A node of one graph, by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

impl NodeId {
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its position in [`Graph::nodes`](super::Graph::nodes).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is made from.
#[derive(Clone, Debug)]
pub enum Body {
    /// A table of a source.
    Resource(Arc<Resource>),
    /// A table from a file beside the code.
    Seed(Arc<Seed>),
    /// A table or view from a query, or a table from a function.
    Model(Arc<Model>),
    /// A query that must give no rows.
    Test(Arc<DataTest>),
}

/// One reference of a node to a table.
#[derive(Clone, Debug)]
pub struct Read {
    /// As it is written.
    pub table: TableRef,
    /// Its full name, where the graph knows it.
    pub name: Option<TableName>,
    /// The node that makes it, if one does.
    pub node: Option<NodeId>,
    /// Where it is written.
    pub place: Place,
}

/// Something that makes a table, or guards some.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands in the graph.
    pub id: NodeId,
    /// Its table; a test's name lies in `tests`.
    pub name: TableName,
    /// What it is made from.
    pub body: Body,
    /// What it reads, in the order of its text.
    pub reads: Vec<Read>,
    /// The nodes that it reads, each once, by name.
    pub parents: Vec<NodeId>,
    /// The nodes that read it, each once, by name; tests among them.
    pub children: Vec<NodeId>,
}

impl Node {
    pub(super) fn new(name: TableName, body: Body) -> Self {
        Self { id: NodeId(0), name, body, reads: Vec::new(), parents: Vec::new(), children: Vec::new() }
    }

    /// The word for it in output: `source`, `seed`, `table`, `view`, `incremental`, `python` or `test`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.body {
            Body::Resource(_) => "source",
            Body::Seed(_) => "seed",
            Body::Model(model) => model.word(),
            Body::Test(_) => "test",
        }
    }

    /// Whether it guards tables instead of making one.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        matches!(self.body, Body::Test(_))
    }

    /// Its query, if it is a model.
    #[must_use]
    pub fn model(&self) -> Option<&Arc<Model>> {
        match &self.body {
            Body::Model(model) => Some(model),
            _ => None,
        }
    }

    /// Its question, if it is a test.
    #[must_use]
    pub fn test(&self) -> Option<&Arc<DataTest>> {
        match &self.body {
            Body::Test(test) => Some(test),
            _ => None,
        }
    }

    /// Where it is written.
    #[must_use]
    pub fn place(&self) -> &Place {
        match &self.body {
            Body::Resource(resource) => &resource.place,
            Body::Seed(seed) => &seed.place,
            Body::Model(model) => &model.place,
            Body::Test(test) => &test.place,
        }
    }

    /// The file in which it is written, relative to the project's root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.place().path
    }

    /// For `-s tag:x`.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        match &self.body {
            Body::Resource(resource) => &resource.tags,
            Body::Seed(seed) => &seed.tags,
            Body::Model(model) => model.tags(),
            Body::Test(_) => &[],
        }
    }

    /// What it holds or checks, if somebody wrote it down.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        match &self.body {
            Body::Resource(resource) => resource.description.as_deref(),
            Body::Seed(seed) => seed.description.as_deref(),
            Body::Model(model) => model.description(),
            Body::Test(test) => test.description.as_deref(),
        }
    }
}
