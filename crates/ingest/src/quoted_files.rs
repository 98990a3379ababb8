//! Files that SQL names in quotes: `from 'data/x.csv'`, without a project, a load or a declaration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use bywash_core::{Error, Result};
use bywash_engine::{Resolved, StreamTable};
use bywash_pipeline::lake_view::FileOpener;
use bywash_pipeline::source::local_path;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::mpsc;

use crate::files::{self, ReadOptions};

/// Opens files relative to a folder.
pub struct QuotedFiles {
    folder: PathBuf,
}

impl QuotedFiles {
    /// Files relative to this folder.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

#[async_trait]
impl FileOpener for QuotedFiles {
    /// Types come from the whole of the files, since a query cannot start again once it has given rows.
    async fn open(&self, path: &str) -> Result<Resolved> {
        let (folder, pattern) = (self.folder.clone(), local_path(path)?.to_owned());
        let options = ReadOptions::default();
        let work = move || {
            let found = files::find(&folder, &pattern)?;
            let typing = files::infer(&found, &options)?;
            Ok::<_, Error>((found, typing, options))
        };
        let (found, typing, options) = tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::bug("a reading thread ended without a result").caused_by(error))??;
        let schema = typing.schema();
        let open = move || {
            let (found, typing, options) = (found.clone(), typing.clone(), options.clone());
            in_background(move || found.into_iter().flat_map(move |file| rows(&file, &options, &typing)))
        };
        Ok(Resolved::Stream(StreamTable { schema, open: Arc::new(open) }))
    }
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
