//! `bywash clean`: removes what can be rebuilt.

use bywash_core::{Error, Result, format_bytes};
use bywash_pipeline::project::find_root;
use std::path::{Path, PathBuf};

use crate::arguments::CleanArguments;
use crate::context::Context;
use crate::workspace::{BRANCH_FILE, CACHE_FOLDER, HISTORY_FILE};

/// What cannot be rebuilt: the branch that is checked out, and what was typed in the shell.
const KEPT: [&str; 2] = [BRANCH_FILE, HISTORY_FILE];

/// Empties `.bywash/` but for what cannot be rebuilt.
///
/// # Errors
/// A file cannot be removed.
pub async fn run(context: &Context, arguments: CleanArguments) -> Result<()> {
    let root = find_root(&context.folder)?;
    let folder = root.join(CACHE_FOLDER);
    let rebuilt = rebuilt(&folder)?;
    let bytes = rebuilt.iter().map(|path| size(path)).sum();
    if arguments.dry_run {
        context.say(format_args!("would remove {} in `{CACHE_FOLDER}/`", format_bytes(bytes)));
        return Ok(());
    }
    for path in &rebuilt {
        let removed = if path.is_dir() && !path.is_symlink() {
            std::fs::remove_dir_all(path)
        } else {
            std::fs::remove_file(path)
        };
        removed.map_err(|error| Error::io("remove", path, &error))?;
    }
    context.say(format_args!("removed {} in `{CACHE_FOLDER}/`; tables and history are untouched", format_bytes(bytes)));
    Ok(())
}

/// What lies in the folder and can be rebuilt.
fn rebuilt(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Error::io("list", folder, &error);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if KEPT.iter().all(|kept| entry.file_name() != *kept) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// How much a file takes, or all in a folder; links are not followed.
fn size(path: &Path) -> u64 {
    let Ok(facts) = path.symlink_metadata() else { return 0 };
    if !facts.is_dir() {
        return facts.len();
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| size(&entry.path())).sum()
}
