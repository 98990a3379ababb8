//! The line editor: history in a file, Tab completes, and lines are asked for until the statement ends with `;`.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use rustyline::completion::Completer;
use rustyline::config::{CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Editor as LineEditor, Helper};

use bywash_core::{Error, Result};

use super::completion::complete;
use super::dot_command::is_command;
use super::runner::KnownTable;
use super::statements::{is_blank, split};

const REMEMBERED: usize = 10_000;
const PROMPT: &str = "bywash> ";
/// While a statement has not ended.
const GO_ON: &str = "   ...> ";

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
    known: Shared,
}

/// What Tab knows.
#[derive(Default)]
struct Known {
    /// The tables, renewed between statements.
    tables: Vec<KnownTable>,
    /// The lines of the statement above the one that is typed.
    before: String,
}

type Shared = Arc<RwLock<Known>>;

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
        let known = Shared::default();
        lines.set_helper(Some(Help { known: Arc::clone(&known) }));
        // A history that is not there, or cannot be read, is an empty one.
        let _ = lines.load_history(history);
        Ok(Self { lines, known })
    }

    /// Makes these tables known to Tab.
    pub(super) fn know(&self, tables: Vec<KnownTable>) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).tables = tables;
    }

    /// Waits for a command or for statements.
    pub(super) fn read(&mut self) -> Result<Typed> {
        let mut text = String::new();
        loop {
            self.known.write().unwrap_or_else(PoisonError::into_inner).before.clone_from(&text);
            let prompt = if text.is_empty() { PROMPT } else { GO_ON };
            match self.lines.readline(prompt) {
                Ok(line) => text.push_str(&line),
                Err(ReadlineError::Interrupted) => return Ok(Typed::GivenUp),
                Err(ReadlineError::Eof) => return Ok(Typed::End),
                Err(ReadlineError::Io(error)) => return Err(Error::io("read from", Path::new("the terminal"), &error)),
                Err(error) => return Err(Error::bug("the terminal cannot be read").caused_by(error)),
            }
            if is_whole(&text) {
                // Text that history refuses is not worth an error.
                let _ = self.lines.add_history_entry(text.trim());
                return Ok(Typed::Text(text));
            }
            text.push('\n');
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

/// Whether nothing more is to be waited for.
fn is_whole(text: &str) -> bool {
    is_command(text) || is_blank(text) || is_blank(split(text).rest)
}

struct Help {
    known: Shared,
}

impl Helper for Help {}
impl Highlighter for Help {}
impl Validator for Help {}
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
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (begin, found) = complete(&format!("{}{line}", known.before), known.before.len() + cursor, &known.tables);
        Ok((begin.saturating_sub(known.before.len()), found))
    }
}
