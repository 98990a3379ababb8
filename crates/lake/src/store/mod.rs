//! Where objects, refs, the reflog and the log of runs live: one small trait, so that a team's PostgreSQL can take
//! the place of the embedded SQLite. Both run the statements of `sql`; `sqlite` and `postgres` only carry them out.
//!
//! One transaction stores objects and moves refs (rule T1): either all of it holds afterwards, or none.

mod bound;
mod collection;
mod copy;
mod postgres;
mod rows;
mod sql;
mod sqlite;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use bywash_core::{Micros, ObjectId, Result};

pub use collection::{Collection, CondemnedFile, KeptOutput, LeaseRow, Roots, Standing, Verdict};
use collection::{collected, lapsed};
pub use copy::CopiedTable;
pub use postgres::PostgresPlace;
pub use rows::{LoadRow, Output, RefKind, RefRow, ReflogRow, RunNodeRow, RunRow, TestRow};
pub use sql::SqlStore;
pub use sqlite::close_catalogs;

/// A shared handle to a store.
pub type Store = Arc<dyn CatalogStore>;

/// One move of a ref: it happens only if the ref still is what was expected.
#[derive(Clone, Debug)]
pub struct RefSwap {
    /// The ref.
    pub name: String,
    /// What it is, when it is created.
    pub kind: RefKind,
    /// The commit that it must point to now; `None`: it must not exist.
    pub expected: Option<ObjectId>,
    /// The commit that it points to afterwards; `None`: it is deleted.
    pub new: Option<ObjectId>,
    /// Why, for the reflog.
    pub message: String,
    /// The run that moves it.
    pub run: Option<String>,
}

/// An id that a table has given out (rule T3): of a field, or of something else in a space of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldIdRow {
    /// The table's uuid, for its fields; for other ids with the space behind it: `…/schema`.
    pub table_uuid: String,
    /// The id of the field that holds it, or 0.
    pub parent: i32,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The id, never given out again.
    pub id: i32,
}

impl FieldIdRow {
    /// The space of the field ids of a table that no longer stand for their name and type: some branch has dropped,
    /// renamed or reverted them.
    #[must_use]
    pub fn given_up(table_uuid: &str) -> String {
        format!("{table_uuid}/given-up")
    }
}

/// What one transaction does.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// Objects to store; those that exist are left as they are.
    pub objects: Vec<(ObjectId, Bytes)>,
    /// Objects that must be there besides, because the new ones name them (rule T7).
    pub named: BTreeSet<ObjectId>,
    /// The lease of the command, which must not have lapsed.
    pub lease: Option<i64>,
    /// Refs to move, all or none.
    pub swaps: Vec<RefSwap>,
    /// Ids given out. One that the store knows must stand for the same there, and not be given up.
    pub field_ids: Vec<FieldIdRow>,
    /// A run's row, replaced as a whole.
    pub run: Option<RunRow>,
    /// Finished nodes of a run.
    pub nodes: Vec<RunNodeRow>,
    /// Files loaded by a run.
    pub loads: Vec<LoadRow>,
    /// Test results of a run.
    pub tests: Vec<TestRow>,
    /// Outputs by key, for reuse on any branch (rule R3).
    pub outputs: Vec<Output>,
    /// Kept outputs whose entries were written anew: of the same key and version, with another entry.
    pub replaced_outputs: Vec<Output>,
}

impl Transaction {
    /// What it builds on: every object that it names and does not bring.
    fn builds_on(&self) -> BTreeSet<ObjectId> {
        let brought: HashSet<ObjectId> = self.objects.iter().map(|(id, _)| *id).collect();
        let commits = self.swaps.iter().filter_map(|swap| swap.new);
        let entries = self.outputs.iter().chain(&self.replaced_outputs).map(|output| output.entry);
        self.named.iter().copied().chain(commits).chain(entries).filter(|id| !brought.contains(id)).collect()
    }

