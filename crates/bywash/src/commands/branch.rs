//! `bywash branch`: list, create, rename, delete.

use bywash_core::{Code, Error, RefName, Result};
use bywash_lake::store::{RefKind, RefRow};

use crate::arguments::BranchCommand;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::{Workspace, check_out, current_branch};

/// Does one of them.
///
/// # Errors
/// A name that is taken, or that nothing has.
pub async fn run(context: &Context, command: BranchCommand) -> Result<()> {
    match command {
        BranchCommand::List { project, output } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let current = current_branch(&workspace.project.root)?;
            let rows = workspace.lake.refs(RefKind::Branch).await?;
            let mut messages = Vec::new();
            for row in &rows {
                messages.push(Some(workspace.lake.commit(row.commit).await?.message));
            }
            let marked = |row: &RefRow| Some(if row.name == current.as_str() { "*" } else { "" });
            Listing::default()
                .text("current", rows.iter().map(marked))
                .text("name", rows.iter().map(|row| Some(row.name.clone())))
                .text("commit", rows.iter().map(|row| Some(row.commit.short())))
                .text("message", messages)
                .write(context, &output)?;
        }
        BranchCommand::Create { name, reference, project } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let name: RefName = name.parse()?;
            let head = workspace.head(&reference).await?;
            workspace.lake.create_ref(RefKind::Branch, &name, head.id).await?;
            context.say(format_args!("created branch `{name}` at {}; nothing was copied", head.id.short()));
            context.say_next(format_args!("bywash checkout {name}   (undo: bywash branch delete {name})"));
        }
        BranchCommand::Rename { name, new_name, project } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let (old, new): (RefName, RefName) = (name.parse()?, new_name.parse()?);
            refuse_protected(&workspace, &old, "renamed")?;
            workspace.lake.rename_branch(&old, &new).await?;
            if old == current_branch(&workspace.project.root)? {
                check_out(&workspace.project.root, &new)?;
            }
            context.say(format_args!("renamed branch `{old}` to `{new}`"));
            context.say_next(format_args!("undo: bywash branch rename {new} {old}"));
        }
        BranchCommand::Delete { name, project } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let name: RefName = name.parse()?;
            if name == RefName::main() {
                return Err(Error::new(Code::UnsafeDelete, "`main` cannot be deleted: every lake has it")
                    .hint("`bywash revert COMMIT` takes back what a commit did; other branches can be deleted"));
            }
            refuse_protected(&workspace, &name, "deleted")?;
            if name == current_branch(&workspace.project.root)? {
                return Err(Error::new(Code::UnsafeDelete, format!("`{name}` is checked out"))
                    .hint("check out another branch first: `bywash checkout main`"));
            }
            let commit = workspace.lake.delete_ref(RefKind::Branch, &name).await?;
            context.say(format_args!("deleted branch `{name}`, which was at {}", commit.short()));
            context.say_next(format_args!("undo: bywash branch create {name} --ref {}", commit.short()));
        }
    }
    Ok(())
}

/// A protected branch stays, under its name.
fn refuse_protected(workspace: &Workspace, name: &RefName, done: &str) -> Result<()> {
    if !workspace.project.settings.protects(name) {
        return Ok(());
    }
    Err(Error::new(Code::ProtectedBranch, format!("`{name}` is protected and cannot be {done}"))
        .hint("take it off `protected` under `[catalog]` in `bywash.toml` first"))
}
