//! Tables and views whose model is gone: nothing brings them up to date any more, and nobody may write them.

use bywash_core::{Result, TableName, TableRef};
use bywash_lake::Head;

use crate::graph::{Graph, Resolution};

/// The tables and views of a commit that a model made which the graph does not know, by name.
///
/// # Errors
/// The catalog cannot be read.
pub async fn orphans(lake: &bywash_lake::Lake, head: &Head, graph: &Graph) -> Result<Vec<TableName>> {
    let mut found = Vec::new();
    for (name, entry) in head.commit.tree.all(&lake.objects()).await? {
        let name: TableName = name.parse()?;
        if entry.is_node() && is_unknown(graph, &name) {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

fn is_unknown(graph: &Graph, name: &TableName) -> bool {
    let table = TableRef { namespace: Some(name.namespace().to_owned()), name: name.name().to_owned(), at: None };
    graph.resolve(&table) == Resolution::External
}
