//! Who acts, for the log: `BYWASH_AUTHOR`, else the name that git knows, else the system's user.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The author of commits to the lake in this folder; asked for once in a process.
pub(crate) fn author(folder: &Path) -> String {
    static AUTHOR: OnceLock<String> = OnceLock::new();
    AUTHOR.get_or_init(|| find(folder)).clone()
}

fn find(folder: &Path) -> String {
    variable("BYWASH_AUTHOR")
        .or_else(|| answer(Command::new("git").arg("-C").arg(existing(folder)).args(["config", "user.name"])))
        .or_else(|| variable("USER"))
        .or_else(|| variable("LOGNAME"))
        .or_else(|| answer(Command::new("id").arg("-un")))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// The folder, or the nearest one above it: a lake whose parts lie elsewhere has none.
fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(folder)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The line that a program prints; nothing where it is not there or fails.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let line = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}
