//! A run and its guard, from the fork until nothing is left of them.

use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pair;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bywash_core::Result;
use serde::Serialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

use super::Log;
use super::bounds::Bounds;
use super::frames::{receive, send};
use super::lines::{Tail, forward};
use super::words::{Begin, Done, Ended, Failure, Said, Written};
use crate::handover::Unsealed;
use crate::{Level, LogLine, Stream};

/// How long a guard has to end what is left, and lines to arrive that were written before.
const LONGEST_END: Duration = Duration::from_secs(10);

/// A run: what it says, what it writes, and its guard.
///
/// Dropped, the guard sees its socket close and ends every process of the run.
#[derive(Debug)]
pub(super) struct Session {
    call: UnixStream,
    guard: UnixStream,
    lines: Vec<JoinHandle<io::Result<()>>>,
    pub(super) tail: Tail,
    pub(super) bounds: Bounds,
}

/// Files that a run writes, by the names of their tables.
type NamedFiles = Vec<(String, Unsealed)>;

/// What a run told before it ended.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) begin: Option<(Instant, Begin)>,
    pub(super) done: Option<Done>,
    pub(super) failure: Option<Failure>,
    /// The files that it was given to write.
    pub(super) files: NamedFiles,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum End {
    By(Ended),
    /// It took longer than it may.
    Late,
    /// Its guard is gone: somebody killed it.
    Unknown,
}

/// This process's ends of what connects it with a run and its guard.
pub(super) struct Pipes {
    stdout: PipeReader,
    stderr: PipeReader,
    call: Pair,
    guard: Pair,
}

impl Pipes {
    /// With the ends that the guard and its run get.
    pub(super) fn new() -> io::Result<(Self, [OwnedFd; 4])> {
        let (guard, their_guard) = Pair::pair()?;
        let (call, their_call) = Pair::pair()?;
        let (stdout, their_stdout) = io::pipe()?;
        let (stderr, their_stderr) = io::pipe()?;
        guard.set_nonblocking(true)?;
        call.set_nonblocking(true)?;
        let descriptors = [their_guard.into(), their_call.into(), their_stdout.into(), their_stderr.into()];
        Ok((Self { stdout, stderr, call, guard }, descriptors))
    }

    /// Begins to listen.
    pub(super) fn listen(self, bounds: Bounds, log: &Log) -> io::Result<Session> {
        let tail = Tail::default();
        let lines = vec![
            tokio::spawn(forward(self.stdout, Stream::Stdout, Arc::clone(log), Tail::default())),
            tokio::spawn(forward(self.stderr, Stream::Stderr, Arc::clone(log), Arc::clone(&tail))),
        ];
        let (call, guard) = (UnixStream::from_std(self.call)?, UnixStream::from_std(self.guard)?);
        Ok(Session { call, guard, lines, tail, bounds })
    }
}

impl Session {
    /// Says something to the run.
    pub(super) async fn say(&mut self, message: &impl Serialize, descriptors: &[OwnedFd]) -> io::Result<()> {
        send(&mut self.call, message, descriptors).await
    }

    /// Listens until the run is done, fails, is ready for more, or ends.
    pub(super) async fn listen(&mut self, spill: &Path, log: &Log) -> Result<Told> {
        let mut told = Told::default();
        loop {
            // What is no message of ours is like an end: the function wrote into the socket.
            match receive::<Said>(&mut self.call).await.unwrap_or(None) {
                None => return Ok(told),
                Some(Said::Log { level, text }) => log(LogLine { stream: Stream::Logging(level_of(level)), text }),
                Some(Said::Begin(begin)) => told.begin = Some((Instant::now(), begin)),
                Some(Said::Ready(import)) => {
                    told.begin = Some((Instant::now(), Begin { import, decode: 0.0 }));
                    return Ok(told);
                }
                Some(Said::Outputs(names)) => {
                    let (writers, files) = open(spill, names)?;
                    told.files = files;
                    if self.say(&serde_json::Map::new(), &writers).await.is_err() {
                        return Ok(told);
                    }
                }
                Some(Said::Done(done)) => {
                    told.done = Some(done);
                    return Ok(told);
                }
                Some(Said::Failed(failure)) => {
                    told.failure = Some(failure);
                    return Ok(told);
                }
            }
        }
    }

    /// Waits for the end of the run, which comes by itself.
    pub(super) async fn wait(&mut self) -> End {
        match receive::<Ended>(&mut self.guard).await {
            Ok(Some(ended)) => End::By(ended),
            _ => End::Unknown,
        }
    }

    /// Ends the run; it writes first where it is.
    pub(super) async fn stop(&mut self) {
        if self.guard.write_all(b"w").await.is_ok() {
            drop(tokio::time::timeout(LONGEST_END, self.wait()).await);
        }
    }

    /// Waits until nothing is left of the run, and every line that it wrote has arrived.
    pub(super) async fn finish(&mut self) {
        self.bounds.group.kill();
        for lines in &mut self.lines {
            drop(tokio::time::timeout(LONGEST_END, lines).await);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for lines in &self.lines {
            lines.abort();
        }
    }
}

/// Files for these tables: the ends that the run writes, and what stays here.
fn open(spill: &Path, names: Vec<String>) -> Result<(Vec<OwnedFd>, NamedFiles)> {
    let mut writers = Vec::new();
    let mut files = Vec::new();
    for name in names.into_iter().take(super::frames::MOST_DESCRIPTORS) {
        let (writer, file) = Unsealed::new(spill)?;
        writers.push(writer.into());
        files.push((name, file));
    }
    Ok((writers, files))
}

impl Told {
    /// The file of a table that was written.
    pub(super) fn take(&mut self, written: &Written) -> Option<Unsealed> {
        let place = self.files.iter().position(|(name, _)| *name == written.name)?;
        Some(self.files.swap_remove(place).1)
    }
}

fn level_of(level: u32) -> Level {
    match level {
        0..20 => Level::Debug,
        20..30 => Level::Info,
        30..40 => Level::Warning,
        _ => Level::Error,
    }
}
