//! The folder, or the prefix in an object store, that holds all tables' files, and the names of files in it.
//!
//! A table's folder is `<namespace>/<name>-<part of its uuid>`; below it are exactly `data/` and `metadata/`.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use bywash_core::{Code, Error, Result};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

use super::durable::DurableStore;
use super::errors::storage_error;
use super::remote::{self, RemotePlace};
use super::staged::{StagedFiles, StagingStore};

const SCHEME: &str = "file://";

/// What a recorded location of a file in an object store begins with; also as other programs write it.
const REMOTE_SCHEMES: [&str; 8] = ["s3", "s3a", "s3n", "az", "azure", "abfs", "abfss", "wasbs"];

/// The place of table files, open. Cheap to clone.
#[derive(Clone)]
pub struct Warehouse {
    /// A folder, or the address in an object store.
    root: PathBuf,
    recorded_root: String,
    store: Arc<dyn ObjectStore>,
}

impl Warehouse {
    /// Opens the warehouse in this folder, which is made if it is missing.
    ///
    /// # Errors
    /// The folder cannot be made or opened, or its path is not UTF-8.
    pub fn open(root: &FilePath) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(|error| Error::io("create the warehouse", root, &error))?;
        let root = root.canonicalize().map_err(|error| Error::io("open the warehouse", root, &error))?;
        let Some(shown) = root.to_str() else {
            let path = root.display();
            return Err(Error::new(Code::FileSystem, format!("the path of the warehouse `{path}` is not UTF-8")));
        };
        let recorded_root = format!("{SCHEME}{}", shown.trim_end_matches('/'));
        let store = DurableStore::new(&root).map_err(|error| storage_error("open the warehouse", &root, &error))?;
        Ok(Self { recorded_root, store: Arc::new(store), root })
    }

    /// Opens the warehouse at this place in an object store, of which nothing is asked yet.
    ///
    /// # Errors
    /// There are no credentials for it.
    pub async fn open_remote(place: &RemotePlace) -> Result<Self> {
        let remote = remote::open(place).await?;
        Ok(Self { root: PathBuf::from(&remote.location), recorded_root: remote.location, store: remote.store })
    }

    /// The same folder through another store, such as one that counts.
    #[must_use]
    pub fn through(&self, wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        Self { store: wrap(self.store.clone()), ..self.clone() }
    }

    /// The same folder, and the files that will be written through it.
    #[must_use]
    pub fn staged(&self) -> (Self, StagedFiles) {
        let (store, files) = StagingStore::new(self.store.clone());
        (Self { store: Arc::new(store), ..self.clone() }, files)
    }

    /// The folder, absolute; in an object store its whole address.
    #[must_use]
    pub fn root(&self) -> &FilePath {
        &self.root
    }

    /// The store of the files; its paths are relative to the folder.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// What Iceberg metadata records for the warehouse itself.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.recorded_root
    }

    /// What Iceberg metadata records for a file or folder given by its relative path.
    #[must_use]
    pub fn recorded(&self, relative: &str) -> String {
        format!("{}/{relative}", self.recorded_root)
    }

    /// Where a recorded file lies now (rule T9): its path relative to the folder.
    ///
    /// The warehouse may have been elsewhere when the file was recorded. What does not change is the part below it:
    /// `<namespace>/<table>/data/…` or `<namespace>/<table>/metadata/…`. A relative path is taken as it is.
    ///
    /// # Errors
    /// A location that is no file of a warehouse.
    pub fn relative(&self, recorded: &str) -> Result<Path> {
        below_warehouse(recorded)
    }

    /// The absolute path of a file, recorded or relative, for people and other programs; in an object store its whole
    /// address.
    ///
    /// # Errors
    /// A location that is no file of a warehouse.
    pub fn absolute(&self, recorded: &str) -> Result<PathBuf> {
        Ok(self.root.join(self.relative(recorded)?.as_ref()))
    }

    /// Reads a whole file, recorded or relative.
    ///
    /// # Errors
    /// The file is missing or cannot be read.
    pub async fn read(&self, recorded: &str) -> Result<Bytes> {
        let path = self.relative(recorded)?;
        let read = async { self.store.get(&path).await?.bytes().await };
        read.await.map_err(|error| self.failed("read", &path, &error))
    }

    /// Writes a file under a new relative name; it is durable when this returns.
    ///
    /// # Errors
    /// The name exists, or the file cannot be written.
    pub async fn write(&self, relative: &str, content: Vec<u8>) -> Result<()> {
        let path = self.relative(relative)?;
        let put = self.store.put(&path, PutPayload::from(content)).await;
        put.map(|_| ()).map_err(|error| self.failed("write", &path, &error))
    }

    /// The size of a file, recorded or relative.
    ///
    /// # Errors
    /// The file is missing or cannot be looked at.
    pub async fn size(&self, recorded: &str) -> Result<u64> {
        let path = self.relative(recorded)?;
        let head = self.store.head(&path).await;
        head.map(|meta| meta.size).map_err(|error| self.failed("look at", &path, &error))
    }

    /// The error of an operation on a file of this warehouse.
    #[must_use]
    pub fn failed(&self, doing: &str, path: &Path, error: &(dyn std::error::Error + 'static)) -> Error {
        let place = self.root.join(path.as_ref());
        let failed = storage_error(doing, &place, error);
        if failed.code() != Code::MissingFile {
            return failed;
        }
        Error::new(Code::ObjectMissing, format!("`{}`, which a table of the lake needs, is missing", place.display()))
            .hint("`bywash doctor` names the table and everything else that is missing")
            .hint("restore the file from a backup, or read the table as it was: `bywash table history TABLE`")
    }
}

/// The part of a recorded location that does not change when its warehouse moves.
///
/// # Errors
/// A location that is no file of a warehouse.
pub(crate) fn below_warehouse(recorded: &str) -> Result<Path> {
    let foreign = || {
        Error::new(Code::TableCorrupt, format!("`{recorded}` is not a file of a warehouse"))
            .hint("a table's files lie in `<warehouse>/<namespace>/<table>/data` and `…/metadata`")
    };
    let local = recorded.strip_prefix(SCHEME).or_else(|| recorded.strip_prefix("file:"));
    let absolute = local.or_else(|| path_in_store(recorded)).unwrap_or(recorded);
    let parts: Vec<&str> = absolute.split('/').collect();
    let inside = if absolute.starts_with('/') {
        let below = parts.iter().rposition(|part| matches!(*part, "data" | "metadata"));
        let first = below.and_then(|below| below.checked_sub(2)).ok_or_else(foreign)?;
        &parts[first..]
    } else if absolute.contains("://") {
        return Err(foreign());
    } else {
        &parts[..]
    };
    Path::parse(inside.join("/")).map_err(|_| foreign())
}

/// The path of a location in an object store, from the `/` after the bucket.
fn path_in_store(recorded: &str) -> Option<&str> {
    let (scheme, rest) = recorded.split_once("://")?;
    REMOTE_SCHEMES.contains(&scheme).then(|| rest.find('/').map(|slash| &rest[slash..])).flatten()
}

impl fmt::Debug for Warehouse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Warehouse").field(&self.root).finish()
    }
}
