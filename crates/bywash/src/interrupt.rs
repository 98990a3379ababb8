//! Ctrl-C: the first ends the command between two steps, the second ends the process.
//!
//! A command is ended by dropping its future. That is safe at any await: what is durable becomes visible by one swap
//! of a ref, which either happened or did not (rule T1).

use std::future::Future;
use std::io::Write;
use std::time::Duration;

use bywash_core::{Code, Error, Result};
use tokio::sync::oneshot;

/// The usual exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
/// After this a command that has not ended yet is asked for patience.
const LONG: Duration = Duration::from_secs(1);

/// Runs a command to its end or to the first Ctrl-C.
///
/// # Errors
/// Those of the command, and `cancelled`.
pub async fn stop_on_ctrl_c<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let (stop, asked_to_stop) = oneshot::channel();
    let watcher = tokio::spawn(watch(stop));
    let result = tokio::select! {
        biased;
        result = command => result,
        Ok(()) = asked_to_stop => Err(stopped()),
    };
    watcher.abort();
    result
}

/// The error of a command that was stopped.
#[must_use]
pub fn stopped() -> Error {
    Error::new(Code::Cancelled, "stopped by Ctrl-C")
        .hint("nothing half-done was published; finished work is kept, so the same command goes on from there")
}

/// Waits for Ctrl-C; forever where signals cannot be heard.
pub async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// A task of its own, so that the second Ctrl-C is heard also while the command computes without a pause.
async fn watch(stop: oneshot::Sender<()>) {
    ctrl_c().await;
    // Nobody listens when the command has just ended by itself.
    let _ = stop.send(());
    if tokio::time::timeout(LONG, ctrl_c()).await.is_err() {
        let _ = writeln!(std::io::stderr().lock(), "stopping; Ctrl-C again ends it at once");
        ctrl_c().await;
    }
    #[expect(clippy::disallowed_methods, reason = "destructors are what the second Ctrl-C does not wait for")]
    std::process::exit(INTERRUPTED);
}
