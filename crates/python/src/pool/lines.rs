//! What a function writes to its standard streams, line by line.

use std::collections::VecDeque;
use std::io::{self, PipeReader};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::unix::pipe::Receiver;

use super::Log;
use crate::{LogLine, Stream};

/// A line longer than this is cut: nobody reads it, and it has to fit into memory.
const LONGEST: usize = 64 * 1024;

/// How many lines are kept for telling where a process died.
const KEPT: usize = 200;

/// The last lines of a stream.
pub(super) type Tail = Arc<Mutex<VecDeque<String>>>;

/// Reads until every process that could write has ended.
pub(super) async fn forward(pipe: PipeReader, stream: Stream, log: Log, tail: Tail) -> io::Result<()> {
    let mut reader = BufReader::new(Receiver::from_owned_fd(pipe.into())?);
    let mut line = Vec::new();
    loop {
        let part = reader.fill_buf().await?;
        let (used, is_whole) = match part.iter().position(|byte| *byte == b'\n') {
            Some(end) => (end + 1, true),
            None => (part.len(), part.is_empty()),
        };
        let is_end = part.is_empty();
        line.extend_from_slice(part.get(..used).unwrap_or_default());
        reader.consume(used);
        if is_whole || line.len() >= LONGEST {
            if !is_end || !line.is_empty() {
                let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
                keep(&tail, &text);
                log(LogLine { stream, text });
            }
            line.clear();
        }
        if is_end {
            return Ok(());
        }
    }
}

fn keep(tail: &Tail, text: &str) {
    let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
    if tail.len() == KEPT {
        tail.pop_front();
    }
    tail.push_back(text.to_owned());
}
