//! Counts what is read, file by file: the witness of what pruning saves.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// What was read of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Requests that returned content.
    pub gets: u64,
    /// Bytes they asked for.
    pub bytes: u64,
}

/// A store that counts reads and leaves everything else to the store below.
#[derive(Debug)]
pub struct CountingStore {
    store: Arc<dyn ObjectStore>,
    reads: Mutex<BTreeMap<String, Reads>>,
}

impl CountingStore {
    /// Counts the reads of `store`.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, reads: Mutex::default() }
    }

    /// What was read so far, by path.
    #[must_use]
    pub fn reads(&self) -> BTreeMap<String, Reads> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets everything counted.
    pub fn reset(&self) {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn count(&self, location: &Path, gets: u64, bytes: u64) {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = reads.entry(location.to_string()).or_default();
        counted.gets += gets;
        counted.bytes += bytes;
    }
}

impl fmt::Display for CountingStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Counting{}", self.store)
    }
}

#[async_trait]
impl ObjectStore for CountingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.store.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let head = options.head;
        let result = self.store.get_opts(location, options).await?;
        if !head {
            self.count(location, 1, result.range.end - result.range.start);
        }
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let parts = self.store.get_ranges(location, ranges).await?;
        self.count(location, parts.len() as u64, parts.iter().map(|part| part.len() as u64).sum());
        Ok(parts)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}
