//! Where a lake is: a folder, and what lies outside of it.

use std::path::{Path, PathBuf};

use crate::storage::RemotePlace;
use crate::store::PostgresPlace;

/// Where the two parts of a lake are.
#[derive(Clone, Debug)]
pub struct LakePlace {
    /// The folder of what lies nowhere else: `catalog.db` and `warehouse/`.
    pub folder: PathBuf,
    /// The catalog, if it is in PostgreSQL.
    pub catalog: Option<PostgresPlace>,
    /// The warehouse, if it is in an object store.
    pub warehouse: Option<RemotePlace>,
    /// Somebody says that the warehouse was moved here: a catalog in PostgreSQL takes note of it.
    pub has_moved: bool,
}

impl LakePlace {
    /// A lake that lies in a folder as a whole.
    #[must_use]
    pub fn folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), catalog: None, warehouse: None, has_moved: false }
    }

    /// Whether anything lies in the folder.
    #[must_use]
    pub fn is_in_folder(&self) -> bool {
        self.catalog.is_none() || self.warehouse.is_none()
    }
}
