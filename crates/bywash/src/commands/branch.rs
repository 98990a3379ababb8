//! `bywash branch`: list, create, delete.

use bywash_core::{RefName, Result};
use bywash_lake::store::{RefKind, RefRow};

use crate::arguments::BranchCommand;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::{Workspace, current_branch};

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
            let marked = |row: &RefRow| (row.name == current.as_str()).then_some("*");
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
        BranchCommand::Delete { name, project } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let name: RefName = name.parse()?;
            if name == current_branch(&workspace.project.root)? {
                return Err(bywash_core::Error::new(
                    bywash_core::Code::UnsafeDelete,
                    format!("`{name}` is checked out"),
                )
                .hint("check out another branch first: `bywash checkout main`"));
            }
            let commit = workspace.lake.delete_ref(RefKind::Branch, &name).await?;
            context.say(format_args!("deleted branch `{name}`, which was at {}", commit.short()));
            context.say_next(format_args!("undo: bywash branch create {name} --ref {}", commit.short()));
        }
    }
    Ok(())
}
