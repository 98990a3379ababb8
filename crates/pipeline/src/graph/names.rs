//! From a table's name, as somebody writes it, to the node that makes it.
//!
//! Case does not count: SQL folds what is not quoted, and file systems differ. A resource that quarantines also
//! makes `<table>__rejected`. A bare name is good when only one table has it.

use std::collections::HashMap;

use bywash_core::{TableName, TableRef};

use super::node::NodeId;

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// A table that a node of the graph makes.
    Node(NodeId, TableName),
    /// A bare name that several tables have.
    Ambiguous(Vec<TableName>),
    /// A table whose file could not be read, which has been reported.
    Broken,
    /// Not a table of the graph as it is now; the lake may hold it.
    External,
}

/// All names of tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    full: HashMap<String, (NodeId, TableName)>,
    bare: HashMap<String, Vec<TableName>>,
    broken: Vec<TableName>,
}

impl Names {
    /// Adds a table; the first of a name stays.
    pub(super) fn add(&mut self, name: &TableName, id: NodeId) {
        self.full.entry(name.to_string().to_lowercase()).or_insert_with(|| (id, name.clone()));
        let known = self.bare.entry(name.name().to_lowercase()).or_default();
        if !known.contains(name) {
            known.push(name.clone());
        }
    }

    /// Adds the name of a table whose file could not be read.
    pub(super) fn add_broken(&mut self, name: &TableName) {
        self.broken.push(name.clone());
    }

    /// The table of a full name.
    pub(super) fn full(&self, name: &str) -> Option<(NodeId, &TableName)> {
        self.full.get(&name.to_lowercase()).map(|(id, name)| (*id, name))
    }

    pub(super) fn resolve(&self, table: &TableRef) -> Resolution {
        if table.at.is_some() {
            return Resolution::External;
        }
        let fits = |broken: &&TableName| {
            let namespace = table.namespace.as_ref();
            broken.name().eq_ignore_ascii_case(&table.name)
                && namespace.is_none_or(|namespace| broken.namespace().eq_ignore_ascii_case(namespace))
        };
        let unknown = || match self.broken.iter().find(fits) {
            Some(_) => Resolution::Broken,
            None => Resolution::External,
        };
        let node = |(id, name): (NodeId, &TableName)| Resolution::Node(id, name.clone());
        if table.namespace.is_some() {
            return self.full(&table.to_string()).map_or_else(unknown, node);
        }
        match self.bare.get(&table.name.to_lowercase()).map(Vec::as_slice) {
            Some([only]) => self.full(&only.to_string()).map_or_else(unknown, node),
            Some(several) => Resolution::Ambiguous(several.to_vec()),
            None => unknown(),
        }
    }
}
