//! Files that are written for a commit that may not come about, and their removal if it does not.
//!
//! Only who knows that no transaction has named a file may remove it: after a commit whose outcome is unknown the
//! files stay. Removal is best effort; what it misses is a file that nothing refers to, as after a crash (rule T1).

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use bywash_core::TableName;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// The files that were written through one [`StagingStore`] and are not committed yet.
#[derive(Clone, Debug)]
pub struct StagedFiles {
    store: Arc<dyn ObjectStore>,
    written: Arc<Mutex<BTreeSet<Path>>>,
}

impl StagedFiles {
    /// Forgets the files of these tables: a transaction is about to name them.
    pub fn keep<'a>(&self, tables: impl IntoIterator<Item = &'a TableName>) {
        for table in tables {
            self.lock().retain(|path| !belongs_to(path, table));
        }
    }

    /// Removes the files of these tables.
    pub async fn discard<'a>(&self, tables: impl IntoIterator<Item = &'a TableName>) {
        for table in tables {
            let gone = self.lock().extract_if(.., |path| belongs_to(path, table)).collect();
            self.remove(gone).await;
        }
    }

    /// Removes all the files.
    pub async fn discard_all(&self) {
        let gone = std::mem::take(&mut *self.lock());
        self.remove(gone).await;
    }

    async fn remove(&self, paths: BTreeSet<Path>) {
        for path in paths {
            // Best effort: a file that cannot be removed is one that nothing refers to.
            let _ = self.store.delete(&path).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Path>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A table's folder is `<namespace>/<name>-<part of its uuid>`, and no name has a `-`.
fn belongs_to(path: &Path, table: &TableName) -> bool {
    path.as_ref().starts_with(&format!("{}/{}-", table.namespace(), table.name()))
}

/// A store that remembers what is written through it and leaves everything else to the store below.
#[derive(Debug)]
pub(super) struct StagingStore {
    store: Arc<dyn ObjectStore>,
    written: Arc<Mutex<BTreeSet<Path>>>,
}

impl StagingStore {
    /// Remembers what is written into `store`.
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> (Self, StagedFiles) {
        let written = Arc::<Mutex<BTreeSet<Path>>>::default();
        (Self { store: store.clone(), written: written.clone() }, StagedFiles { store, written })
    }

    fn remember(&self, location: &Path) {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).insert(location.clone());
    }
}

impl fmt::Display for StagingStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Staging{}", self.store)
    }
}

#[async_trait]
impl ObjectStore for StagingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let done = self.store.put_opts(location, payload, options).await?;
        self.remember(location);
        Ok(done)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.store.put_multipart_opts(location, options).await?;
        self.remember(location);
        Ok(upload)
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.store.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.store.get_ranges(location, ranges).await
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
