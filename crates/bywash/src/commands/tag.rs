//! `bywash tag`: names that stay with a commit.

use bywash_core::{RefName, Result};
use bywash_lake::store::RefKind;

use crate::arguments::TagCommand;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

/// Creates, lists or deletes tags.
///
/// # Errors
/// A name that is taken, or that nothing has.
pub async fn run(context: &Context, command: TagCommand) -> Result<()> {
    match command {
        TagCommand::Create { name, reference, project } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let name: RefName = name.parse()?;
            let head = workspace.head(&reference).await?;
            workspace.lake.create_ref(RefKind::Tag, &name, head.id).await?;
            context.say(format_args!("tagged {} as `{name}`", head.id.short()));
            context.say_next(format_args!("bywash table list --ref {name}"));
        }
        TagCommand::List { project, output } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let rows = workspace.lake.refs(RefKind::Tag).await?;
            Listing::default()
                .text("name", rows.iter().map(|row| Some(row.name.clone())))
                .text("commit", rows.iter().map(|row| Some(row.commit.short())))
                .write(context, &output)?;
        }
        TagCommand::Delete { name, project } => {
            let workspace = Workspace::open_lake(context, &project).await?;
            let name: RefName = name.parse()?;
            let commit = workspace.lake.delete_ref(RefKind::Tag, &name).await?;
            context.say(format_args!("deleted tag `{name}`, which named {}", commit.short()));
            context.say_next(format_args!("undo: bywash tag create {name} --ref {}", commit.short()));
        }
    }
    Ok(())
}
