//! How a call that failed is told: one sentence, where in the project's files, and what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use bywash_core::{Code, Error, Place, format_bytes, format_duration};

use super::bounds::Bounds;
use super::session::{End, Session};
use super::words::{Ended, Failure, FailureKind, Frame};

const OUT_OF_MEMORY: &str =
    "the system may be out of memory: run fewer functions at once, or give them limits by `memory=`";

/// The call that failed.
pub(super) struct Failed<'a> {
    pub(super) function: &'a str,
    pub(super) project: &'a Path,
    pub(super) file: &'a Path,
    pub(super) session: &'a Session,
}

impl Failed<'_> {
    /// The function could still say what happened.
    pub(super) fn by_failure(&self, failure: Failure) -> Error {
        let function = self.function;
        let bounds = &self.session.bounds;
        let is_refused = failure.message.starts_with("BlockingIOError") || failure.message.contains("start new thread");
        let error = match failure.kind {
            FailureKind::Memory => out_of_memory(function, bounds).caused_by(&failure.message),
            FailureKind::Exception if bounds.group.ran_out_of_processes() || is_refused => {
                out_of_processes(function, bounds).caused_by(&failure.message)
            }
            FailureKind::Exception => {
                Error::new(Code::PythonException, format!("`{function}` raised {}", failure.message))
            }
            FailureKind::Columns => Error::new(Code::PythonColumns, failure.message),
        };
        let error = failure.hints.into_iter().fold(error, Error::hint);
        let error = match failure.frames.is_empty() {
            true => error.at(Place::file(self.file)),
            false => error,
        };
        // The one that raised first: it is shown with its line.
        failure.frames.iter().rev().fold(error, |error, frame| error.at(self.place(frame)))
    }

    /// It could not.
    pub(super) fn by_end(&self, end: End) -> Error {
        let function = self.function;
        let bounds = &self.session.bounds;
        let error = match end {
            End::Late => {
                let limit = bounds.limits.timeout.map(format_duration).unwrap_or_default();
                Error::new(
                    Code::PythonLimit,
                    format!("`{function}` took longer than its `timeout` of {limit}, and was ended"),
                )
                .hint("raise `timeout=` in the decorator, or look where it was: its last lines in the log say so")
            }
            _ if bounds.group.ran_out_of_memory() => out_of_memory(function, bounds),
            End::By(Ended::Signal(signal)) if bounds.group.ran_out_of_processes() && signal != libc_segv() => {
                out_of_processes(function, bounds)
            }
            End::By(Ended::Signal(signal)) => {
                let message = format!("the process of `{function}` crashed: {}", signal_name(signal));
                Error::new(Code::PythonCrashed, message).hint(match signal == libc_kill() {
                    true => OUT_OF_MEMORY,
                    false => {
                        "a package with native code did this; run the function in a test, or try another version of it"
                    }
                })
            }
            End::By(Ended::Code(code)) => {
                let message = format!("the process of `{function}` ended itself with code {code}");
                Error::new(Code::PythonCrashed, message).hint("return or raise instead of calling `os._exit`")
            }
            End::Unknown => {
                let message = format!("the processes of `{function}` were killed from outside");
                Error::new(Code::PythonCrashed, message).hint(OUT_OF_MEMORY)
            }
        };
        error.at(self.last_place().unwrap_or_else(|| Place::file(self.file)))
    }

    fn place(&self, frame: &Frame) -> Place {
        let text = fs::read_to_string(self.project.join(&frame.path)).ok();
        let place = match (text, frame.column) {
            // Python counts columns in bytes.
            (Some(text), Some(column)) => {
                let line =
                    text.lines().nth(usize::try_from(frame.line).unwrap_or(1).saturating_sub(1)).unwrap_or_default();
                let characters = |bytes: u64| {
                    let end = usize::try_from(bytes).unwrap_or(usize::MAX).min(line.len());
                    String::from_utf8_lossy(line.as_bytes().get(..end).unwrap_or_default()).chars().count() as u64
                };
                let begin = characters(column.saturating_sub(1));
                let end = frame.length.map_or(begin + 1, |length| characters(column.saturating_sub(1) + length));
                Place::span(&frame.path, text.into(), frame.line, begin + 1, end.saturating_sub(begin))
            }
            _ => Place::line(&frame.path, frame.line),
        };
        if frame.name.is_empty() { place } else { place.labelled(format!("in `{}`", frame.name)) }
    }

    /// Where the process was when it died, as Python writes it to standard error, innermost first.
    fn last_place(&self) -> Option<Place> {
        let tail = self.session.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = tail.iter().rposition(|line| line.contains("(most recent call first):"))?;
        tail.iter().skip(begin).find_map(|line| {
            let (path, rest) = line.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
            let number = rest.split(' ').next()?.parse().ok()?;
            let path = PathBuf::from(path);
            Some(Place::line(path.strip_prefix(self.project).ok()?, number))
        })
    }
}

fn out_of_memory(function: &str, bounds: &Bounds) -> Error {
    match bounds.limits.memory {
        Some(limit) => {
            let limit = format_bytes(limit);
            Error::new(Code::PythonLimit, format!("`{function}` needs more memory than the {limit} that it may take"))
                .hint(
                    "raise `memory=` in the decorator; inputs annotated as `pa.RecordBatchReader` come batch by batch",
                )
        }
        None => Error::new(Code::PythonLimit, format!("`{function}` needs more memory than there is"))
            .hint("inputs annotated as `pa.RecordBatchReader` come batch by batch, and a generator returns them so"),
    }
}

fn out_of_processes(function: &str, bounds: &Bounds) -> Error {
    let limit = bounds.processes;
    Error::new(
        Code::PythonLimit,
        format!("`{function}` started more than the {limit} processes and threads that it may have"),
    )
    .hint("let it start fewer; libraries start as many threads as `cpus=` in the decorator says")
}

fn libc_segv() -> i32 {
    nix::sys::signal::Signal::SIGSEGV as i32
}

fn libc_kill() -> i32 {
    nix::sys::signal::Signal::SIGKILL as i32
}

fn signal_name(signal: i32) -> String {
    use nix::sys::signal::Signal;
    match Signal::try_from(signal) {
        Ok(Signal::SIGSEGV) => "it used memory that is not its own (segmentation fault)".to_owned(),
        Ok(Signal::SIGBUS) => "it read behind the end of a file (bus error)".to_owned(),
        Ok(Signal::SIGABRT) => "a library gave up (abort)".to_owned(),
        Ok(Signal::SIGKILL) => "it was killed".to_owned(),
        Ok(Signal::SIGSYS) => "it called something of the system that it may not".to_owned(),
        Ok(other) => format!("it ended by {other}"),
        Err(_) => format!("it ended by signal {signal}"),
    }
}
