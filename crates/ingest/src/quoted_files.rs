//! Files that SQL names in quotes: `from 'data/x.csv'`, without a project, a load or a declaration.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use bywash_core::{Error, Result};
use bywash_engine::{Resolved, StreamTable};
use bywash_pipeline::lake_view::{FileOpener, iceberg_table, is_iceberg_table};
use bywash_pipeline::source::local_path;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::mpsc;

use crate::files::{self, ReadOptions};

/// Opens files relative to a folder.
pub struct QuotedFiles {
    folder: PathBuf,
    /// What a person should know of the files opened so far.
    warnings: Mutex<Vec<String>>,
}

impl QuotedFiles {
    /// Files relative to this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), warnings: Mutex::default() }
    }

    /// What a person should know of the files opened since the last call.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.lock_warnings())
    }

    fn lock_warnings(&self) -> MutexGuard<'_, Vec<String>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl FileOpener for QuotedFiles {
    /// Types come from the whole of the files, since a query cannot start again once it has given rows.
    async fn open(&self, path: &str) -> Result<Resolved> {
        let (folder, pattern) = (self.folder.clone(), local_path(path)?.to_owned());
        if is_iceberg_table(&pattern) {
            return iceberg_table(&folder.join(&pattern), path).await;
        }
        let options = ReadOptions::default();
        let work = move || {
            let found = files::find(&folder, &pattern)?;
            let typing = files::infer(&found, &options)?;
            Ok::<_, Error>((found, typing, options))
        };
        let (found, typing, options) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::bug("a reading thread ended without a result").caused_by(error))?
            .map_err(|error| explained(error, path))?;
        self.lock_warnings().extend(typing.warnings().iter().map(|warning| match warning.contains("the source") {
            true => format!("{warning} (a source is what `bywash load '{path}'` makes)"),
            false => warning.clone(),
        }));
        let (schema, path) = (typing.schema(), path.to_owned());
        let open = move || {
            let (found, typing, options, path) = (found.clone(), typing.clone(), options.clone(), path.clone());
            let all = move || found.into_iter().flat_map(move |file| rows(&file, &options, &typing));
            in_background(move || all().map(move |rows| rows.map_err(|error| explained(error, &path))))
        };
        Ok(Resolved::Stream(StreamTable { schema, open: Arc::new(open) }))
    }
}

/// A reader's advice speaks of the source of a file, which one that is named in a query does not have yet.
fn explained(error: Error, path: &str) -> Error {
    if error.hints().iter().all(|hint| !hint.contains("source") && !hint.contains("on_error")) {
        return error;
    }
    error.hint(format!("a query takes files as they are: `bywash load '{path}'` gives them a source that can say more"))
}

/// Batches that wait between the reading thread and the query.
const BATCHES_AHEAD: usize = 4;

/// Reading blocks, so it happens on a thread of its own; it ends when nobody takes the rows any more.
fn in_background<I>(open: impl FnOnce() -> I + Send + 'static) -> BoxStream<'static, Result<RecordBatch>>
where
    I: Iterator<Item = Result<RecordBatch>>,
{
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    tokio::task::spawn_blocking(move || {
        for batch in open() {
            if sender.blocking_send(batch).is_err() {
                return;
            }
        }
    });
    stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|batch| (batch, receiver))).boxed()
}

fn rows(
    file: &files::FoundFile,
    options: &ReadOptions,
    typing: &files::Typing,
) -> Box<dyn Iterator<Item = Result<RecordBatch>> + Send> {
    match files::open(file, options, typing) {
        Ok(reader) => Box::new(reader.map(|batch| batch.map(|batch| batch.batch).map_err(Error::from))),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}
