//! Ctrl-C: the first ends the command at its next pause, or after a second; the second ends it at once.
//!
//! A command is ended by dropping its future. That is safe at any await: what is durable becomes visible by one swap
//! of a ref, which either happened or did not (rule T1). Where no pause comes within a second the process leaves, which
//! is safe at any moment for the same reason; only files under temporary names in the user's folders are removed
//! first. Signals are heard on a thread of their own, because every thread of the runtime may be busy with a step that
//! computes for minutes without a pause.

use std::future::Future;
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bywash_core::{Code, Error, Result};
use tokio::sync::watch;

use crate::render::error::{ErrorStyle, render};
use crate::render::unfinished;

/// The usual exit code of a program that Ctrl-C ended.
pub const INTERRUPTED: u8 = 130;
/// How long a command may take to its next pause.
const GRACE: Duration = Duration::from_secs(1);

/// How often Ctrl-C was pressed; the signal belongs to the whole process, and so do all of these.
static PRESSES: OnceLock<watch::Sender<u64>> = OnceLock::new();
/// What Ctrl-C would end: [`NOTHING`], [`STATEMENT`] or [`COMMAND`].
static AT_WORK: AtomicU8 = AtomicU8::new(NOTHING);
/// What remains of the command that is at work when it is stopped.
static KEPT: Mutex<Option<String>> = Mutex::new(None);
/// How the end is told, until it was.
static STYLE: Mutex<Option<ErrorStyle>> = Mutex::new(None);

/// A line is being typed.
const NOTHING: u8 = 0;
/// One statement of the shell, which goes on after it.
const STATEMENT: u8 = 1;
/// All of the program.
const COMMAND: u8 = 2;

/// Tells the end of a stopped command this way.
pub fn install(style: ErrorStyle) {
    *lock(&STYLE) = Some(style);
}

/// What remains when the command that is at work is stopped, as a whole hint.
pub fn keeps(what: impl Into<String>) {
    *lock(&KEPT) = Some(what.into());
}

/// Runs a command to its end or to the first Ctrl-C.
///
/// # Errors
/// Those of the command, and `cancelled`.
pub async fn stop_on_ctrl_c<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    stop_at_work(COMMAND, command).await
}

/// Runs one statement of the shell to its end or to Ctrl-C; a second Ctrl-C ends the shell where the first does not
/// end the statement.
///
/// # Errors
/// Those of the statement, and `cancelled`.
pub async fn stop_statement_on_ctrl_c<T>(statement: impl Future<Output = Result<T>>) -> Result<T> {
    stop_at_work(STATEMENT, statement).await
}

async fn stop_at_work<T>(work: u8, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut presses = PRESSES.get_or_init(listen).subscribe();
    let pressed = async {
        if presses.changed().await.is_err() {
            // Signals cannot be heard.
            std::future::pending::<()>().await;
        }
    };
    AT_WORK.store(work, Ordering::Relaxed);
    let ended = tokio::select! {
        biased;
        result = future => result,
        () = pressed => Err(stopped()),
    };
    if work == STATEMENT {
        AT_WORK.store(NOTHING, Ordering::Relaxed);
    }
    ended
}

/// The error of a command that was stopped.
fn stopped() -> Error {
    let kept = lock(&KEPT).clone();
    Error::new(Code::Cancelled, "stopped by Ctrl-C").hint(kept.unwrap_or_else(|| {
        "nothing half-done was published; finished work is kept, so the same command goes on from there".to_owned()
    }))
}

/// Tells that the command was stopped, unless that is told already.
pub fn tell(error: &Error) {
    let mut style = lock(&STYLE);
    if let Some(style) = style.take() {
        // There is nobody else to tell.
        let _ = std::io::stderr().lock().write_all(render(error, style).as_bytes());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
                if let Some(signal) = signal {
                    hear(signal, &presses).await;
                }
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

async fn hear(mut signal: Signal, presses: &watch::Sender<u64>) {
    while signal.recv().await.is_some() {
        presses.send_modify(|count| *count += 1);
        let work = AT_WORK.load(Ordering::Relaxed);
        if work == NOTHING {
            continue;
        }
        let again = tokio::time::timeout(GRACE, signal.recv()).await.is_ok();
        match AT_WORK.load(Ordering::Relaxed) {
            COMMAND => leave(),
            STATEMENT if again => leave(),
            STATEMENT => {
                let _ = writeln!(
                    std::io::stderr().lock(),
                    "the statement makes no pause to stop at; Ctrl-C twice ends the shell"
                );
            }
            _ => {}
        }
    }
}

/// Ends the process where it stands.
fn leave() -> ! {
    unfinished::remove_all();
    tell(&stopped());
    #[expect(clippy::disallowed_methods, reason = "destructors are what an end without a pause cannot wait for")]
    std::process::exit(i32::from(INTERRUPTED))
}
