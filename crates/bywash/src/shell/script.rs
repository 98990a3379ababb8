//! A text piped into `bywash query`: its statements and dot commands, one after another, up to the first that fails,
//! since what follows may stand on it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use bywash_core::{Error, Result};
use tokio::sync::mpsc;

use super::dot_command::is_command;
use super::runner::SqlRunner;
use super::session::{Next, Session};
use super::statements::{is_blank, split};
use crate::arguments::OutputFlags;
use crate::context::Context;

/// Lines that may wait while a statement runs.
const LINES_AHEAD: usize = 64;

/// Runs everything that `input` gives; the last statement needs no `;`.
///
/// # Errors
/// The first failure.
pub async fn run_script(
    context: &Context,
    runner: &dyn SqlRunner,
    output: &OutputFlags,
    input: impl Read + Send + 'static,
) -> Result<()> {
    let mut session = Session::new(context, runner, output);
    let mut lines = lines_of(input);
    let mut text = String::new();
    while let Some(line) = lines.recv().await {
        let line = line.map_err(|error| Error::io("read", Path::new("standard input"), &error))?;
        if is_blank(&text) && is_command(&line) {
            text.clear();
            if session.dot_command(&line).await? == Next::Leave {
                return Ok(());
            }
            continue;
        }
        text.push_str(&line);
        text.push('\n');
        if !line.contains(';') {
            continue;
        }
        let found = split(&text);
        for statement in &found.complete {
            session.statement(statement).await?;
        }
        text = found.rest.to_owned();
    }
    session.statement(text.trim()).await
}

/// Read on a thread of its own, which nobody waits for: Ctrl-C must work while a pipe is silent.
fn lines_of(input: impl Read + Send + 'static) -> mpsc::Receiver<std::io::Result<String>> {
    let (sender, receiver) = mpsc::channel(LINES_AHEAD);
    std::thread::spawn(move || {
        for line in BufReader::new(input).lines() {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
