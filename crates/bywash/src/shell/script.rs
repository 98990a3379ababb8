//! A text piped into `bywash query`: its statements and dot commands, one after another, up to the first that fails,
//! since what follows may stand on it.

use std::io::BufRead;
use std::path::Path;

use bywash_core::{Error, Result};

use super::runner::SqlRunner;
use super::session::{Next, Session};
use super::statements::{is_blank, split};
use crate::arguments::OutputFlags;
use crate::context::Context;

/// Runs everything that `input` gives; the last statement needs no `;`.
///
/// # Errors
/// The first failure.
pub async fn run_script(
    context: &Context,
    runner: &dyn SqlRunner,
    output: &OutputFlags,
    input: impl BufRead,
) -> Result<()> {
    let mut session = Session::new(context, runner, output);
    let mut text = String::new();
    for line in input.lines() {
        let line = line.map_err(|error| Error::io("read", Path::new("standard input"), &error))?;
        if is_blank(&text) && line.trim_start().starts_with('.') {
            text.clear();
            if session.dot_command(&line).await? == Next::Leave {
                return Ok(());
            }
            continue;
        }
        text.push_str(&line);
        text.push('\n');
        let found = split(&text);
        for statement in &found.complete {
            session.statement(statement).await?;
        }
        text = found.rest.to_owned();
    }
    session.statement(text.trim()).await
}
