//! Work on chunks by several threads, with results in the order of the chunks.
//!
//! Whoever is free takes the next chunk from the source under a lock (cutting is far cheaper than parsing), so
//! there is no thread that only feeds others. A source that ends with its first chunk never starts a thread.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use bywash_core::{Code, Error, Result};

use super::limits::CHUNK_BYTES;
use super::text::{Chunk, Source};

/// What is done with each chunk.
pub(crate) trait Work: Send + 'static {
    /// What a chunk becomes.
    type Output: Send + 'static;

    /// Works on one chunk.
    fn work(&mut self, chunk: Chunk) -> Self::Output;
}

/// The results of working on every chunk of a source.
pub(crate) struct Ordered<W: Work> {
    feed: Arc<Mutex<Feed>>,
    /// One for the calling thread, and one for each other; those are taken when the threads start.
    workers: Vec<W>,
    running: Option<Running<W::Output>>,
    first: bool,
    ended: bool,
    next: u64,
}

/// The source and the number of its next chunk.
struct Feed {
    source: Box<dyn Source>,
    number: u64,
    ended: bool,
}

type Numbered<T> = (u64, Result<T>);

struct Running<T> {
    results: Receiver<Numbered<T>>,
    early: BTreeMap<u64, Result<T>>,
    threads: Vec<JoinHandle<()>>,
}

impl Feed {
    fn next(&mut self) -> Option<(u64, Result<Chunk>)> {
        if self.ended {
            return None;
        }
        let chunk = self.source.next();
        self.ended = !matches!(chunk, Ok(Some(_)));
        let number = self.number;
        self.number += 1;
        chunk.transpose().map(|chunk| (number, chunk))
    }
}

impl<W: Work> Ordered<W> {
    /// Lets `workers`, one and one more for each thread to start, work on the chunks of `source`.
    pub(crate) fn new(source: Box<dyn Source>, workers: Vec<W>) -> Self {
        let feed = Arc::new(Mutex::new(Feed { source, number: 0, ended: false }));
        Self { feed, workers, running: None, first: true, ended: false, next: 0 }
    }

    /// What the source noticed.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner).source.warnings()
    }

    /// Whether the source holds more than it gave.
    pub(crate) fn was_cut(&self) -> bool {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner).source.was_cut()
    }

    fn take_chunk(&self) -> Option<(u64, Result<Chunk>)> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Works here, on the calling thread.
    fn here(&mut self) -> Option<Result<W::Output>> {
        let (number, chunk) = self.take_chunk()?;
        self.next = number + 1;
        let worker = self.workers.first_mut()?;
        Some(chunk.map(|chunk| worker.work(chunk)))
    }

    /// Works on the first chunk here while, if there are more, threads begin with the others.
    fn first(&mut self) -> Option<Result<W::Output>> {
        let (number, chunk) = self.take_chunk()?;
        self.next = number + 1;
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return Some(Err(error)),
        };
        let mut worker = self.workers.pop()?;
        if !self.workers.is_empty() && chunk.bytes().len() >= CHUNK_BYTES / 2 {
            if let Err(error) = self.start() {
                return Some(Err(error));
            }
        } else {
            self.workers.truncate(0);
        }
        let output = worker.work(chunk);
        self.workers.push(worker);
        Some(Ok(output))
    }

    fn start(&mut self) -> Result<()> {
        let (sender, results) = sync_channel(self.workers.len() + 1);
        let workers = self.workers.drain(..);
        let threads: Vec<_> = workers.filter_map(|worker| spawn(&self.feed, worker, sender.clone())).collect();
        if threads.is_empty() {
            return Err(Error::new(Code::MemoryLimit, "no thread can be started to read files")
                .hint("allow this user more threads"));
        }
        self.running = Some(Running { results, early: BTreeMap::new(), threads });
        Ok(())
    }
}

fn spawn<W: Work>(
    feed: &Arc<Mutex<Feed>>,
    mut worker: W,
    sender: SyncSender<Numbered<W::Output>>,
) -> Option<JoinHandle<()>> {
    let feed = Arc::clone(feed);
    let run = move || loop {
        let taken = feed.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some((number, chunk)) = taken else { return };
        let result = chunk.map(|chunk| worker.work(chunk));
        if sender.send((number, result)).is_err() {
            return;
        }
    };
    std::thread::Builder::new().name("bywash-read".to_owned()).spawn(run).ok()
}

impl<T> Running<T> {
    /// The result with this number; `None` when every thread has ended without it.
    fn result(&mut self, number: u64) -> Option<Result<T>> {
        loop {
            if let Some(result) = self.early.remove(&number) {
                return Some(result);
            }
            match self.results.recv() {
                Ok((arrived, result)) => {
                    self.early.insert(arrived, result);
                }
                Err(_) => return self.ending(),
            }
        }
    }

    /// A thread that panicked took its chunk with it: that must not look like the end of the file.
    fn ending(&mut self) -> Option<Result<T>> {
        let lost = self.threads.drain(..).map(JoinHandle::join).filter(std::result::Result::is_err).count();
        let gap = !self.early.is_empty();
        (lost > 0 || gap).then(|| Err(Error::bug("a thread that reads files ended before its work")))
    }
}

impl<W: Work> Iterator for Ordered<W> {
    type Item = Result<W::Output>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let result = if std::mem::take(&mut self.first) {
            self.first()
        } else if let Some(running) = &mut self.running {
            let number = self.next;
            self.next += 1;
            running.result(number)
        } else {
            self.here()
        };
        self.ended = !matches!(result, Some(Ok(_)));
        result
    }
}

impl<W: Work> Drop for Ordered<W> {
    fn drop(&mut self) {
        let Some(Running { results, threads, .. }) = self.running.take() else { return };
        drop(results);
        for thread in threads {
            // A panic was either reported or concerns rows that nobody wants any more.
            drop(thread.join());
        }
    }
}
