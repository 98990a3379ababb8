//! `bywash check`: everything that is wrong with a project, without reading a row of a table.

use std::sync::Arc;

use bywash_core::Result;
use bywash_pipeline::events::Silence;
use bywash_pipeline::lake_view::WorkingTree;
use bywash_pipeline::run::check_models;

use crate::arguments::{CheckArguments, Format};
use crate::commands::select::selected;
use crate::context::Context;
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
    check_models(&runner, &tree, &nodes, &parameters(&arguments.parameters).0).await?;
    if matches!(arguments.output.output, Some(Format::Json | Format::Jsonl)) {
        let text = serde_json::json!({ "status": "ok", "nodes": nodes.len() });
        return write_text(context, &arguments.output, &format!("{text}\n"));
    }
    context.say(format_args!("{} nodes are sound", nodes.len()));
    context.say_next("bywash run");
    Ok(())
}
