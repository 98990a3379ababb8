//! `bywash plan`: what a run would do, and why, without doing it.

use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Error, Result, SystemClock, counted, format_duration};
use bywash_pipeline::events::Silence;
use bywash_pipeline::run::{Action, Past, PlannedNode};

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
    let past = |of: fn(Past) -> i64| planned.iter().map(|node| node.last.map(of)).collect::<Vec<_>>();
    let now = SystemClock.now();
    let age = |loaded: i64| Duration::from_micros(u64::try_from(now - loaded).unwrap_or_default());
    Listing::default()
        .text("name", each(&|node| node.name.to_string()))
        .text("kind", each(&|node| node.kind.to_owned()))
        .text("action", each(&|node| node.action.as_str().to_owned()))
        .text("reason", each(&|node| node.reason.clone()))
        .text("from", planned.iter().map(|node| node.from.clone()))
        .number("rows", past(|past| past.rows))
        .number("bytes", past(|past| past.bytes))
        .number("ms", past(|past| past.ms))
        .text("loaded", planned.iter().map(|node| node.loaded.map(|at| format!("{} ago", format_duration(age(at))))))
        .text("problem", planned.iter().map(|node| node.problem.as_ref().map(Error::message)))
        .write(context, &arguments.output)?;
    say_summary(context, &planned);
    orphans::mention(context, &workspace, &workspace.head(&arguments.reference).await?).await?;
    context.say_next("bywash run");
    Ok(())
}

/// How much there is to do, by what it was when it was last done, and what would fail.
fn say_summary(context: &Context, planned: &[PlannedNode]) {
    let runs: Vec<_> = planned.iter().filter(|node| node.action != Action::Reuse).collect();
    let ms: i64 = runs.iter().filter_map(|node| node.last).map(|past| past.ms).sum();
    let known = if ms > 0 {
        let time = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
        format!("; they took {} when they last ran", format_duration(time))
    } else {
        String::new()
    };
    let reused = (planned.len() - runs.len()) as u64;
    context.say(format_args!(
        "{} to run, {} reused{known}",
        counted(runs.len() as u64, "node"),
        counted(reused, "node")
    ));
    for node in planned {
        if let Some(problem) = &node.problem {
            context.warn(format_args!("`{}` would fail: {}", node.name, problem.message()));
        }
    }
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
