//! Ctrl-C: the first ends the command between two steps, the second ends the process.
//!
//! A command is ended by dropping its future. That is safe at any await: what is durable becomes visible by one swap
//! of a ref, which either happened or did not (rule T1). Signals are heard on a thread of their own, because every
//! thread of the runtime may be busy with a step that computes for minutes without a pause.

use std::future::Future;
use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bywash_core::{Code, Error, Result};
use tokio::sync::watch;

/// The usual exit code of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;
/// After this a command that has not ended yet is asked for patience.
const LONG: Duration = Duration::from_secs(2);

/// How often Ctrl-C was pressed; the signal belongs to the whole process, and so does this.
static PRESSES: OnceLock<watch::Sender<u64>> = OnceLock::new();
/// A part of the command answers Ctrl-C itself, since it knows more.
static IN_PART: AtomicBool = AtomicBool::new(false);
/// The next but one Ctrl-C ends the process. The shell, where each stops one statement, leaves it off.
static SECOND_ENDS: AtomicBool = AtomicBool::new(false);

/// Runs a command to its end or to the first Ctrl-C.
///
/// # Errors
/// Those of the command, and `cancelled`.
pub async fn stop_on_ctrl_c<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    SECOND_ENDS.store(true, Ordering::Relaxed);
    let _ = PRESSES.get_or_init(listen);
    tokio::select! {
        biased;
        result = command => result,
        () = ctrl_c_outside_parts() => Err(stopped()),
    }
}

/// The error of a command that was stopped.
#[must_use]
pub fn stopped() -> Error {
    Error::new(Code::Cancelled, "stopped by Ctrl-C").hint("nothing half-done was published")
}

/// Runs a part of a command to its end or to the first Ctrl-C; then `told` says what the part leaves.
///
/// # Errors
/// Those of the part, and `cancelled`.
pub async fn stop_part<T>(part: impl Future<Output = Result<T>>, told: impl AsyncFnOnce(Error) -> Error) -> Result<T> {
    IN_PART.store(true, Ordering::Relaxed);
    let ended = tokio::select! {
        biased;
        result = part => Some(result),
        () = ctrl_c() => None,
    };
    let result = match ended {
        Some(result) => result,
        None => Err(told(stopped()).await),
    };
    IN_PART.store(false, Ordering::Relaxed);
    result
}

/// Waits for a Ctrl-C that no part of the command answers.
async fn ctrl_c_outside_parts() {
    loop {
        ctrl_c().await;
        if !IN_PART.load(Ordering::Relaxed) {
            return;
        }
    }
}

/// Waits for the next Ctrl-C; forever where signals cannot be heard.
pub async fn ctrl_c() {
    let mut presses = PRESSES.get_or_init(listen).subscribe();
    if presses.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn listen() -> watch::Sender<u64> {
    let sender = watch::Sender::new(0);
    let presses = sender.clone();
    let (ready, listening) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        // Without a runtime for signals Ctrl-C does what it does by itself: it ends the process.
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            runtime.block_on(async {
                let signal = signal();
                drop(ready);
                count(signal, &presses).await;
            });
        }
    });
    // A signal that comes before somebody listens would end the process.
    let _ = listening.recv();
    sender
}

type Signal = tokio::signal::unix::Signal;

fn signal() -> Option<Signal> {
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt()).ok()
}

async fn count(signal: Option<Signal>, presses: &watch::Sender<u64>) {
    let Some(mut signal) = signal else { return };
    while signal.recv().await.is_some() {
        presses.send_modify(|count| *count += 1);
        if !SECOND_ENDS.load(Ordering::Relaxed) {
            continue;
        }
        if tokio::time::timeout(LONG, signal.recv()).await.is_err() {
            let _ = writeln!(std::io::stderr().lock(), "stopping; Ctrl-C again ends it at once");
            signal.recv().await;
        }
        #[expect(clippy::disallowed_methods, reason = "destructors are what the second Ctrl-C does not wait for")]
        std::process::exit(INTERRUPTED);
    }
}
