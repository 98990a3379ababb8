//! `bywash ls`: the nodes of a project.

use bywash_core::Result;
use bywash_pipeline::graph::Node;

use crate::arguments::ListArguments;
use crate::commands::orphans;
use crate::commands::select::selected;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

/// Lists the nodes that are selected, in the order in which they are made.
///
/// # Errors
/// The project cannot be read, or nothing is selected.
pub async fn run(context: &Context, arguments: ListArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let chosen = selected(&workspace, &arguments.selection, &arguments.reference).await?;
    let graph = &workspace.graph;
    let nodes: Vec<&Node> = graph.order().iter().filter(|id| chosen.contains(id)).map(|id| graph.node(*id)).collect();
    let each = |of: &dyn Fn(&Node) -> Option<String>| nodes.iter().map(|node| of(node)).collect::<Vec<_>>();
    Listing::default()
        .text("name", each(&|node| Some(node.name.to_string())))
        .text("kind", each(&|node| Some(node.kind().to_owned())))
        .text("path", each(&|node| Some(node.path().display().to_string())))
        .text("tags", each(&|node| Some(node.tags().join(",")).filter(|tags| !tags.is_empty())))
        .text("description", each(&|node| node.description().map(str::to_owned)))
        .write(context, &arguments.output)?;
    orphans::mention(context, &workspace, &workspace.head(&arguments.reference).await?).await
}
