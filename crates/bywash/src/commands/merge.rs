//! `bywash merge SOURCE [--into TARGET]`: what one branch did, on another too.

use std::collections::BTreeMap;

use bywash_core::{Code, Error, RefName, Result, TableName, counted};
use bywash_lake::changes::Remark;
use bywash_lake::{Head, MergedTree, Resolutions, Side};
use bywash_pipeline::run::{RunStatus, Start};

use crate::arguments::{MergeArguments, RefFlags, SelectionFlags};
use crate::commands::run::{run_to_end, usual_options, write_report};
use crate::commands::select::selected;
use crate::context::Context;
use crate::workspace::{Workspace, current_branch, table_name};

/// Merges.
///
/// Tables of sources and of people are united change by change; nodes are planned again on the result and tested,
/// and all of it becomes visible in one swap.
///
/// # Errors
/// A conflict, a node or a test that fails on the merged tree.
pub async fn run(context: &Context, arguments: MergeArguments) -> Result<()> {
    let mut workspace = Workspace::open(context, &arguments.project).await?;
    let (lake, files) = workspace.lake.staged().await?;
    workspace.lake = lake;
    let target: RefName = match &arguments.into {
        Some(name) => name.parse()?,
        None => current_branch(&workspace.project.root)?,
    };
    let source = workspace.resolve(&arguments.source).await?;
    let head = workspace.lake.branch(&target).await?;
    let objects = workspace.lake.objects();
    let resolutions = resolutions(&workspace, &arguments, &head, &source).await?;
    let merged = match workspace.lake.merge_trees(&objects, &head, &source, &resolutions).await {
        Ok(merged) => merged,
        Err(conflict) => {
            files.discard_all().await;
            return Err(conflict);
        }
    };
    let has_everything = merged.tree == head.commit.tree || workspace.lake.is_ancestor(source.id, head.id).await?;
    // A resolution counts all the same: the next merge must not ask again, and an earlier one may be changed.
    if has_everything && resolutions.is_empty() {
        files.discard_all().await;
        context.say(format_args!("`{target}` has everything of `{}` already", arguments.source));
        say_remarks(context, &merged.remarks);
        say_gone(context, &merged, &target);
        return Ok(());
    }
    context.say(format_args!("merging `{}` into `{target}`", arguments.source));
    for table in &merged.tables {
        let sign = if table.rows < 0 { '-' } else { '+' };
        let rows = counted(table.rows.unsigned_abs(), "row");
        context.say(format_args!("  {}: {} ({sign}{rows})", table.table, table.what));
    }
    say_remarks(context, &merged.remarks);
    if arguments.dry_run {
        files.discard_all().await;
        context.say_next(format_args!("bywash merge {} --into {target}", arguments.source));
        return Ok(());
    }
    let everything = SelectionFlags { select: Vec::new(), exclude: Vec::new() };
    let built = selected(&workspace, &everything, &RefFlags { reference: Some(target.to_string()) }).await?;
    let mut options = usual_options(target.clone(), built, format!("merge {} into {target}", arguments.source));
    options.loads = false;
    options.only_built = true;
    options.start = Some(Start { head, tree: merged.tree, objects, merged: Some(source.id) });
    let report = run_to_end(context, &workspace, options).await?;
    write_report(context, &arguments.output, &report)?;
    if report.status == RunStatus::Failed {
        let error = report.error().unwrap_or_else(|| Error::new(Code::NodeFailed, "the merged tree does not hold"));
        return Err(error.hint(format!("nothing was merged: `{target}` is as it was")));
    }
    context.say(format_args!("merged `{}` into `{target}`: {}", arguments.source, report.commit.short()));
    context.say_next(format_args!("undo: bywash revert {} --ref {target}", report.commit.short()));
    Ok(())
}

/// What a merge does to rows that a person might expect otherwise (rule T4): a line a table and reason.
fn say_remarks(context: &Context, remarks: &[(TableName, Remark)]) {
    let mut lines: BTreeMap<(&TableName, String), Vec<&str>> = BTreeMap::new();
    for (table, remark) in remarks {
        let (reason, label) = match remark {
            Remark::StaysReverted { change, by } => (format!("stay away, because of `{by}`"), change),
            Remark::Undone { rewrite, by } => (format!("are as before, because of `{by}`"), rewrite),
            Remark::Unseen { rewrite, append } => (format!("are as they were: `{rewrite}` did not see them"), append),
        };
        lines.entry((table, reason)).or_default().push(label);
    }
    for ((table, reason), labels) in &lines {
        context.say(format_args!("  {table}: the rows of {} {reason}", listed(labels)));
    }
    if remarks.iter().any(|(_, remark)| matches!(remark, Remark::StaysReverted { .. })) {
        context.say("  to have such rows back, revert the commit that took them back: `bywash log` shows it");
    }
}

/// Tables that merging again does not bring back.
fn say_gone(context: &Context, merged: &MergedTree, target: &RefName) {
    for table in &merged.gone {
        context.say(format_args!(
            "  {table} stays away: it was dropped on `{target}`, or the commit that brought it reverted"
        ));
    }
    if !merged.gone.is_empty() {
        context.say(format_args!("  to have it back, revert that commit: `bywash log --ref {target}` shows it"));
    }
}

/// What `--ours` and `--theirs` say, by full names.
async fn resolutions(
    workspace: &Workspace,
    arguments: &MergeArguments,
    head: &Head,
    source: &Head,
) -> Result<Resolutions> {
    let mut resolutions = Resolutions::new();
    if arguments.ours.is_empty() && arguments.theirs.is_empty() {
        return Ok(resolutions);
    }
    let (here, there) = (workspace.resolver(head.clone()), workspace.resolver(source.clone()));
    for (side, typed) in [(Side::Ours, &arguments.ours), (Side::Theirs, &arguments.theirs)] {
        for text in typed {
            let name = match table_name(&here, text).await {
                Ok(name) => name,
                Err(error) => table_name(&there, text).await.map_err(|_| error)?,
            };
            if resolutions.insert(name, side).is_some_and(|before| before != side) {
                return Err(Error::new(Code::WrongUsage, format!("`{text}` is named by `--ours` and by `--theirs`")));
            }
        }
    }
    Ok(resolutions)
}

/// The first few labels, and how many more there are.
fn listed(labels: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown = labels.iter().take(SHOWN).map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
    match labels.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
