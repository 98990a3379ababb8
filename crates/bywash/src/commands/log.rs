//! `bywash log`: the commits of a branch, newest first.

use bywash_core::{Result, format_micros};

use crate::arguments::LogArguments;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

const LONGEST: usize = 100_000;

/// Shows the log.
///
/// # Errors
/// There is no such ref.
pub async fn run(context: &Context, arguments: LogArguments) -> Result<()> {
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    let head = workspace.head(&arguments.reference).await?;
    let log = workspace.lake.log(head.id, LONGEST).await?;
    Listing::default()
        .text("commit", log.iter().map(|(id, _)| Some(id.short())))
        .text("time", log.iter().map(|(_, commit)| Some(format_micros(commit.time)[..19].replace('T', " "))))
        .text("author", log.iter().map(|(_, commit)| Some(commit.author.clone())))
        .text("message", log.iter().map(|(_, commit)| Some(commit.message.clone())))
        .write(context, &arguments.output)?;
    context.say_next("bywash revert COMMIT takes one back, bywash diff A B compares two");
    Ok(())
}
