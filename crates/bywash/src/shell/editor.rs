//! The line editor: history in a file, Tab completes, Enter goes on until the statement ends with `;`.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustyline::completion::Completer;
use rustyline::config::{CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Editor as LineEditor, Helper};

use bywash_core::{Error, Result};

use super::completion::complete;
use super::runner::KnownTable;
use super::statements::{is_blank, split};

const REMEMBERED: usize = 10_000;
const PROMPT: &str = "bywash> ";

/// What was typed.
pub(super) enum Typed {
    /// A dot command, or statements that all end with `;`.
    Text(String),
    /// Ctrl-C: the line was given up.
    GivenUp,
    /// Ctrl-D.
    End,
}

/// The editor with its history.
pub(super) struct Editor {
    lines: LineEditor<Help, FileHistory>,
    names: Names,
}

/// The tables that Tab knows, renewed between lines.
pub(super) type Names = Arc<RwLock<Vec<KnownTable>>>;

impl Editor {
    /// An editor whose history lies in this file, if it can be read and written.
    pub(super) fn open(history: &Path) -> Result<Self> {
        let failed = |error: ReadlineError| Error::bug("cannot open the shell on this terminal").caused_by(error);
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .max_history_size(REMEMBERED)
            .map_err(failed)?
            .build();
        let mut lines = LineEditor::with_config(config).map_err(failed)?;
        let names = Names::default();
        lines.set_helper(Some(Help { names: Arc::clone(&names) }));
        // A history that is not there, or cannot be read, is an empty one.
        let _ = lines.load_history(history);
        Ok(Self { lines, names })
    }

    /// Makes these tables known to Tab.
    pub(super) fn know(&self, tables: Vec<KnownTable>) {
        *self.names.write().unwrap_or_else(PoisonError::into_inner) = tables;
    }

    /// Waits for a line or for statements.
    pub(super) fn read(&mut self) -> Result<Typed> {
        match self.lines.readline(PROMPT) {
            Ok(text) => {
                // Text that history refuses is not worth an error.
                let _ = self.lines.add_history_entry(text.trim());
                Ok(Typed::Text(text))
            }
            Err(ReadlineError::Interrupted) => Ok(Typed::GivenUp),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(ReadlineError::Io(error)) => Err(Error::io("read from", Path::new("the terminal"), &error)),
            Err(error) => Err(Error::bug("the terminal cannot be read").caused_by(error)),
        }
    }

    /// Keeps the history in its file.
    pub(super) fn remember(&mut self, history: &Path) {
        if let Some(folder) = history.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        // A history that cannot be kept is forgotten.
        let _ = self.lines.append_history(history);
    }
}

struct Help {
    names: Names,
}

impl Helper for Help {}
impl Highlighter for Help {}
impl Hinter for Help {
    type Hint = String;
}

impl Completer for Help {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _context: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete(line, cursor, &self.names.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Validator for Help {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let is_whole = text.trim_start().starts_with('.') || is_blank(text) || is_blank(split(text).rest);
        Ok(if is_whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}
