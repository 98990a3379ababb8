//! `bywash run`: loads, computes, tests and publishes what is selected.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Error, Result, TableName, counted, format_duration};
use bywash_pipeline::events::NodeStatus;
use bywash_pipeline::graph::{Graph, NodeId};
use bywash_pipeline::run::{RunOptions, RunReport, RunStatus, new_run_id, run_ref};
use serde_json::{Value, json};

use crate::arguments::{Format, OutputFlags, RunArguments};
use crate::commands::select::selected;
use crate::commands::{answer, orphans, plan};
use crate::context::Context;
use crate::interrupt;
use crate::render::listing::Listing;
use crate::render::progress::Progress;
use crate::render::rows::format_of;
use crate::render::text_output::write_text;
use crate::workspace::{Workspace, parameters};

/// Runs the graph.
///
/// # Errors
/// The project or the lake cannot be used, or a node or a test failed.
pub async fn run(context: &Context, arguments: RunArguments) -> Result<()> {
    if arguments.dry_run {
        return plan::run(context, arguments.into()).await;
    }
    let workspace = Workspace::open(context, &arguments.project).await?;
    let selected = selected(&workspace, &arguments.selection, &arguments.reference).await?;
    let (values, texts) = parameters(&arguments.parameters);
    let options = RunOptions {
        run: new_run_id(),
        command: command_text(&arguments.selection.select),
        target: workspace.branch(&arguments.reference)?,
        selected,
        loads: true,
        full_refresh: arguments.full_refresh,
        no_cache: arguments.no_cache,
        run_key: arguments.run_key.clone(),
        parameters: values,
        parameter_texts: texts,
        adopt: nodes(&workspace.graph, &arguments.adopt)?,
        overwrite: nodes(&workspace.graph, &arguments.overwrite)?,
        only_built: false,
        start: None,
        before_publish: None,
    };
    let report = run_to_end(context, &workspace, options).await?;
    finish(context, &workspace, &arguments.output, &report).await
}

/// Runs to the end, or to Ctrl-C, which then says what is kept.
///
/// # Errors
/// Those of the run.
pub async fn run_to_end(context: &Context, workspace: &Workspace, options: RunOptions) -> Result<RunReport> {
    interrupt::keeps(format!(
        "nothing was published: `{}` is as it was; nodes that had finished are kept in `{}`, and `bywash run` reuses them",
        options.target,
        run_ref(&options.run)
    ));
    workspace.runner(Arc::new(Progress::new(context))).run(options).await
}

/// Tells how a run ended; a failed one is an error.
///
/// # Errors
/// The run failed, or its result cannot be written.
pub async fn finish(context: &Context, workspace: &Workspace, output: &OutputFlags, report: &RunReport) -> Result<()> {
    let asked = write_report(context, output, report)?;
    if !asked && report.status != RunStatus::Failed {
        summarize(context, report);
        orphans::mention(context, workspace, &workspace.resolve(&report.commit.to_string()).await?).await?;
        answer::show(context, workspace, report).await?;
    }
    match report.error() {
        Some(error) => Err(failed(error, report)),
        None => Ok(()),
    }
}

fn failed(error: Error, report: &RunReport) -> Error {
    let finished = report.nodes.iter().filter(|node| node.status == NodeStatus::Ran).count();
    let nothing = format!("nothing was published: `{}` is as it was", report.target);
    error.hint(match finished {
        0 => nothing,
        _ => {
            let kept = counted(finished as u64, "finished node");
            let (are, run) = (if finished == 1 { "is" } else { "are" }, &report.run);
            format!("{nothing}; {kept} {are} kept in `refs/runs/{run}` and reused by the next run")
        }
    })
}

