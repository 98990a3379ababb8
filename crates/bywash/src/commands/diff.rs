//! `bywash diff A [B]`: which tables differ between two commits, and by how many rows.

use bywash_core::Result;
use bywash_lake::objects::Entry;

use crate::arguments::{DiffArguments, RefFlags};
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

/// Compares two commits table by table; without B, with the branch that is checked out.
///
/// # Errors
/// A ref that nothing is called.
pub async fn run(context: &Context, arguments: DiffArguments) -> Result<()> {
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    let from = workspace.resolve(&arguments.from).await?;
    let to = workspace.head(&RefFlags { reference: arguments.to_ref.clone() }).await?;
    let objects = workspace.lake.objects();
    let mut differing = from.commit.tree.differences(&to.commit.tree, &objects).await?;
    differing.retain(|_, sides| !matches!(sides, (Some(one), Some(other)) if one.is_same_state(other)));
    let rows = |entry: &Option<Entry>| entry.as_ref().and_then(Entry::table).map(|table| table.rows as i64);
    let what = |before: &Option<Entry>, after: &Option<Entry>| match (before, after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    Listing::default()
        .text("table", differing.keys().map(|name| Some(name.clone())))
        .text("change", differing.values().map(|(before, after)| Some(what(before, after))))
        .number("rows_before", differing.values().map(|(before, _)| rows(before)))
        .number("rows_after", differing.values().map(|(_, after)| rows(after)))
        .write(context, &arguments.output)?;
    let name = arguments.to_ref.as_deref().unwrap_or("the current branch");
    context.say(format_args!("from `{}` to {name}", arguments.from));
    Ok(())
}
