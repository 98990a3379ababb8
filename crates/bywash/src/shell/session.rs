//! A person at the shell: read, run, show, again.

use std::path::Path;
use std::time::{Duration, Instant};

use bywash_core::{Code, Error, Result, format_duration, suggestion};

use super::dot_command::{DotCommand, HELP, is_command};
use super::editor::{Editor, Typed};
use super::runner::{Answer, KnownTable, SqlRunner};
use super::statements::{is_blank, split};
use crate::arguments::{Format, OutputFlags};
use crate::context::{Context, Verbosity};
use crate::interrupt::stop_statement_on_ctrl_c;
use crate::render::error::{ErrorStyle, render};
use crate::render::rows::write_stream;

/// How long a statement may keep Tab waiting for the names of tables.
const NAMES_PATIENCE: Duration = Duration::from_secs(2);

/// Runs the shell until its user leaves. `history` is the file of what was typed.
///
/// # Errors
/// The terminal cannot be read. Statements that fail are shown and end nothing.
pub async fn run_shell(context: &Context, runner: &dyn SqlRunner, output: &OutputFlags, history: &Path) -> Result<()> {
    let mut editor = Editor::open(history)?;
    let mut session = Session::new(context, runner, output);
    context.say("statements end with `;`, `.help` lists the commands of the shell, Ctrl-D leaves");
    loop {
        if let Ok(Ok(tables)) = tokio::time::timeout(NAMES_PATIENCE, runner.tables()).await {
            editor.know(tables);
        }
        match tokio::task::block_in_place(|| editor.read())? {
            Typed::Text(text) => {
                editor.remember(history);
                if session.take(&text).await == Next::Leave {
                    return Ok(());
                }
            }
            Typed::GivenUp => {}
            Typed::End => return Ok(()),
        }
    }
}

/// Whether the shell goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Stay,
    Leave,
}

/// What the shell remembers between lines.
pub(super) struct Session<'a> {
    context: &'a Context,
    runner: &'a dyn SqlRunner,
    format: Format,
    timing: bool,
}

impl<'a> Session<'a> {
    pub(super) fn new(context: &'a Context, runner: &'a dyn SqlRunner, output: &OutputFlags) -> Self {
        Self { context, runner, format: output.output.unwrap_or(Format::Table), timing: false }
    }

    /// Does what was typed and shows what went wrong.
    async fn take(&mut self, text: &str) -> Next {
        if is_command(text) {
            return self.dot_command(text).await.unwrap_or_else(|error| self.show(&error));
        }
        for statement in split(text).complete {
            if let Err(error) = self.statement(statement).await {
                return self.show(&error);
            }
        }
        Next::Stay
    }

    fn show(&self, error: &Error) -> Next {
        let style = ErrorStyle {
            paint: self.context.paint(),
            verbosity: self.context.verbosity.max(Verbosity::Normal),
            json: false,
        };
        // Errors are said also with `--quiet`.
        let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), render(error, style).as_bytes());
        Next::Stay
    }

    /// One statement to its end or to Ctrl-C.
    pub(super) async fn statement(&self, statement: &str) -> Result<()> {
        if is_blank(statement) {
            return Ok(());
        }
        let begin = Instant::now();
        let done = stop_statement_on_ctrl_c(self.run(statement)).await;
        if self.timing {
            self.context.say(format_duration(begin.elapsed()));
        }
        done
    }

    async fn run(&self, statement: &str) -> Result<()> {
        match self.runner.run(statement).await? {
            Answer::Rows { schema, rows, warnings } => {
                warnings.iter().for_each(|warning| self.context.warn(warning));
                let flags = OutputFlags { output: Some(self.format), to: None };
                write_stream(self.context, &flags, schema, rows).await.map(drop)
            }
            Answer::Changed(line) => {
                self.context.say(line);
                Ok(())
            }
        }
    }

    /// One command that begins with a dot.
    pub(super) async fn dot_command(&mut self, line: &str) -> Result<Next> {
        match DotCommand::parse(line)? {
            DotCommand::Help => {
                for (usage, meaning) in HELP {
                    self.context.say(format_args!("{usage:<16} {meaning}"));
                }
            }
            DotCommand::Tables(part) => {
                for table in self.runner.tables().await?.iter().filter(|table| table.name.contains(&part)) {
                    self.context.say(format_args!("{:<32} {}", table.name, table.kind));
                }
            }
            DotCommand::Schema(name) => {
                for (column, kind) in find(&self.runner.tables().await?, &name)?.columns {
                    self.context.say(format_args!("{column:<32} {kind}"));
                }
            }
            DotCommand::Timing => {
                self.timing = !self.timing;
                self.context.say(if self.timing { "timing is on" } else { "timing is off" });
            }
            DotCommand::Output(format) => {
                self.format = format;
                self.context.say(format_args!("results are shown as {}", format.name()));
            }
            DotCommand::Quit => return Ok(Next::Leave),
        }
        Ok(Next::Stay)
    }
}

/// The table of this full or bare name.
fn find(tables: &[KnownTable], name: &str) -> Result<KnownTable> {
    let is_meant = |table: &&KnownTable| {
        let (_, bare) = table.name.rsplit_once('.').unwrap_or(("", &table.name));
        table.name.eq_ignore_ascii_case(name) || bare.eq_ignore_ascii_case(name)
    };
    tables.iter().find(is_meant).cloned().ok_or_else(|| {
        Error::new(Code::UnknownTable, format!("there is no table `{name}`"))
            .maybe_hint(suggestion(name, tables.iter().map(|table| table.name.as_str())))
            .hint("`.tables` lists them")
    })
}
