//! The commands of the shell that are not SQL: `.help`, `.tables` and their like.

use bywash_core::{Code, Error, Result, suggestion};
use clap::ValueEnum;

use crate::arguments::Format;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DotCommand {
    /// List the commands.
    Help,
    /// List the tables, or those whose name contains a text.
    Tables(String),
    /// The columns of a table.
    Schema(String),
    /// Show how long statements take, or stop that.
    Timing,
    /// The format of results.
    Output(Format),
    /// Leave.
    Quit,
}

/// The names with what they do.
pub(super) const HELP: &[(&str, &str)] = &[
    (".help", "list these commands"),
    (".tables [TEXT]", "list the tables, or those whose name contains TEXT"),
    (".schema TABLE", "list the columns of a table"),
    (".timing", "show how long statements take, or stop showing it"),
    (".output FORMAT", "show results as table, csv, json, jsonl or markdown"),
    (".quit", "leave; so do `exit`, `quit` and Ctrl-D"),
];

/// The formats that can be read on a terminal.
pub(super) const SHOWN: &[Format] = &[Format::Table, Format::Csv, Format::Json, Format::Jsonl, Format::Markdown];

/// Words that people type without their dot; no statement is one of them.
const BARE_WORDS: [&str; 3] = ["exit", "help", "quit"];

/// Whether a line that stands where a statement may begin is a command of the shell.
pub(super) fn is_command(line: &str) -> bool {
    let line = line.trim();
    line.starts_with('.')
        || BARE_WORDS.iter().any(|word| line.trim_end_matches(';').trim_end().eq_ignore_ascii_case(word))
}

impl DotCommand {
    /// Reads a line that is one.
    pub(super) fn parse(line: &str) -> Result<Self> {
        let line = line.trim().trim_end_matches(';').trim_end();
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let (name, rest) = (name.to_lowercase(), rest.trim());
        match name.as_str() {
            "help" | ".help" | ".h" | ".?" => Ok(Self::Help),
            ".tables" => Ok(Self::Tables(rest.to_owned())),
            ".schema" if rest.is_empty() => {
                Err(wrong("`.schema` needs a table".to_owned()).hint("for example `.schema raw.flights`"))
            }
            ".schema" => Ok(Self::Schema(rest.to_owned())),
            ".timing" | ".timer" => Ok(Self::Timing),
            ".output" | ".mode" => format(rest).map(Self::Output),
            "quit" | "exit" | ".quit" | ".exit" | ".q" => Ok(Self::Quit),
            unknown => Err(wrong(format!("the shell has no command `{unknown}`"))
                .maybe_hint(suggestion(unknown, names()))
                .hint("`.help` lists them")),
        }
    }
}

/// The names alone.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    HELP.iter().filter_map(|(usage, _)| usage.split(' ').next())
}

fn format(text: &str) -> Result<Format> {
    let shown = || SHOWN.iter().map(|format| format.name());
    Format::from_str(text, true).ok().filter(|format| SHOWN.contains(format)).ok_or_else(|| {
        wrong(format!("`{text}` is not a format of the shell"))
            .maybe_hint(suggestion(text, shown()))
            .hint(format!("it shows {}", shown().collect::<Vec<_>>().join(", ")))
    })
}

fn wrong(message: String) -> Error {
    Error::new(Code::WrongUsage, message)
}
