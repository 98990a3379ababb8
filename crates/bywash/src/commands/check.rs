//! `bywash check`: everything that is wrong with a project, without reading a row of a table.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bywash_core::{Code, Error, Result, TableName, counted};
use bywash_pipeline::events::Silence;
use bywash_pipeline::graph::{Body, Graph, NodeId};
use bywash_pipeline::lake_view::WorkingTree;
use bywash_pipeline::project::{folders, settings, together};
use bywash_pipeline::run::check_models;

use crate::arguments::{CheckArguments, Format, OutputFlags};
use crate::commands::select::selected;
use crate::context::Context;
use crate::render::error::{ErrorStyle, render};
use crate::render::listing::Listing;
use crate::render::rows::format_of;
use crate::render::text_output::write_text;
use crate::workspace::{Remembered, Workspace, parameters};

/// How often files are looked at with `--watch`.
const LOOK: Duration = Duration::from_millis(100);

/// How many models are named that could not be checked.
const MOST_NAMES: usize = 10;

/// Checks the project; with `--watch` again whenever a file of it changes.
///
/// # Errors
/// Every problem, at once.
pub async fn run(context: &Context, arguments: CheckArguments) -> Result<()> {
    let mut before = None;
    if !arguments.watch {
        return check(context, &arguments, &mut before).await;
    }
    let mut seen = None;
    loop {
        let now = stamps(&context.folder, before.as_ref());
        if seen.as_ref() != Some(&now) {
            if let Err(error) = check(context, &arguments, &mut before).await {
                let style = ErrorStyle { paint: context.paint(), verbosity: context.verbosity, json: false };
                context.say(render(&error, style).trim_end());
            }
            context.say("watching: press Ctrl-C to stop");
            seen = Some(now);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn check(context: &Context, arguments: &CheckArguments, before: &mut Option<Remembered>) -> Result<()> {
    let opened = Workspace::open_with_problems(context, &arguments.project, before.as_ref()).await?;
    let (workspace, mut problems) = opened;
    *before = Some(workspace.remembered());
    let nodes: Vec<_> = match selected(&workspace, &arguments.selection, &arguments.reference).await {
        Ok(nodes) => nodes.into_iter().collect(),
        // A selection cannot be told from a name that is missing because its file cannot be read.
        Err(error) => return Err(Error::all(problems).unwrap_or(error)),
    };
    let head = workspace.head(&arguments.reference).await?;
    let tree = Arc::new(WorkingTree::new(workspace.lake.clone(), head));
    let runner = workspace.runner(Arc::new(Silence));
    let told: HashSet<_> = problems.iter().flat_map(Error::each).filter_map(line_of).collect();
    let checked = check_models(&runner, &tree, &nodes, &parameters(&arguments.parameters)).await?;
    problems
        .extend(checked.problems.into_iter().filter(|error| line_of(error).is_none_or(|line| !told.contains(&line))));
    if let Some(error) = together(problems) {
        return Err(error.maybe_hint(unknown(&checked.unknown)));
    }
    // What is loaded stays, so a model may be sound without them; a run would fail.
    let mut warnings = runner.missing_files(&nodes).await?;
    warnings.extend(unread(&workspace.graph, &nodes));
    for (_, error) in &warnings {
        context.warn(error.message());
    }
    let output = &arguments.output;
    if output.output.is_some() || output.to.is_some() {
        return write(context, output, &workspace.graph, &nodes, &warnings);
    }
    let are = if nodes.len() == 1 { "is" } else { "are" };
    context.say(format_args!("{} {are} sound", counted(nodes.len() as u64, "node")));
    context.say_next("bywash run");
    Ok(())
}

/// Which models nobody knows about, as long as what they read is wrong.
fn unknown(names: &[TableName]) -> Option<String> {
    let named = names.iter().take(MOST_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MOST_NAMES);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    (!names.is_empty()).then(|| format!("not checked, since something that they read is wrong: {named}{more}"))
}

/// Where a problem begins: what is wrong in one line is told once.
fn line_of(error: &Error) -> Option<(PathBuf, u64)> {
    let place = error.places().first()?;
    Some((place.path.clone(), place.line?))
}

/// The resources among these nodes that no model reads.
fn unread(graph: &Graph, nodes: &[NodeId]) -> Vec<(NodeId, Error)> {
    let is_unread = |id: &&NodeId| {
        let node = graph.node(**id);
        matches!(node.body, Body::Resource(_)) && node.children.iter().all(|child| graph.node(*child).is_test())
    };
    let warning = |id: &NodeId| {
        let node = graph.node(*id);
        (*id, Error::new(Code::UnknownTable, format!("no model reads `{}` ({})", node.name, node.place())))
    };
    nodes.iter().filter(is_unread).map(warning).collect()
}

/// The files of the project around a folder, with their sizes and when they were changed; helpers that functions reach
/// elsewhere are among those that were read before.
fn stamps(folder: &Path, before: Option<&Remembered>) -> BTreeMap<PathBuf, Option<(SystemTime, u64)>> {
    let root = folder.ancestors().find(|folder| folder.join(settings::FILE_NAME).is_file()).unwrap_or(folder);
    let (mut found, mut left) = (BTreeMap::new(), vec![root.join(settings::FILE_NAME)]);
    left.extend(folders().map(|name| root.join(name)));
    left.extend(before.into_iter().flat_map(Remembered::files).map(|path| root.join(path)));
    while let Some(path) = left.pop() {
        match std::fs::metadata(&path) {
            Ok(folder) if folder.is_dir() => {
                left.extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
            }
            file => _ = found.insert(path, file.ok().and_then(|file| Some((file.modified().ok()?, file.len())))),
        }
    }
    found
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