    /// Whether it makes anything reachable; rows of a log alone do not.
    fn makes_reachable(&self) -> bool {
        !self.swaps.is_empty() || !self.outputs.is_empty() || !self.replaced_outputs.is_empty()
    }
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it holds.
    Done,
    /// This ref was not what was expected, or another transaction has given out an id; nothing has changed.
    Moved(String),
}

/// The durable side of the catalog.
#[async_trait]
pub trait CatalogStore: Send + Sync {
    /// The bytes of an object; an absent one is an error.
    async fn object(&self, id: ObjectId) -> Result<Bytes>;
    /// The bytes of those of these objects that are there.
    async fn objects(&self, ids: &[ObjectId]) -> Result<Vec<(ObjectId, Bytes)>>;
    /// Which of these objects are absent.
    async fn absent(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>>;
    /// One ref.
    async fn read_ref(&self, name: &str) -> Result<Option<RefRow>>;
    /// All refs by name.
    async fn refs(&self) -> Result<Vec<RefRow>>;
    /// The reflog, of one ref or of all, newest first.
    async fn reflog(&self, name: Option<&str>) -> Result<Vec<ReflogRow>>;
    /// The ids given out for a table, or for one of its other spaces, in order.
    async fn ids(&self, table_uuid: &str) -> Result<Vec<FieldIdRow>>;
    /// Does all of a transaction or nothing.
    async fn transact(&self, transaction: Transaction) -> Result<Outcome>;
    /// The newest kept output with this key.
    async fn output(&self, key: ObjectId) -> Result<Option<Output>>;
    /// Every kept output.
    async fn outputs(&self) -> Result<Vec<Output>>;
    /// Whether a run of this node has recorded this version of its table (rule R7).
    async fn is_recorded(&self, node: &str, version: ObjectId) -> Result<bool>;
    /// Runs, newest first.
    async fn runs(&self) -> Result<Vec<RunRow>>;
    /// The newest run with this key.
    async fn run_by_key(&self, run_key: &str) -> Result<Option<RunRow>>;
    /// Says that a run is alive.
    async fn heartbeat(&self, run: &str, now: i64) -> Result<()>;
    /// Nodes of one run or of all, in order.
    async fn run_nodes(&self, run: Option<&str>) -> Result<Vec<RunNodeRow>>;
    /// Files loaded by one run or by all.
    async fn loads(&self, run: Option<&str>) -> Result<Vec<LoadRow>>;
    /// Test results of one run or of all.
    async fn tests(&self, run: Option<&str>) -> Result<Vec<TestRow>>;
    /// Begins a lease and ends those of commands that are dead; the answer is its number.
    async fn begin_lease(&self, now: Micros, machine: &str, process: i64, dead: &[i64]) -> Result<i64>;
    /// Says that the command of a lease is alive; false if the lease has lapsed.
    async fn renew_lease(&self, number: i64, now: Micros) -> Result<bool>;
    /// Ends a lease.
    async fn end_lease(&self, number: i64) -> Result<()>;
    /// Every lease.
    async fn leases(&self) -> Result<Vec<LeaseRow>>;
    /// Where marking begins, as it stands.
    async fn roots(&self) -> Result<Roots>;
    /// What there is to judge, as it stands.
    async fn standing(&self) -> Result<Standing>;
    /// Begins a collection, once every other writer has ended; readers go on.
    async fn begin_collection(&self) -> Result<Box<dyn Collection>>;
    /// At most `limit` files that are to be unlinked, with their sizes.
    async fn doomed_files(&self, limit: i64) -> Result<Vec<(String, u64)>>;
    /// Forgets doomed files that were unlinked.
    async fn forget_doomed(&self, paths: &[String]) -> Result<()>;
    /// Keeps a catalog with its own tables: it remembers the location of its warehouse, and refuses another one unless
    /// that `has_moved`. A catalog in a file moves with the folder in which both lie (rule T9).
    async fn bind_warehouse(&self, location: &str, has_moved: bool) -> Result<()>;
    /// What the store finds wrong with itself.
    async fn integrity(&self) -> Result<Vec<String>>;
}
