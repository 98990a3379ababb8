//! What garbage collection asks of a store (rule T7).
//!
//! A collection is one transaction that no other writer is in: it reads what is rooted, and writes its verdict on the
//! rest. Numbers of leases never come again, so "began after" is a comparison and asks no clock.

use async_trait::async_trait;
use bywash_core::{Code, Error, Micros, ObjectId, Result};

use super::{Output, RefRow, ReflogRow};

/// The lease of a command that writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Its number: greater than that of every lease before it.
    pub number: i64,
    /// The newest row of the reflog when it began.
    pub reflog: i64,
    /// When it began.
    pub began: Micros,
    /// When its command last said that it lives.
    pub heartbeat: Micros,
    /// The machine, as far as processes see each other.
    pub machine: String,
    /// The process.
    pub process: i64,
}

/// A kept output, and the newest lease when it was given up, if it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOutput {
    /// The output.
    pub output: Output,
    /// `None`: it is kept.
    pub expired: Option<i64>,
}

/// Where marking begins.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// All refs.
    pub refs: Vec<RefRow>,
    /// The whole reflog, newest first.
    pub reflog: Vec<ReflogRow>,
    /// Every output, given up or not.
    pub outputs: Vec<KeptOutput>,
    /// Every lease, alive or not.
    pub leases: Vec<LeaseRow>,
}

/// A file that was condemned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CondemnedFile {
    /// Relative to the warehouse.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Since when.
    pub time: Micros,
    /// The newest lease then: only leases up to it can have written the file.
    pub lease: i64,
}

/// What there is to judge.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Every object, and since when it is condemned, if it is.
    pub objects: Vec<(ObjectId, Option<Micros>)>,
    /// Every condemned file.
    pub files: Vec<CondemnedFile>,
}

/// What a collection decides.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Leases that end: they lapsed, and fence their commands from committing.
    pub lapsed: Vec<i64>,
    /// Outputs that are given up, by key and version, and the newest lease now.
    pub expired: Vec<(ObjectId, ObjectId)>,
    /// The newest lease now.
    pub lease: i64,
    /// Now.
    pub time: Micros,
    /// Objects to condemn.
    pub condemned_objects: Vec<ObjectId>,
    /// Condemned objects that are reachable after all.
    pub revived_objects: Vec<ObjectId>,
    /// Objects to delete.
    pub doomed_objects: Vec<ObjectId>,
    /// Files to condemn, with their sizes.
    pub condemned_files: Vec<(String, u64)>,
    /// Condemned files that are reachable after all, or gone.
    pub revived_files: Vec<String>,
    /// Condemned files to unlink, with their sizes.
    pub doomed_files: Vec<(String, u64)>,
}

/// A transaction that no other writer is in. Dropped, nothing of it has happened.
#[async_trait]
pub trait Collection: Send {
    /// Where marking begins.
    async fn roots(&mut self) -> Result<Roots>;
    /// What there is to judge.
    async fn standing(&mut self) -> Result<Standing>;
    /// Writes the verdict and ends the transaction.
    async fn decide(self: Box<Self>, verdict: Verdict) -> Result<()>;
}

/// The error of a transaction that names an object which is not there any more.
pub(super) fn collected(id: ObjectId) -> Error {
    Error::new(Code::Collected, format!("object `{id}`, which this builds on, was collected as garbage meanwhile"))
        .hint("nothing was changed: run the command again")
        .hint("`bywash gc` keeps what no ref reaches for a grace period: see `gc.grace` and `gc.reflog`")
}

/// The error of a transaction whose lease has lapsed.
pub(super) fn lapsed() -> Error {
    Error::new(
        Code::LeaseLapsed,
        "this command gave no sign of life for so long that garbage collection stopped waiting for it",
    )
    .hint("nothing was changed: what it wrote may be gone, so run the command again")
}
