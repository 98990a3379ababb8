//! Whether incremental models can be what they say (rule R6).

use std::fmt::Display;

use bywash_core::{Code, Error, Place, TableRef, suggestion};
use bywash_engine::incremental::check_incremental;

use super::node::{Node, Read};
use super::{Graph, Resolution};
use crate::project::spelling::Spelling;
use crate::project::{Model, ModelBody, ModelKind, listed};

/// The problems of every incremental model.
pub(super) fn incremental(graph: &Graph) -> Vec<Error> {
    let mut problems = Vec::new();
    for node in &graph.nodes {
        let Some(model) = node.model().filter(|model| model.kind() == ModelKind::Incremental) else { continue };
        if let Err(error) = check(graph, node, model) {
            problems.push(error);
        }
    }
    problems
}

fn check(graph: &Graph, node: &Node, model: &Model) -> Result<(), Error> {
    let options = [
        ("incremental_from", model.options.incremental_from.as_ref()),
        ("static", model.options.static_inputs.as_ref()),
    ];
    for (key, tables) in options {
        let Some(tables) = tables else { continue };
        for table in &tables.value {
            if graph.reads_of(node, std::slice::from_ref(table)).is_empty() {
                let read: Vec<String> = node.reads.iter().map(|read| read.table.to_string()).collect();
                let hint = suggestion(&table.to_string(), read.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("it reads {}", listed(read.iter().map(String::as_str))));
                let reader = if model.query().is_some() { "query" } else { "function" };
                let message = format!("`{key}` names `{table}`, which the {reader} does not read");
                let code = Spelling::at(&tables.place).code();
                return Err(Error::new(code, message).at(tables.place.clone()).hint(hint));
            }
        }
    }
    let from = graph.reads_of(node, model.incremental_from());
    let Some(place) = model.options.incremental_from.as_ref().map(|from| &from.place).filter(|_| !from.is_empty())
    else {
        // That `incremental_from` is missing has been reported with the model's front matter.
        return Ok(());
    };
    if let Some(view) = from.iter().find(|table| is_view(graph, table)) {
        let message = format!("`{view}` is a view: it has no rows of its own that could be new");
        return Err(Error::new(Code::UnsafeIncremental, message)
            .at(place.clone())
            .hint("make it `kind: table` or `incremental`, or read the tables behind it here"));
    }
    let fixed = graph.reads_of(node, model.static_inputs());
    match &model.body {
        ModelBody::Sql(query) => check_incremental(query, &from, &fixed)?,
        ModelBody::Python(_) => check_function(&from, &fixed, place)?,
    }
    match model.volatile() {
        Some(reason) => {
            Err(refusal(reason, model.place.clone())
                .hint("an incremental table must be the same after `--full-refresh`"))
        }
        None => Ok(()),
    }
}

/// Nobody sees into a function: that new rows suffice is what its author says (rule R6).
fn check_function(from: &[TableRef], fixed: &[TableRef], place: &Place) -> Result<(), Error> {
    match from.iter().find(|table| fixed.contains(table)) {
        Some(both) => Err(refusal(format!("`{both}` cannot be both incremental and static"), place.clone())),
        None => Ok(()),
    }
}

fn refusal(reason: impl Display, place: Place) -> Error {
    Error::new(Code::UnsafeIncremental, format!("cannot be computed from new rows only: {reason}")).at(place)
}

fn is_view(graph: &Graph, table: &TableRef) -> bool {
    match graph.resolve(table) {
        Resolution::Node(id, _) => graph.node(id).kind() == ModelKind::View.as_str(),
        _ => false,
    }
}

impl Graph {
    /// These tables, named in any way, as the node's query writes them; those that it does not read are left out.
    #[must_use]
    pub fn reads_of(&self, node: &Node, tables: &[TableRef]) -> Vec<TableRef> {
        let mut found: Vec<TableRef> = Vec::new();
        for table in tables {
            let name = match self.resolve(table) {
                Resolution::Node(_, name) => Some(name),
                _ => None,
            };
            let is_meant =
                |read: &&Read| read.table == *table || (name.is_some() && read.name == name && read.table.at.is_none());
            for read in node.reads.iter().filter(is_meant) {
                if !found.contains(&read.table) {
                    found.push(read.table.clone());
                }
            }
        }
        found
    }
}
