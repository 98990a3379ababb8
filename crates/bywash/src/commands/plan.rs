//! `bywash plan`: what a run would do, and why, without doing it.

use bywash_core::Result;
use bywash_pipeline::events::Silence;
use bywash_pipeline::run::PlannedNode;
use std::sync::Arc;

use crate::arguments::{PlanArguments, RunArguments};
use crate::commands::orphans;
use crate::commands::run::usual_options;
use crate::commands::select::selected;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::{Workspace, parameters};

/// Shows the plan.
///
/// # Errors
/// The project or the lake cannot be used.
pub async fn run(context: &Context, arguments: PlanArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let selected = selected(&workspace, &arguments.selection, &arguments.reference).await?;
    let mut options = usual_options(workspace.branch(&arguments.reference)?, selected, "plan".to_owned());
    (options.parameters, options.parameter_texts) = parameters(&arguments.parameters);
    options.full_refresh = arguments.full_refresh;
    options.no_cache = arguments.no_cache;
    let planned = workspace.runner(Arc::new(Silence)).plan(options).await?;
    let each = |of: &dyn Fn(&PlannedNode) -> String| planned.iter().map(|node| Some(of(node))).collect::<Vec<_>>();
    Listing::default()
        .text("name", each(&|node| node.name.to_string()))
        .text("kind", each(&|node| node.kind.to_owned()))
        .text("action", each(&|node| node.action.as_str().to_owned()))
        .text("reason", each(&|node| node.reason.clone()))
        .write(context, &arguments.output)?;
    orphans::mention(context, &workspace, &workspace.head(&arguments.reference).await?).await?;
    context.say_next("bywash run");
    Ok(())
}

impl From<RunArguments> for PlanArguments {
    fn from(run: RunArguments) -> Self {
        Self {
            selection: run.selection,
            reference: run.reference,
            project: run.project,
            output: run.output,
            parameters: run.parameters,
            full_refresh: run.full_refresh,
            no_cache: run.no_cache,
        }
    }
}
