//! An object store in which each name is written once, as in a folder (rule T1): what is put is durable when the put
//! returns, and a name that exists is refused where the store can tell.
//!
//! An answer that was lost is asked for again. A name that then exists with the same content is our own: nobody else
//! knows it.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::uploads::Upload;
use crate::storage::faults::durable_step;

/// How often a put whose outcome is not known is tried; the client itself tries again what never arrived.
const TRIES: u32 = 3;

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// A store below which every name is new.
#[derive(Debug)]
pub(super) struct WriteOnce {
    store: Arc<dyn ObjectStore>,
}

impl WriteOnce {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    async fn put_new(&self, location: &Path, payload: &PutPayload, options: &PutOptions) -> Result<PutResult> {
        let only_new = PutOptions { mode: PutMode::Create, ..options.clone() };
        match self.store.put_opts(location, payload.clone(), only_new).await {
            // A store that cannot tell, or was said not to.
            Err(Error::NotImplemented { .. } | Error::NotSupported { .. }) => {
                self.store.put_opts(location, payload.clone(), options.clone()).await
            }
            done => done,
        }
    }

    async fn holds(&self, location: &Path, payload: &PutPayload) -> bool {
        let read = async { self.store.get(location).await?.bytes().await };
        read.await.is_ok_and(|found| found.len() == payload.content_length() && found == Bytes::from(payload.clone()))
    }
}

impl fmt::Display for WriteOnce {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "WriteOnce{}", self.store)
    }
}

#[async_trait]
impl ObjectStore for WriteOnce {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        durable_step("put", location.as_ref());
        let mut tried = 0;
        loop {
            tried += 1;
            let error = match self.put_new(location, &payload, &options).await {
                Ok(done) => {
                    durable_step("put", location.as_ref());
                    return Ok(done);
                }
                Err(error) => error,
            };
            match error {
                Error::AlreadyExists { .. } if self.holds(location, &payload).await => {
                    return Ok(PutResult { e_tag: None, version: None });
                }
                Error::Generic { .. } if tried < TRIES => tokio::time::sleep(PAUSE).await,
                error => return Err(error),
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let upload = self.store.put_multipart_opts(location, options).await?;
        Ok(Box::new(Upload::new(upload)))
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

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented {
            operation: "copying, because names are never reused".to_owned(),
            implementer: "lake".to_owned(),
        })
    }
}
