//! `bywash revert COMMIT`: takes back what a commit did, loads and ledger included.

use bywash_core::{Code, Error, Result};
use bywash_lake::Head;
use bywash_lake::changes::{ChangeKind, TableState};
use bywash_lake::objects::Entry;
use bywash_pipeline::run::{RunStatus, Start};
use std::collections::BTreeMap;

use crate::arguments::{RefFlags, RevertArguments, SelectionFlags};
use crate::commands::run::{run_to_end, usual_options, write_report};
use crate::commands::select::selected;
use crate::context::Context;
use crate::workspace::Workspace;

/// Reverts.
///
/// # Errors
/// Later changes stand on the reverted ones, or a node or test fails without them.
pub async fn run(context: &Context, arguments: RevertArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let branch = workspace.branch(&arguments.reference)?;
    let head = workspace.lake.branch(&branch).await?;
    let commit = match arguments.commit.as_str() {
        "HEAD" => head.clone(),
        text => workspace.resolve(text).await?,
    };
    if !workspace.lake.ancestry(head.id).await?.contains(&commit.id) {
        return Err(Error::new(Code::RevertConflict, format!("`{}` is not part of `{branch}`", arguments.commit))
            .hint(format!("`bywash log --ref {branch}` shows what is")));
    }
    let objects = workspace.lake.objects();
    let (lake, files) = workspace.lake.staged();
    let reverted = match lake.revert_tree(&objects, &head, &commit, arguments.skip).await {
        Ok(reverted) => reverted,
        Err(conflict) => {
            files.discard_all().await;
            return Err(conflict);
        }
    };
    let loaded = has_loaded(&workspace, &commit).await?;
    let what = format!("{} ({})", commit.id.short(), commit.commit.message);
    context.say(format_args!("taking back {what} on `{branch}`"));
    for name in &reverted.names {
        context.say(format_args!("  {name}"));
    }
    if arguments.dry_run {
        files.discard_all().await;
        context.say_next(format_args!("bywash revert {} --ref {branch}", arguments.commit));
        return Ok(());
    }
    let everything = SelectionFlags { select: Vec::new(), exclude: Vec::new() };
    let all = selected(&workspace, &everything, &RefFlags { reference: Some(branch.to_string()) }).await?;
    let mut options = usual_options(branch.clone(), all, format!("revert {what}"));
    options.loads = false;
    options.only_built = true;
    options.start = Some(Start { head, tree: reverted.tree, objects, merged: None });
    let report = run_to_end(context, &workspace, options).await?;
    write_report(context, &arguments.output, &report)?;
    if report.status == RunStatus::Failed {
        let error = report.error().unwrap_or_else(|| Error::new(Code::NodeFailed, "the reverted tree does not hold"));
        return Err(error.hint(format!("nothing was reverted: `{branch}` is as it was")));
    }
    context.say(format_args!("reverted in {}", report.commit.short()));
    let advice = match !arguments.skip && loaded {
        true => "the next run loads the reverted files again   ",
        false => "",
    };
    context.say_next(format_args!("{advice}(undo: bywash revert {} --ref {branch})", report.commit.short()));
    Ok(())
}

/// Whether a commit loaded files.
async fn has_loaded(workspace: &Workspace, commit: &Head) -> Result<bool> {
    let Some(parent) = commit.commit.parents.first() else { return Ok(false) };
    let (parent, objects) = (workspace.lake.commit(*parent).await?, workspace.lake.objects());
    for (before, after) in parent.tree.differences(&commit.commit.tree, &objects).await?.into_values() {
        let Some(after) = after.as_ref().and_then(Entry::table) else { continue };
        let known = match before.as_ref().and_then(Entry::table) {
            Some(before) => TableState::read(&objects, before).await?.changes,
            None => BTreeMap::new(),
        };
        let added = TableState::read(&objects, after).await?.changes;
        if added.iter().any(|(id, change)| change.kind == ChangeKind::Load && !known.contains_key(id)) {
            return Ok(true);
        }
    }
    Ok(false)
}
