//! Ctrl-C: the first ends the command between two steps, the second ends the process.
//!
//! A command is ended by dropping its future. That is safe at any await: what is durable becomes visible by one swap
//! of a ref, which either happened or did not (rule T1).

use std::future::Future;

use bywash_core::{Code, Error, Result};

/// The usual exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Runs a command to its end or to the first Ctrl-C.
///
/// # Errors
/// Those of the command, and `cancelled`.
pub async fn stop_on_ctrl_c<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        biased;
        result = command => result,
        () = ctrl_c() => {
            exit_on_second_ctrl_c();
            Err(stopped())
        }
    }
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

/// Threads that still work are given time to end; whoever does not want to wait presses Ctrl-C again.
fn exit_on_second_ctrl_c() {
    tokio::spawn(async {
        ctrl_c().await;
        #[expect(clippy::disallowed_methods, reason = "destructors are what the second Ctrl-C does not wait for")]
        std::process::exit(INTERRUPTED);
    });
}
