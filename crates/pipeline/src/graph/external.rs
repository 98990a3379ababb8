//! References to tables that the graph does not make.
//!
//! Somebody may have made such a table by hand, or it may be one at another branch or commit: only who has the lake
//! can tell. A table that is nowhere is an unknown table, with the nearest name that exists.

use bywash_core::{Code, Error, Place, TableName, TableRef, suggestion};

use super::Graph;
use super::node::NodeId;

/// A reference to a table that the graph does not make.
#[derive(Clone, Debug)]
pub struct External {
    /// As it is written.
    pub table: TableRef,
    /// Where.
    pub place: Place,
    /// Who reads it.
    pub node: NodeId,
}

impl Graph {
    /// The error that a table is nowhere; `in_lake` are tables of the lake that the graph does not make.
    #[must_use]
    pub fn unknown_table(&self, table: &TableRef, place: &Place, in_lake: &[TableName]) -> Error {
        let known = || self.nodes.iter().filter(|node| !node.is_test()).map(|node| &node.name).chain(in_lake);
        let hint = match &table.namespace {
            Some(_) => {
                let full: Vec<String> = known().map(ToString::to_string).collect();
                let wanted = TableRef { at: None, ..table.clone() }.to_string();
                let elsewhere = || known().find(|name| name.name() == table.name).map(ToString::to_string);
                suggestion(&wanted, full.iter().map(String::as_str))
                    .or_else(|| elsewhere().map(|name| format!("did you mean `{name}`?")))
            }
            None => suggestion(&table.name, known().map(TableName::name)),
        };
        let nothing = "a table is a resource of a source, a seed, a model, or one made with `create table`; \
                       `bywash ls` lists them";
        Error::new(Code::UnknownTable, format!("there is no table `{table}`"))
            .at(place.clone())
            .hint(hint.unwrap_or_else(|| nothing.to_owned()))
    }
}
