//! `bywash rerun RUN`: does a run again, as it was, and says whether the same comes out.

use std::collections::BTreeSet;
use std::sync::Arc;

use bywash_core::{Code, Error, RefName, Result, TableName, counted};
use bywash_engine::sql::ParameterValue;
use bywash_lake::Head;
use bywash_lake::store::RefKind;
use bywash_pipeline::events::NodeStatus;
use bywash_pipeline::rerun::{NodeVerdict, PastRun, Verdict, verdicts};
use bywash_pipeline::run::{RunOptions, RunReport, RunStatus, run_ref};
use serde_json::json;

use crate::arguments::{Format, OutputFlags, RerunArguments};
use crate::commands::run::usual_options;
use crate::context::Context;
use crate::interrupt;
use crate::render::listing::Listing;
use crate::render::progress::Progress;
use crate::render::rows::format_of;
use crate::render::text_output::write_text;
use crate::workspace::{CACHE_FOLDER, Workspace};

/// Does the run again on a branch of its own.
///
/// # Errors
/// There is no such run, it kept nothing to do it again from, or something else comes out.
pub async fn run(context: &Context, arguments: RerunArguments) -> Result<()> {
    let here = Workspace::open_lake(context, &arguments.project).await?;
    let past = PastRun::find(&here.lake, &arguments.run, here.resolve(&arguments.run).await.ok()).await?;
    let cache = here.project.root.join(CACHE_FOLDER);
    let unwritable = |error: std::io::Error| Error::io("create a folder in", &cache, &error);
    std::fs::create_dir_all(&cache).map_err(unwritable)?;
    let folder = tempfile::Builder::new().prefix("rerun-").tempdir_in(&cache).map_err(unwritable)?;
    past.restore(&here.lake, folder.path()).await?;
    let then = here.restored(context, folder.path(), &past.head).await.map_err(|error| {
        error.hint(format!("this is the project as the run `{}` saw it, without what `.gitignore` names", past.row.id))
    })?;
    let before = past.before(&here.lake).await?;
    let branch = make_branch(&here, &past, &before, arguments.branch.as_deref()).await?;
    context.say(format_args!("doing `{}` of {} again on `{branch}`; nothing is loaded", past.row.command, past.row.id));
    let again = do_again(context, &then, &past, &branch).await;
    let is_published = matches!(&again, Ok(report) if report.status != RunStatus::Failed);
    if !is_published {
        here.lake.delete_ref(RefKind::Branch, &branch).await?;
    }
    let report = again?;
    let now = result(&here, &report).await?;
    let session = then.engine.session(Arc::new(then.resolver(now.clone())));
    let nodes = verdicts(&here.lake, &then.graph, &session, &past, (&now, &report)).await?;
    write(context, &arguments.output, &past, (&branch, is_published), &report, &nodes)?;
    conclude(context, &past, is_published.then_some(&branch), &report, &nodes)
}

/// A branch where the run began; numbered if the run was done again before.
async fn make_branch(here: &Workspace, past: &PastRun, before: &Head, name: Option<&str>) -> Result<RefName> {
    if let Some(name) = name {
        let name: RefName = name.parse()?;
        here.lake.create_ref(RefKind::Branch, &name, before.id).await?;
        return Ok(name);
    }
    let usual = format!("rerun-{}", past.row.id);
    let mut number = 1;
    loop {
        let name: RefName = if number == 1 { usual.parse()? } else { format!("{usual}-{number}").parse()? };
        match here.lake.create_ref(RefKind::Branch, &name, before.id).await {
            Err(error) if error.code() == Code::RefExists => number += 1,
            made => return made.map(|()| name),
        }
    }
}

async fn do_again(context: &Context, then: &Workspace, past: &PastRun, branch: &RefName) -> Result<RunReport> {
    let head = then.lake.branch(branch).await?;
    let start = past.start(&then.lake, &then.graph, head).await?;
    let mut selected = past.models(&then.graph);
    selected.extend(past.tests(&then.graph));
    let texts = past.asked.parameters.clone();
    let values = texts.iter().map(|(name, text)| (name.clone(), ParameterValue::guess(text))).collect();
    let options = RunOptions {
        loads: false,
        no_cache: true,
        full_refresh: past.asked.full_refresh,
        parameters: values,
        parameter_texts: texts,
        adopt: tables(&past.asked.adopt)?,
        overwrite: tables(&past.asked.overwrite)?,
        start: Some(start),
        ..usual_options(branch.clone(), selected, format!("rerun {}", past.row.id))
    };
    interrupt::keeps(format!("nothing came of it: `bywash branch delete {branch}` takes its branch away"));
    then.runner(Arc::new(Progress::new(context))).run(options).await
}

