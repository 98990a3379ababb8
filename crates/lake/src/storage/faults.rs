//! Crashes, failures and barriers for tests; without their settings they cost one atomic load.
//!
//! Every durable step (put, fsync, transaction) passes [`durable_step`] right before and right after it happens. The
//! steps of a process are numbered from 1. `BYWASH_FAULT_KILL_AT=n` kills the process at step `n` with a signal that
//! nothing can catch; `BYWASH_FAULT_TEAR_AT=n` does so with half of a file written; `BYWASH_FAULT_FAIL_AT=n` fails the
//! step: before it happens, or when it has happened and its answer is lost. `BYWASH_FAULT_LOG=path` writes `n phase kind
//! detail` for each step; `BYWASH_FAULT_BARRIER=name:path` holds the process at that barrier until `path.go` exists.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

const PHASES: [&str; 4] = ["start", "load", "write", "publish"];

static STEPS: AtomicU64 = AtomicU64::new(0);
static PHASE: AtomicU8 = AtomicU8::new(0);

struct Faults {
    kill_at: Option<u64>,
    tear_at: Option<u64>,
    fail_at: Option<u64>,
    log: Option<Mutex<File>>,
    barrier: Option<(String, PathBuf)>,
}

/// The settings; `None` when none is given.
fn faults() -> Option<&'static Faults> {
    static FAULTS: OnceLock<Option<Faults>> = OnceLock::new();
    FAULTS.get_or_init(read_settings).as_ref()
}

fn read_settings() -> Option<Faults> {
    let setting = |name: &str| std::env::var(format!("BYWASH_FAULT_{name}")).ok();
    let step = |name: &str| setting(name).and_then(|number| number.parse().ok());
    let (kill_at, tear_at, fail_at) = (step("KILL_AT"), step("TEAR_AT"), step("FAIL_AT"));
    let log = setting("LOG").and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok());
    let barrier = setting("BARRIER").and_then(|text| {
        let (name, path) = text.split_once(':')?;
        Some((name.to_owned(), PathBuf::from(path)))
    });
    let is_any = kill_at.or(tear_at).or(fail_at).is_some() || log.is_some() || barrier.is_some();
    is_any.then(|| Faults { kill_at, tear_at, fail_at, log: log.map(Mutex::new), barrier })
}

/// Says which part of a run the following steps belong to: `load`, `write` or `publish`; anything else is `start`.
pub fn enter_phase(name: &str) {
    let number = PHASES.iter().position(|phase| *phase == name).unwrap_or(0);
    PHASE.store(u8::try_from(number).unwrap_or(0), Ordering::Relaxed);
}

/// Passes one durable step that has no way to fail; call it right before and right after the step.
pub fn durable_step(kind: &str, detail: &str) {
    drop(failing_step(kind, detail));
}

/// Passes one durable step; call it right before and right after the step.
///
/// # Errors
/// A test wants the step to fail.
pub fn failing_step(kind: &str, detail: &str) -> io::Result<()> {
    let Some(faults) = faults() else { return Ok(()) };
    // The lock keeps the lines in the order of their numbers.
    let mut log = faults.log.as_ref().map(|log| log.lock().unwrap_or_else(PoisonError::into_inner));
    let number = STEPS.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(file) = &mut log {
        let phase = PHASES[usize::from(PHASE.load(Ordering::Relaxed))];
        // The log serves a test, which fails by itself if lines are missing.
        let _ = file.write_all(format!("{number} {phase} {kind} {detail}\n").as_bytes());
    }
    if faults.kill_at == Some(number) {
        kill_this_process();
    }
    if faults.fail_at == Some(number) {
        return Err(io::Error::other("a test wants this to fail"));
    }
    Ok(())
}

/// Writes half of these bytes and dies, if a test wants the file torn whose step was passed last.
pub fn tear(file: &mut File, bytes: &[u8]) {
    if faults().is_some_and(|faults| faults.tear_at.is_some_and(|step| step <= STEPS.load(Ordering::SeqCst))) {
        // It dies either way.
        let _ = file.write_all(&bytes[..bytes.len() / 2]);
        kill_this_process();
    }
}

fn kill_this_process() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // The signal ends this thread too; nothing durable may happen in between.
    loop {
        std::thread::park();
    }
}

/// Waits here if the settings name this barrier: makes `path.reached`, then waits for `path.go`.
pub async fn barrier(name: &str) {
    let Some((_, path)) = faults().and_then(|faults| faults.barrier.as_ref()).filter(|(wanted, _)| wanted == name)
    else {
        return;
    };
    let beside = |suffix: &str| {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    // A test that never sees the file times out, which is what it should do.
    let _ = File::create(beside(".reached"));
    while !beside(".go").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
