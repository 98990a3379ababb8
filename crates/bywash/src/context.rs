//! What every verb is given: where it may write, and how much it shall say.
//!
//! Standard output is data and standard error is everything else; both are reached through here, so that colours,
//! `--quiet` and a closed pipe are decided in one place.

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::arguments::CommonFlags;
use crate::render::stdout::Stdout;
use crate::render::style::{Paint, Style};
use crate::render::terminal::Terminal;

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress, results and what to try next.
    Normal,
    /// Also causes.
    Verbose,
}

/// What every verb is given.
#[derive(Debug)]
pub struct Context {
    /// The folder that relative paths start from: `-C DIR`, else `.`.
    pub folder: PathBuf,
    /// What the two outputs are.
    pub terminal: Terminal,
    /// How much is said.
    pub verbosity: Verbosity,
    /// The place for data.
    pub stdout: Stdout,
}

impl Context {
    /// The context that the flags of every verb ask for.
    #[must_use]
    pub fn new(flags: &CommonFlags) -> Self {
        let verbosity = match (flags.quiet, flags.verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let folder = flags.directory.clone().unwrap_or_else(|| PathBuf::from("."));
        Self { folder, terminal: Terminal::detect(flags.color), verbosity, stdout: Stdout::default() }
    }

    /// A path that was typed, as seen from where the process runs.
    #[must_use]
    pub fn path(&self, typed: &Path) -> PathBuf {
        if self.folder == Path::new(".") { typed.to_owned() } else { self.folder.join(typed) }
    }

    /// How standard error is coloured.
    #[must_use]
    pub const fn paint(&self) -> Paint {
        self.terminal.stderr_paint
    }

    /// A line for people, unless `--quiet`.
    pub fn say(&self, line: impl Display) {
        if self.verbosity > Verbosity::Quiet {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        }
    }

    /// What to try next: the last line of every command.
    pub fn say_next(&self, advice: impl Display) {
        self.say(format_args!("{} {advice}", self.paint().text(Style::Hint, "next:")));
    }

    /// Something that deserves attention and leaves the exit code at 0.
    pub fn warn(&self, warning: impl Display) {
        self.say(format_args!("{} {warning}", self.paint().text(Style::Warning, "warning:")));
    }
}
