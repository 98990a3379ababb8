//! The pipeline's source trait over [`crate::files`]: files of resources and seeds, their content, their rows.
//!
//! Hashes of files are remembered beside the project's caches, by path, size, inode and both times, so that a run
//! with nothing to do reads no data. A file touched within the last two seconds is always hashed: a write in the
//! same tick of the clock would not show.

use std::any::Any;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use bywash_core::{Error, ObjectId, Result};
use bywash_pipeline::project::ReaderOptions;
use bywash_pipeline::source::{RejectedRow, SourceBatch, SourceFile, SourceReader, SourceRows, SourceTypes, Stopped};
use serde::{Deserialize, Serialize};

use crate::files::{self, FoundFile, ReadOptions, Typing};

const RECENT_NANOSECONDS: i128 = 2_000_000_000;
const CACHE_FILE: &str = "files.json";

/// Reads files for the pipeline.
pub struct FileReaders {
    cache_file: PathBuf,
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    known: BTreeMap<String, Known>,
    changed: bool,
}

/// What a file looked like when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    bytes: u64,
    inode: u64,
    device: u64,
    modified: i128,
    changed: i128,
    content: ObjectId,
}

impl FileReaders {
    /// Readers that remember hashes in a file of this folder.
    #[must_use]
    pub fn new(cache_folder: &Path) -> Self {
        let cache_file = cache_folder.join(CACHE_FILE);
        // A cache that cannot be read is no cache.
        let known = std::fs::read(&cache_file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { cache_file, cache: Mutex::new(Cache { known: known.unwrap_or_default(), changed: false }) }
    }

    fn remember(&self, path: String, known: Known) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.known.insert(path, known);
        cache.changed = true;
    }
}

impl Drop for FileReaders {
    fn drop(&mut self) {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if !cache.changed {
            return;
        }
        // Losing the cache costs time only.
        if let (Some(folder), Ok(bytes)) = (self.cache_file.parent(), serde_json::to_vec(&cache.known)) {
            let _ = std::fs::create_dir_all(folder);
            let temporary = self.cache_file.with_extension(format!("{}.tmp", std::process::id()));
            if std::fs::write(&temporary, bytes).is_ok() {
                let _ = std::fs::rename(&temporary, &self.cache_file);
            }
        }
    }
}

impl SourceReader for FileReaders {
    fn list(&self, root: &Path, pattern: &str) -> Result<Vec<SourceFile>> {
        let found = files::find(root, pattern)?;
        Ok(found.into_iter().map(|file| SourceFile { path: file.path, shown: file.shown, bytes: file.bytes }).collect())
    }

    fn content(&self, file: &SourceFile) -> Result<ObjectId> {
        let facts = std::fs::metadata(&file.path).map_err(|error| Error::io("read", Path::new(&file.shown), &error))?;
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        let seen = |content| Known {
            bytes: facts.len(),
            inode: facts.ino(),
            device: facts.dev(),
            modified: nanoseconds(facts.mtime(), facts.mtime_nsec()),
            changed: nanoseconds(facts.ctime(), facts.ctime_nsec()),
            content,
        };
        let path = file.path.to_string_lossy().into_owned();
        let kept = self.cache.lock().unwrap_or_else(PoisonError::into_inner).known.get(&path).cloned();
        if let Some(kept) = kept.filter(|kept| *kept == seen(kept.content)) {
            return Ok(kept.content);
        }
        let content = files::content_hash(&found(file))?;
        let known = seen(content);
        let now = i128::from(bywash_core::SystemClock.now()) * 1_000;
        if now - known.modified.max(known.changed) > RECENT_NANOSECONDS {
            self.remember(path, known);
        }
        Ok(content)
    }

    fn guess(&self, listed: &[SourceFile], options: &ReaderOptions) -> Result<SourceTypes> {
        files::guess(&all_found(listed), &read_options(options)?).map(types)
    }

    fn infer(&self, listed: &[SourceFile], options: &ReaderOptions) -> Result<SourceTypes> {
        files::infer(&all_found(listed), &read_options(options)?).map(types)
    }

    fn of_table(&self, schema: SchemaRef) -> SourceTypes {
        types(Typing::of_table(schema))
    }

    fn open(&self, file: &SourceFile, options: &ReaderOptions, types: &SourceTypes) -> Result<Box<dyn SourceRows>> {
        let typing: &dyn Any = types.inner.as_ref();
        let typing = typing.downcast_ref::<Typing>().ok_or_else(|| Error::bug("types of another reader"))?;
        Ok(Box::new(FileRows(files::open(&found(file), &read_options(options)?, typing)?)))
    }
}

/// The rows of one file in the pipeline's words.
struct FileRows(files::FileReader);

impl Iterator for FileRows {
    type Item = Result<SourceBatch, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.0.next()?.map(source_batch).map_err(source_stopped))
    }
}

impl SourceRows for FileRows {
    fn warnings(&self) -> Vec<String> {
        self.0.warnings()
    }
}

fn types(typing: Typing) -> SourceTypes {
    SourceTypes {
        schema: typing.schema(),
        is_guess: typing.is_guess(),
        warnings: typing.warnings().to_vec(),
        inner: Arc::new(typing),
    }
}

fn source_batch(batch: files::Batch) -> SourceBatch {
    let rejected = batch.rejects.into_iter().map(|reject| RejectedRow {
        file: reject.file,
        line: reject.line,
        column: reject.column,
        reason: reject.reason,
        raw: reject.raw,
    });
    SourceBatch { batch: batch.batch, rejected: rejected.collect() }
}

fn source_stopped(stopped: files::Stopped) -> Stopped {
    match stopped {
        files::Stopped::Misfit(_) => Stopped::Misfit,
        files::Stopped::Failed(error) => Stopped::Failed(error),
    }
}

/// The words of a source file are the words of the reader.
fn read_options(options: &ReaderOptions) -> Result<ReadOptions> {
    let words = serde_json::to_value(options).and_then(serde_json::from_value);
    words.map_err(|error| Error::new(bywash_core::Code::InvalidSetting, format!("a reader option is wrong: {error}")))
}

fn found(file: &SourceFile) -> FoundFile {
    FoundFile { path: file.path.clone(), shown: file.shown.clone(), bytes: file.bytes }
}

fn all_found(listed: &[SourceFile]) -> Vec<FoundFile> {
    listed.iter().map(found).collect()
}
