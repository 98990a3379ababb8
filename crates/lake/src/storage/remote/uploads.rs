//! Uploads in parts that do not come about: their parts are given back, because they would be kept and paid for.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// What is being given back while the process goes on.
static PENDING: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// Waits until the parts of every upload that was given up are given back; call it before the process ends.
pub async fn settle_uploads() {
    let pending = std::mem::take(&mut *PENDING.lock().unwrap_or_else(PoisonError::into_inner));
    for task in pending {
        // Best effort: parts that stay belong to no file, and the store's own rule for such parts removes them.
        let _ = task.await;
    }
}

/// An upload in parts that gives its parts back unless it is completed.
#[derive(Debug)]
pub(super) struct Upload {
    /// Absent once it is completed or given up.
    open: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    pub(super) fn new(open: Box<dyn MultipartUpload>) -> Self {
        Self { open: Some(open) }
    }

    fn ended() -> object_store::Error {
        object_store::Error::Generic { store: "lake", source: "the upload has ended".into() }
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        match &mut self.open {
            Some(open) => open.put_part(data),
            None => Box::pin(async { Err(Self::ended()) }),
        }
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let open = self.open.as_mut().ok_or_else(Self::ended)?;
        let completed = open.complete().await?;
        self.open = None;
        Ok(completed)
    }

    async fn abort(&mut self) -> Result<()> {
        match self.open.take() {
            Some(mut open) => open.abort().await,
            None => Ok(()),
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(mut open), Ok(runtime)) = (self.open.take(), Handle::try_current()) else { return };
        let task = runtime.spawn(async move {
            let _ = open.abort().await;
        });
        let mut pending = PENDING.lock().unwrap_or_else(PoisonError::into_inner);
        pending.retain(|task| !task.is_finished());
        pending.push(task);
    }
}
