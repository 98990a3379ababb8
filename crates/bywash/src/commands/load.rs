//! `bywash load`: loads sources; files that are named become sources first, so that own data needs no YAML.

use std::collections::BTreeSet;
use std::sync::Arc;

use bywash_core::{Code, Error, Result, counted, format_count};
use bywash_pipeline::events::Silence;
use bywash_pipeline::graph::{Body, NodeId};
use bywash_pipeline::project::Unsaved;
use bywash_pipeline::run::{LoadPreview, RunOptions, RunReport, RunStatus};

use crate::arguments::{LoadArguments, OutputFlags};
use crate::commands::run::{finish, run_to_end, usual_options};
use crate::commands::select::selected;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::source_entry::SourceEntry;
use crate::workspace::Workspace;

const DEFAULT_NAMESPACE: &str = "raw";

/// Loads.
///
/// # Errors
/// A file or source that cannot be read; then nothing is published, and no source is written.
pub async fn run(context: &Context, arguments: LoadArguments) -> Result<()> {
    let entry = match arguments.files.as_slice() {
        [] => None,
        files => {
            let namespace = arguments.into.as_deref().unwrap_or(DEFAULT_NAMESPACE);
            Some(Arc::new(SourceEntry::new(context, files, namespace)?))
        }
    };
    let unsaved = entry.as_ref().map_or_else(|| Ok(Unsaved::new()), |entry| entry.unsaved())?;
    let workspace = Workspace::open_with(context, &arguments.project, &unsaved).await?;
    let chosen = match &entry {
        Some(entry) => {
            entry.tables()?.iter().filter_map(|name| workspace.graph.find(name)).map(|node| node.id).collect()
        }
        None => sources(&workspace, selected(&workspace, &arguments.selection, &arguments.reference).await?),
    };
    if chosen.is_empty() {
        return Err(Error::new(Code::NothingSelected, "there is no source to load")
            .hint("name files: `bywash load data/*.csv --into raw`"));
    }
    let mut options = usual_options(workspace.branch(&arguments.reference)?, chosen, "load".to_owned());
    if arguments.dry_run {
        let previews = workspace.runner(Arc::new(Silence)).preview_loads(options).await?;
        return preview(context, &arguments.output, &previews);
    }
    if let Some(entry) = entry.clone() {
        options.before_publish = Some(Arc::new(move || entry.write()));
    }
    load(context, &workspace, &arguments.output, options, entry.as_deref()).await
}

async fn load(
    context: &Context,
    workspace: &Workspace,
    output: &OutputFlags,
    options: RunOptions,
    entry: Option<&SourceEntry>,
) -> Result<()> {
    let ended = run_to_end(context, workspace, options).await;
    let failed = !ended.as_ref().is_ok_and(|report| report.status != RunStatus::Failed);
    if let Some(entry) = entry {
        if failed {
            entry.take_back();
        } else if let Some(file) = entry.written() {
            context.say(format_args!("wrote `{}`: edit it to say more about these files", file.display()));
        }
    }
    let ended = match ended {
        Ok(report) => tell(context, workspace, output, &report).await,
        Err(error) => Err(error),
    };
    ended.map_err(|error| match entry.filter(|_| failed) {
        Some(entry) => entry.unwritten(error),
        None => error,
    })
}

async fn tell(context: &Context, workspace: &Workspace, output: &OutputFlags, report: &RunReport) -> Result<()> {
    if report.status == RunStatus::Unchanged {
        context.say("nothing to load: every file was loaded before and has not changed since");
    }
    finish(context, workspace, output, report).await
}

fn sources(workspace: &Workspace, nodes: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    let is_source = |id: &NodeId| matches!(workspace.graph.node(*id).body, Body::Resource(_) | Body::Seed(_));
    nodes.into_iter().filter(is_source).collect()
}

/// What `--dry-run` says: the files, and as rows the columns of each table.
fn preview(context: &Context, output: &OutputFlags, previews: &[LoadPreview]) -> Result<()> {
    for preview in previews {
        let listed = counted(preview.listed as u64, "file");
        context.say(match preview.files.len() {
            0 => format!("{}: nothing to load; {listed}, unchanged since the last load", preview.name),
            count => format!("{}: would load {} of {listed}", preview.name, format_count(count as u64)),
        });
    }
    let columns: Vec<_> = previews
        .iter()
        .flat_map(|preview| preview.columns.iter().map(|(column, kind)| (preview.name.to_string(), column, kind)))
        .collect();
    Listing::default()
        .text("table", columns.iter().map(|(table, ..)| Some(table.clone())))
        .text("column", columns.iter().map(|(_, column, _)| Some((*column).clone())))
        .text("type", columns.iter().map(|(.., kind)| Some((*kind).clone())))
        .write(context, output)?;
    context.say_next("the same without --dry-run; nothing was written");
    Ok(())
}
