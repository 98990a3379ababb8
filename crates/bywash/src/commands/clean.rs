//! `bywash clean`: removes what can be rebuilt.

use bywash_core::{Error, Result, format_bytes};
use bywash_pipeline::project::find_root;
use std::path::Path;

use crate::arguments::CleanArguments;
use crate::context::Context;
use crate::workspace::{CACHE_FOLDER, check_out, current_branch};

/// Empties `.bywash/`; the branch that is checked out stays so.
///
/// # Errors
/// A file cannot be removed.
pub async fn run(context: &Context, arguments: CleanArguments) -> Result<()> {
    let root = find_root(&context.folder)?;
    let folder = root.join(CACHE_FOLDER);
    let bytes = size(&folder);
    if arguments.dry_run {
        context.say(format_args!("would remove {} in `{CACHE_FOLDER}/`", format_bytes(bytes)));
        return Ok(());
    }
    let branch = current_branch(&root)?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| Error::io("remove", &folder, &error))?;
        check_out(&root, &branch)?;
    }
    context.say(format_args!("removed {} in `{CACHE_FOLDER}/`; tables and history are untouched", format_bytes(bytes)));
    Ok(())
}

fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(facts) if facts.is_dir() => size(&entry.path()),
            Ok(facts) => facts.len(),
            Err(_) => 0,
        })
        .sum()
}
