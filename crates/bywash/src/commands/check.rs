//! `bywash check`: everything that is wrong with a project, without reading a row of a table.

use std::sync::Arc;

use bywash_core::{Error, Result, counted};
use bywash_pipeline::events::Silence;
use bywash_pipeline::graph::{Graph, NodeId};
use bywash_pipeline::lake_view::WorkingTree;
use bywash_pipeline::run::check_models;

use crate::arguments::{CheckArguments, Format, OutputFlags};
use crate::commands::select::selected;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::render::rows::format_of;
use crate::render::text_output::write_text;
use crate::workspace::{Workspace, parameters};

/// Checks the project.
///
/// # Errors
/// Every problem, at once.
pub async fn run(context: &Context, arguments: CheckArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let nodes: Vec<_> = selected(&workspace, &arguments.selection, &arguments.reference).await?.into_iter().collect();
    let head = workspace.head(&arguments.reference).await?;
    let tree = Arc::new(WorkingTree::new(workspace.lake.clone(), head));
    let runner = workspace.runner(Arc::new(Silence));
    let (values, texts) = parameters(&arguments.parameters);
    check_models(&runner, &tree, &nodes, (&values, &texts)).await?;
    // What is loaded stays, so a model may be sound without them; a run would fail.
    let missing = runner.missing_files(&nodes).await?;
    for (_, error) in &missing {
        context.warn(error.message());
    }
    let output = &arguments.output;
    if output.output.is_some() || output.to.is_some() {
        return write(context, output, &workspace.graph, &nodes, &missing);
    }
    let are = if nodes.len() == 1 { "is" } else { "are" };
    context.say(format_args!("{} {are} sound", counted(nodes.len() as u64, "node")));
    context.say_next("bywash run");
    Ok(())
}

/// What `-o` or `--to` ask for: an object as JSON, else a row for each node.
fn write(
    context: &Context,
    output: &OutputFlags,
    graph: &Graph,
    nodes: &[NodeId],
    missing: &[(NodeId, Error)],
) -> Result<()> {
    let warning = |id: &NodeId| missing.iter().find(|(found, _)| found == id).map(|(_, error)| error.message());
    if matches!(format_of(output), Format::Json | Format::Jsonl) {
        let warnings: Vec<_> = nodes.iter().filter_map(warning).collect();
        let text = serde_json::json!({ "status": "ok", "nodes": nodes.len(), "warnings": warnings });
        return write_text(context, output, &format!("{text}\n"));
    }
    Listing::default()
        .text("name", nodes.iter().map(|id| Some(graph.node(*id).name.to_string())))
        .text("kind", nodes.iter().map(|id| Some(graph.node(*id).kind())))
        .text("warning", nodes.iter().map(warning))
        .write(context, output)
        .map(drop)
}