fn tables(names: &BTreeSet<String>) -> Result<BTreeSet<TableName>> {
    names.iter().map(|name| name.parse()).collect()
}

/// What has come out: what was published, or else what had finished.
async fn result(here: &Workspace, report: &RunReport) -> Result<Head> {
    let own = here.lake.store().read_ref(&run_ref(&report.run)).await?;
    here.lake.resolve(&own.map_or(report.commit, |own| own.commit).to_string()).await
}

fn write(
    context: &Context,
    output: &OutputFlags,
    past: &PastRun,
    (branch, is_published): (&RefName, bool),
    report: &RunReport,
    nodes: &[NodeVerdict],
) -> Result<()> {
    if matches!(format_of(output), Format::Json | Format::Jsonl) {
        let each = nodes.iter().map(|node| {
            json!({
                "name": node.name.to_string(), "kind": node.kind, "result": node.verdict.as_str(),
                "rows_before": node.rows_before, "rows_after": node.rows_after,
                "added": node.added, "removed": node.removed, "why": node.why,
            })
        });
        let text = json!({
            "run": report.run, "rerun_of": past.row.id, "identical": nodes.iter().all(|node| node.verdict.is_same()),
            "commit": past.head.id.to_string(), "branch": is_published.then(|| branch.to_string()),
            "nodes": each.collect::<Vec<_>>(),
        });
        return write_text(context, output, &format!("{text}\n"));
    }
    let number = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
    Listing::default()
        .text("name", nodes.iter().map(|node| Some(node.name.to_string())))
        .text("result", nodes.iter().map(|node| Some(node.verdict.as_str())))
        .number("rows_before", nodes.iter().map(|node| number(node.rows_before)))
        .number("rows_after", nodes.iter().map(|node| number(node.rows_after)))
        .number("added", nodes.iter().map(|node| number(Some(node.added))))
        .number("removed", nodes.iter().map(|node| number(Some(node.removed))))
        .text("why", nodes.iter().map(|node| node.why.clone()))
        .write(context, output)
        .map(drop)
}

/// Says whether the same came out, and where to look if not.
fn conclude(
    context: &Context,
    past: &PastRun,
    branch: Option<&RefName>,
    report: &RunReport,
    nodes: &[NodeVerdict],
) -> Result<()> {
    let other: Vec<&NodeVerdict> = nodes.iter().filter(|node| !node.verdict.is_same()).collect();
    let Some(first) = other.first() else {
        let rounded = nodes.iter().filter(|node| node.verdict == Verdict::Rounded).count();
        let but = match rounded {
            0 => String::new(),
            _ => format!("; {} but for the last digits of numbers", counted(rounded as u64, "table")),
        };
        let computed = report.nodes.iter().filter(|node| node.status == NodeStatus::Ran).count();
        let all = counted(nodes.len() as u64, "node");
        context.say(format_args!("identical: {all}, {computed} of them computed again{but}"));
        match branch {
            Some(branch) => context.say_next(format_args!("bywash branch delete {branch}")),
            None => context.say("it failed as it did then: there is no branch"),
        }
        return Ok(());
    };
    let message = format!("{} of {} came out otherwise, first `{}`", other.len(), nodes.len(), first.name);
    let failure = report.error().filter(|_| first.verdict == Verdict::Ended);
    let error = failure.unwrap_or_else(|| Error::new(Code::NotReproduced, message)).maybe_hint(first.why.clone());
    let then = past.head.id.short();
    Err(match (branch, first.verdict) {
        (Some(branch), Verdict::Differs) => {
            error.hint(format!("bywash diff {then} {branch} --table {} shows its rows", first.name))
        }
        (Some(branch), _) => error.hint(format!("`{branch}` has what came out now, {then} what came out then")),
        (None, _) => error.hint(format!("nothing was published; {then} has what came out then")),
    })
}
