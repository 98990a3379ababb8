//! `bywash revert COMMIT`: takes back what a commit did, or all since it, loads and ledger included.

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt as _;

use bywash_core::{Code, Error, ObjectId, RefName, Result, TableName};
use bywash_lake::Head;
use bywash_lake::changes::{ChangeKind, TableState};
use bywash_lake::objects::{Commit, Entry};
use bywash_pipeline::run::{RunStatus, Start};

use crate::arguments::{RefFlags, RevertArguments, SelectionFlags};
use crate::commands::run::{run_to_end, usual_options, write_report};
use crate::commands::select::selected;
use crate::context::Context;
use crate::workspace::{Workspace, table_name};

/// Reverts.
///
/// # Errors
/// Later changes stand on the reverted ones, or a node or test fails without them.
pub async fn run(context: &Context, arguments: RevertArguments) -> Result<()> {
    let mut workspace = Workspace::open(context, &arguments.project).await?;
    let (lake, files) = workspace.lake.staged().await?;
    workspace.lake = lake;
    let branch = workspace.branch(&arguments.reference)?;
    let head = workspace.lake.branch(&branch).await?;
    let range = Range::find(&workspace, &arguments, &branch, &head).await?;
    let objects = workspace.lake.objects();
    let reverted = match workspace.lake.revert_tree(&objects, &head, &range.first, &range.last, arguments.skip).await {
        Ok(reverted) => reverted,
        Err(conflict) => {
            files.discard_all().await;
            return Err(conflict);
        }
    };
    let what = range.text();
    context.say(format_args!("taking back {what} on `{branch}`"));
    for name in &reverted.names {
        context.say(format_args!("  {name}"));
    }
    if arguments.dry_run {
        files.discard_all().await;
        context.say_next("the same without --dry-run; nothing was moved");
        return Ok(());
    }
    let loads = loads(&workspace, &range.first.commit, &range.last.commit, None).await?;
    let loads_again = !arguments.skip && any_live(&workspace, &head, &loads).await?;
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
    if loads_again {
        context.say("the next run loads the reverted files again; `--skip` would have kept them away");
    }
    context.say_next(format_args!("undo: bywash revert {} --ref {branch}", report.commit.short()));
    Ok(())
}

/// The commits that are taken back: one, or several by first parents.
struct Range {
    first: Head,
    last: Head,
    count: usize,
}

impl Range {
    async fn find(workspace: &Workspace, arguments: &RevertArguments, branch: &RefName, head: &Head) -> Result<Self> {
        let first = match (&arguments.commit, &arguments.last_load) {
            (Some(text), _) if text == "HEAD" => head.clone(),
            (Some(text), _) => workspace.resolve(text).await?,
            (None, table) => last_load(workspace, branch, head, table.as_deref().unwrap_or_default()).await?,
        };
        let refused = |reason: &str| {
            let message = format!("`{}` {reason} `{branch}`", first.id.short());
            Err(Error::new(Code::RevertConflict, message).hint(format!("`bywash log --ref {branch}` shows what is")))
        };
        if !arguments.through {
            return match workspace.lake.is_ancestor(first.id, head.id).await? {
                true => Ok(Self { last: first.clone(), first, count: 1 }),
                false => refused("is not part of"),
            };
        }
        let (mut commits, mut count) = (workspace.lake.first_parents(head.id), 0);
        while let Some((id, _)) = commits.try_next().await? {
            count += 1;
            if id == first.id {
                return Ok(Self { first, last: head.clone(), count });
            }
        }
        refused("came to the branch by a merge, or is not part of")
    }

    fn text(&self) -> String {
        let (first, last) = (self.first.id.short(), self.last.id.short());
        match self.count {
            1 => format!("{first} ({})", self.first.commit.message),
            count => format!("{count} commits, {first} to {last}"),
        }
    }
}

/// The newest commit of a branch that loaded files, of a table or of any, which still count.
async fn last_load(workspace: &Workspace, branch: &RefName, head: &Head, table: &str) -> Result<Head> {
    let table = match table {
        "" => None,
        typed => Some(table_name(&workspace.resolver(head.clone()), typed).await?),
    };
    let mut commits = workspace.lake.first_parents(head.id);
    while let Some((id, commit)) = commits.try_next().await? {
        let loads = loads(workspace, &commit, &commit, table.as_ref()).await?;
        if any_live(workspace, head, &loads).await? {
            return Ok(Head { name: None, id, commit });
        }
    }
    let what = table.map_or_else(|| "files".to_owned(), |table| format!("files into `{table}`"));
    Err(Error::new(Code::RevertConflict, format!("no commit of `{branch}` loaded {what}"))
        .hint(format!("`bywash log --ref {branch}` shows what there is")))
}

/// The loads that the commits from one to another added, by table: of this one, if it is named.
async fn loads(
    workspace: &Workspace,
    first: &Commit,
    last: &Commit,
    table: Option<&TableName>,
) -> Result<BTreeMap<String, BTreeSet<ObjectId>>> {
    let mut loads = BTreeMap::new();
    let Some(parent) = first.parents.first() else { return Ok(loads) };
    let (parent, objects) = (workspace.lake.commit(*parent).await?, workspace.lake.objects());
    for (name, (before, after)) in parent.tree.differences(&last.tree, &objects).await? {
        let is_meant = table.is_none_or(|table| table.to_string() == name);
        let Some(after) = after.as_ref().and_then(Entry::table).filter(|_| is_meant) else { continue };
        let known = match before.as_ref().and_then(Entry::table) {
            Some(before) => TableState::read(&objects, before).await?.changes,
            None => BTreeMap::new(),
        };
        let added = TableState::read(&objects, after).await?.changes.into_iter();
        let added = added.filter(|(id, change)| change.kind == ChangeKind::Load && !known.contains_key(id));
        loads.insert(name, added.map(|(id, _)| id).collect());
    }
    Ok(loads)
}

/// Whether any of these loads counts on a branch.
async fn any_live(workspace: &Workspace, head: &Head, loads: &BTreeMap<String, BTreeSet<ObjectId>>) -> Result<bool> {
    let objects = workspace.lake.objects();
    for (name, ids) in loads.iter().filter(|(_, ids)| !ids.is_empty()) {
        let entry = workspace.lake.entry(&head.commit, &name.parse()?).await?;
        if let Some(table) = entry.as_ref().and_then(Entry::table)
            && !TableState::read(&objects, table).await?.live().is_disjoint(ids)
        {
            return Ok(true);
        }
    }
    Ok(false)
}