fn summarize(context: &Context, report: &RunReport) {
    let count = |word: &str| report.nodes.iter().filter(|node| node.status.as_str() == word).count();
    let passed = report.tests.iter().filter(|test| test.status() == "passed").count();
    for test in report.tests.iter().filter(|test| test.status() == "warned") {
        context.warn(format_args!(
            "test `{}` found {} in `{}`: {}",
            test.name,
            counted(test.bad_rows, "bad row"),
            test.table,
            test.query
        ));
    }
    let time = format_duration(Duration::from_millis(report.ms));
    let tests =
        if report.tests.is_empty() { String::new() } else { format!(", {} passed", counted(passed as u64, "test")) };
    let warnings = match report.nodes.iter().map(|node| node.warnings.len()).sum::<usize>() {
        0 => String::new(),
        count => format!(", {}", counted(count as u64, "warning")),
    };
    context.say(format_args!("{} ran, {} reused{tests}{warnings} in {time}", count("ran"), count("reused")));
    match report.status {
        _ if report.earlier => context.say(format_args!(
            "the run with this key was done before: `{}`, commit {} on `{}`",
            report.run,
            report.commit.short(),
            report.target
        )),
        RunStatus::Published => {
            let how = report.publish.filter(|how| *how != "direct").map(|how| format!(" ({how})")).unwrap_or_default();
            context.say(format_args!("published {} on `{}`{how}", report.commit.short(), report.target));
        }
        _ => context.say(format_args!("everything is up to date on `{}` at {}", report.target, report.commit.short())),
    }
}

/// Writes what a run did where `-o` or `--to` ask for it: an object as JSON, else a row for each node.
///
/// Without them nothing is written, since standard output is for data that was asked for.
///
/// # Errors
/// The place cannot be written.
pub fn write_report(context: &Context, output: &OutputFlags, report: &RunReport) -> Result<bool> {
    if output.output.is_none() && output.to.is_none() {
        return Ok(false);
    }
    if matches!(format_of(output), Format::Json | Format::Jsonl) {
        write_text(context, output, &format!("{}\n", as_json(report)))?;
        return Ok(true);
    }
    let nodes = || report.nodes.iter();
    let number = |number: u64| i64::try_from(number).ok();
    Listing::default()
        .text("name", nodes().map(|node| Some(node.name.to_string())))
        .text("kind", nodes().map(|node| Some(node.kind)))
        .text("status", nodes().map(|node| Some(node.status.as_str())))
        .number("rows", nodes().map(|node| number(node.rows)))
        .number("bytes", nodes().map(|node| number(node.bytes)))
        .number("ms", nodes().map(|node| number(node.ms)))
        .text("reason", nodes().map(|node| Some(node.reason.clone())))
        .write(context, output)?;
    Ok(true)
}

/// The object that `-o json` prints.
fn as_json(report: &RunReport) -> Value {
    let nodes: Vec<Value> = report
        .nodes
        .iter()
        .map(|node| {
            json!({
                "name": node.name.to_string(), "kind": node.kind, "status": node.status.as_str(), "rows": node.rows,
                "bytes": node.bytes, "ms": node.ms, "reason": node.reason, "warnings": node.warnings,
                "error": node.error.as_ref().map(Error::message),
            })
        })
        .collect();
    let tests: Vec<Value> = report
        .tests
        .iter()
        .map(|test| {
            json!({
                "name": test.name, "table": test.table, "status": test.status(), "bad_rows": test.bad_rows,
                "query": test.query, "ms": test.ms,
            })
        })
        .collect();
    json!({
        "run": report.run, "status": report.status.as_str(), "target": report.target,
        "commit": report.commit.to_string(), "publish": report.publish, "earlier": report.earlier,
        "ms": report.ms, "nodes": nodes, "tests": tests,
    })
}

fn command_text(select: &[String]) -> String {
    if select.is_empty() { "run".to_owned() } else { format!("run -s {}", select.join(" ")) }
}

/// Options for a run that brings some nodes up to date, with everything else as usual.
#[must_use]
pub fn usual_options(target: bywash_core::RefName, selected: BTreeSet<NodeId>, command: String) -> RunOptions {
    RunOptions {
        run: new_run_id(),
        command,
        target,
        selected,
        loads: true,
        full_refresh: false,
        no_cache: false,
        run_key: None,
        parameters: BTreeMap::new(),
        parameter_texts: BTreeMap::new(),
        adopt: BTreeSet::new(),
        overwrite: BTreeSet::new(),
        only_built: false,
        start: None,
        before_publish: None,
    }
}

fn nodes(graph: &Graph, typed: &[String]) -> Result<BTreeSet<TableName>> {
    typed.iter().map(|text| crate::commands::select::node(graph, text).map(|node| node.name.clone())).collect()
}
