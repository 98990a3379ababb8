//! Whether incremental models can be what they say (rule R6).

use bywash_core::{Code, Error, TableRef};
use bywash_engine::incremental::check_incremental;

use super::Graph;
use super::node::Node;
use crate::project::{Model, ModelKind};

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
    let from = graph.reads_of(node, model.options.incremental_from.as_ref().map_or(&[], |from| &from.value));
    let fixed = graph.reads_of(node, model.options.static_inputs.as_ref().map_or(&[], |fixed| &fixed.value));
    let place = model.options.incremental_from.as_ref().map_or(&model.place, |from| &from.place);
    if let Some(view) = from.iter().find(|table| is_view(graph, table)) {
        let message = format!("`{view}` is a view: it has no rows of its own that could be new");
        return Err(Error::new(Code::UnsafeIncremental, message)
            .at(place.clone())
            .hint("make it `kind: table` or `incremental`, or read the tables behind it here"));
    }
    if from.is_empty() {
        // That `incremental_from` is missing has been reported with the model's front matter.
        return Ok(());
    }
    check_incremental(&model.parsed, &from, &fixed).map_err(|error| match error.places().first() {
        Some(found) if found.line.is_some() => error,
        _ => error.at(place.clone()),
    })
}

fn is_view(graph: &Graph, table: &TableRef) -> bool {
    match graph.resolve(table) {
        super::Resolution::Node(id, _) => graph.node(id).kind() == ModelKind::View.as_str(),
        _ => false,
    }
}

impl Graph {
    /// These tables as the node's query writes them; one that it does not read stays as it is.
    #[must_use]
    fn reads_of(&self, node: &Node, tables: &[TableRef]) -> Vec<TableRef> {
        let meant = |table: &TableRef| match self.resolve(table) {
            super::Resolution::Node(_, name) => Some(name),
            _ => None,
        };
        let mut found = Vec::new();
        for table in tables {
            let name = meant(table);
            let reads = node.reads.iter().filter(|read| {
                read.table == *table || (name.is_some() && read.name == name && read.table.at.is_none())
            });
            let before = found.len();
            for read in reads {
                if !found.contains(&read.table) {
                    found.push(read.table.clone());
                }
            }
            if found.len() == before {
                found.push(table.clone());
            }
        }
        found
    }
}
