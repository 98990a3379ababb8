//! A local object store whose files are on the disk when a write returns (rule T1).
//!
//! Writing: the file is created under its final name, which must be new, written, synced, and then its folder and
//! every new folder above. The `object_store` crate does none of that. A crash in between leaves a file that nothing
//! refers to. Reading, listing and deleting are the crate's.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

use super::faults::{failing_step, tear};
use super::folders::Folders;

const NAME: &str = "lake";

/// Files below one folder, each written once.
#[derive(Debug)]
pub struct DurableStore {
    local: LocalFileSystem,
    folders: Arc<Folders>,
}

impl DurableStore {
    /// A store of the files below `root`, which exists and is absolute.
    ///
    /// # Errors
    /// The folder cannot be opened.
    #[expect(clippy::disallowed_methods, reason = "this is the store that makes its writes durable")]
    pub fn new(root: &FilePath) -> Result<Self> {
        let local = LocalFileSystem::new_with_prefix(root)?;
        Ok(Self { local, folders: Arc::new(Folders::new(root.to_owned())) })
    }

    fn file(&self, location: &Path) -> Result<PathBuf> {
        self.local.path_to_filesystem(location)
    }
}

impl fmt::Display for DurableStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Durable{}", self.local)
    }
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, _: PutOptions) -> Result<PutResult> {
        let path = self.file(location)?;
        let folders = self.folders.clone();
        blocking(move || {
            let shown = path.display().to_string();
            failing_step("put", &shown).map_err(|error| failed(&path, error))?;
            let mut file = create(&folders, &path)?;
            let written = payload.iter().try_for_each(|bytes| {
                tear(&mut file, bytes);
                file.write_all(bytes)
            });
            let written = written.and_then(|()| failing_step("put", &shown));
            written.and_then(|()| make_durable(&folders, &path, &file)).map_err(|error| give_up(&path, error))
        })
        .await?;
        Ok(done())
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let path = self.file(location)?;
        let folders = self.folders.clone();
        let upload = blocking(move || {
            failing_step("put", &path.display().to_string()).map_err(|error| failed(&path, error))?;
            let file = Arc::new(create(&folders, &path)?);
            Ok(Upload { path, file, folders, written: 0 })
        });
        Ok(Box::new(upload.await?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.local.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[std::ops::Range<u64>]) -> Result<Vec<bytes::Bytes>> {
        self.local.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.local.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.local.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.local.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(Error::NotImplemented {
            operation: "copying, because names are never reused".to_owned(),
            implementer: NAME.to_owned(),
        })
    }
}

/// A file that grows part by part; parts are placed by the order in which they were given.
#[derive(Debug)]
struct Upload {
    path: PathBuf,
    file: Arc<File>,
    folders: Arc<Folders>,
    written: u64,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let offset = self.written;
        self.written += data.content_length() as u64;
        let file = self.file.clone();
        let path = self.path.clone();
        blocking(move || {
            let mut place = offset;
            for bytes in &data {
                file.write_all_at(bytes, place).map_err(|error| give_up(&path, error))?;
                place += bytes.len() as u64;
            }
            Ok(())
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (path, file, folders) = (self.path.clone(), self.file.clone(), self.folders.clone());
        blocking(move || {
            failing_step("put", &path.display().to_string()).map_err(|error| give_up(&path, error))?;
            make_durable(&folders, &path, &file).map_err(|error| give_up(&path, error))
        })
        .await?;
        Ok(done())
    }

    async fn abort(&mut self) -> Result<()> {
        let path = self.path.clone();
        blocking(move || fs::remove_file(&path).map_err(|error| failed(&path, error))).await
    }
}

fn create(folders: &Folders, path: &FilePath) -> Result<File> {
    let created = folders.create_for(path).and_then(|()| OpenOptions::new().write(true).create_new(true).open(path));
    created.map_err(|error| failed(path, error))
}

fn make_durable(folders: &Folders, path: &FilePath, file: &File) -> io::Result<()> {
    let shown = path.display().to_string();
    failing_step("fsync", &shown)?;
    file.sync_all()?;
    failing_step("fsync", &shown)?;
    folders.sync_for(path)
}

/// Removes what was begun, so that a full disk is not left fuller; nothing refers to it either way.
fn give_up(path: &FilePath, error: io::Error) -> Error {
    let _ = fs::remove_file(path);
    failed(path, error)
}

fn failed(path: &FilePath, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::AlreadyExists { path: path.display().to_string(), source: Box::new(error) }
        }
        _ => Error::Generic { store: NAME, source: Box::new(error) },
    }
}

const fn done() -> PutResult {
    PutResult { e_tag: None, version: None }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
