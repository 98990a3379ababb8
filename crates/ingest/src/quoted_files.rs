//! Files that SQL names in quotes: `from 'data/x.csv'`, without a project, a load or a declaration.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bywash_core::{Error, Result};
use bywash_engine::{Resolved, StreamTable};
use bywash_pipeline::lake_view::FileOpener;

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
        let (folder, pattern) = (self.folder.clone(), path.to_owned());
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
        let batches = move || -> Box<dyn Iterator<Item = Result<arrow::array::RecordBatch>> + Send> {
            let (typing, options) = (typing.clone(), options.clone());
            Box::new(found.clone().into_iter().flat_map(move |file| rows(&file, &options, &typing)))
        };
        Ok(Resolved::Stream(StreamTable::new(path, schema, batches)))
    }
}

fn rows(
    file: &files::FoundFile,
    options: &ReadOptions,
    typing: &files::Typing,
) -> Box<dyn Iterator<Item = Result<arrow::array::RecordBatch>> + Send> {
    match files::open(file, options, typing) {
        Ok(reader) => Box::new(reader.map(|batch| batch.map(|batch| batch.batch).map_err(Error::from))),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}
