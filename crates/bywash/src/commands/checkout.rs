//! `bywash checkout`: makes a branch the one that commands work on.

use bywash_core::{Code, Error, RefName, Result};
use bywash_lake::store::RefKind;

use crate::arguments::CheckoutArguments;
use crate::context::Context;
use crate::workspace::{Workspace, check_out, current_branch};

/// Checks a branch out, with `-b` after creating it.
///
/// # Errors
/// There is no such branch, or with `-b` there is one.
pub async fn run(context: &Context, arguments: CheckoutArguments) -> Result<()> {
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    let name: RefName = arguments.name.parse()?;
    let before = current_branch(&workspace.project.root)?;
    if arguments.create {
        let head = workspace.lake.branch(&before).await?;
        workspace.lake.create_ref(RefKind::Branch, &name, head.id).await?;
    } else {
        refuse_tag(&workspace, &name).await?;
        workspace.lake.branch(&name).await?;
    }
    check_out(&workspace.project.root, &name)?;
    let how = if arguments.create { "created and checked out" } else { "checked out" };
    context.say(format_args!("{how} `{name}`"));
    context.say_next(format_args!("bywash run   (back: bywash checkout {before})"));
    Ok(())
}

/// A tag stays with its commit, so there is nothing that commands could move.
async fn refuse_tag(workspace: &Workspace, name: &RefName) -> Result<()> {
    let tags = workspace.lake.refs(RefKind::Tag).await?;
    if tags.iter().all(|tag| tag.name != name.as_str()) {
        return Ok(());
    }
    Err(Error::new(Code::UnknownRef, format!("`{name}` is a tag, and only branches can be checked out"))
        .hint(format!("read it where you are: `--ref {name}`, or `from ns.table@{name}` in SQL"))
        .hint(format!("go on from it on a branch: `bywash branch create NAME --ref {name}`, then check that out")))
}
