//! What a database must do for the store: answer statements, alone or in a transaction that no other writer is in.

use async_trait::async_trait;
use bywash_core::{Error, Result};

use super::value::{Row, Statement};

/// Why something did not happen.
#[derive(Debug)]
pub(in crate::store) enum Failure {
    /// It will not happen either when it is tried again.
    Final(Error),
    /// The connection was lost or another writer was in the way. Nothing of it has happened, so it may be tried again.
    Transient(Error),
}

/// The outcome of one try.
pub(in crate::store) type Attempt<T> = std::result::Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Final(error) | Failure::Transient(error) => error,
        }
    }
}

/// A database, open.
#[async_trait]
pub(in crate::store) trait Driver: Send + Sync {
    /// Runs one statement by itself. One that writes may be run twice when a connection is lost.
    async fn run(&self, statement: &Statement) -> Attempt<Vec<Row>>;

    /// Begins a transaction once every other writer has ended; readers go on.
    async fn begin(&self) -> Attempt<Box<dyn Open>>;

    /// As `CatalogStore::bind_warehouse`.
    async fn bind_warehouse(&self, location: &str, has_moved: bool) -> Result<()>;

    /// What the database finds wrong with itself.
    async fn integrity(&self) -> Result<Vec<String>>;
}

/// A transaction that was begun. Dropped, nothing of it has happened.
#[async_trait]
pub(in crate::store) trait Open: Send {
    /// Runs one statement.
    async fn run(&mut self, statement: &Statement) -> Attempt<Vec<Row>>;

    /// Makes all of it hold. An error says that nothing of it does, unless its message says that this is not known.
    async fn commit(self: Box<Self>) -> Attempt<()>;

    /// Takes all of it back.
    async fn roll_back(self: Box<Self>) -> Attempt<()>;
}
