//! What `run`, `plan` and `ls` say of tables whose model is gone, since nothing else would.

use bywash_core::Result;
use bywash_lake::Head;
use bywash_pipeline::lake_view::orphans;

use crate::context::Context;
use crate::workspace::Workspace;

/// So many are named; the others are counted.
const NAMED: usize = 3;

/// Mentions those of this commit, with the command that removes them.
///
/// # Errors
/// The catalog cannot be read.
pub async fn mention(context: &Context, workspace: &Workspace, head: &Head) -> Result<()> {
    let found = orphans(&workspace.lake, head, &workspace.graph).await?;
    for name in found.iter().take(NAMED) {
        context.say(format_args!(
            "`{name}` stays, though its model is gone; remove it: bywash query \"drop table {name}\""
        ));
    }
    if found.len() > NAMED {
        context.say(format_args!("… and {} more tables whose models are gone", found.len() - NAMED));
    }
    Ok(())
}
