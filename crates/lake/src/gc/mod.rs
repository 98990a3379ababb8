//! Garbage collection: what nothing reaches is condemned, later doomed, and only then unlinked (rule T7).
//!
//! A *pass* is one transaction that no other writer is in. It marks from refs, the reflog's window, what living leases
//! saw, and kept outputs; the rest is condemned, and what was condemned for the grace period and still is not reached is
//! doomed. Doomed objects leave the catalog in that transaction; doomed files are unlinked after it. So what exists
//! names nothing that is gone: who names an object that is there may rely on everything below it.
//!
//! Most is marked before the transaction begins, in it only what came since. Leases protect files that no commit names
//! yet; the grace period is for readers, who hold none.

mod judge;
pub(crate) mod mark;
mod report;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use bywash_core::{Micros, Result, SystemClock};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::path::Path;

use self::judge::Judge;
use self::mark::Marking;
pub use self::report::{Amount, Collected, Fate, Garbage};
use crate::Lake;
use crate::storage::faults::durable_step;
use crate::store::RefRow;

/// Files unlinked between two transactions.
const FILES_AT_ONCE: i64 = 500;

/// What is kept although no branch or tag reaches it.
#[derive(Clone, Debug)]
pub struct GcPolicy {
    /// How long something stays after it was condemned: for readers that opened it before.
    pub grace: Duration,
    /// How long a ref's earlier commits stay after it moved away from them.
    pub reflog: Duration,
    /// How long an output stays for reuse by its key.
    pub keep_outputs: Duration,
    /// How many bytes may be kept for outputs alone; the newest stay.
    pub keep_output_bytes: Option<u64>,
    /// Refs that do not count any more: those of runs that have expired. A real collection has deleted them before.
    pub without: Vec<RefRow>,
}

impl Default for GcPolicy {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { grace: DAY, reflog: 7 * DAY, keep_outputs: 30 * DAY, keep_output_bytes: None, without: Vec::new() }
    }
}

impl Lake {
    /// Condemns what nothing reaches, dooms what was condemned before the grace period, and unlinks doomed files. With a
    /// grace period of nothing both happens at once.
    ///
    /// # Errors
    /// Something that is reachable cannot be read: then nothing was condemned. A file cannot be deleted: the next
    /// collection goes on with it.
    pub async fn collect(&self, policy: &GcPolicy) -> Result<Collected> {
        // What a collection that was stopped has left to do; it would be found and judged again otherwise.
        let mut unlinked = self.unlink_doomed().await?;
        let mut strong = Marking::new(self);
        let mut judge = Judge { lake: self, policy, listed: self.listed_files().await?, expiring: HashSet::new() };
        judge.mark_early(&mut strong).await?;
        let (mut collected, doomed) = self.pass(&judge, &mut strong).await?;
        if policy.grace.is_zero() {
            judge.listed.retain(|path, _| !doomed.contains(path));
            collected = self.pass(&judge, &mut strong).await?.0.after(collected);
        }
        unlinked.add(self.unlink_doomed().await?);
        collected.unlinked = unlinked;
        Ok(collected)
    }

    /// What [`Lake::collect`] would do, and why; nothing is changed.
    ///
    /// # Errors
    /// Something that is reachable cannot be read.
    pub async fn collectable(&self, policy: &GcPolicy) -> Result<Collected> {
        let mut strong = Marking::new(self);
        let mut judge = Judge { lake: self, policy, listed: self.listed_files().await?, expiring: HashSet::new() };
        judge.mark_early(&mut strong).await?;
        let (roots, standing) = (self.store().roots().await?, self.store().standing().await?);
        let judgement = judge.judge(&roots, &standing, &mut strong, SystemClock.now()).await?;
        judgement.explained(&judge, &roots, &standing, &strong).await
    }

    /// One judgement in one transaction; the answer tells the files that it doomed.
    async fn pass(&self, judge: &Judge<'_>, strong: &mut Marking<'_>) -> Result<(Collected, HashSet<String>)> {
        let mut catalog = self.store().begin_collection().await?;
        let (roots, standing) = (catalog.roots().await?, catalog.standing().await?);
        let judgement = judge.judge(&roots, &standing, strong, SystemClock.now()).await?;
        let (collected, verdict) = judgement.counted();
        let doomed = verdict.doomed_files.iter().map(|(path, _)| path.clone()).collect();
        catalog.decide(verdict).await?;
        Ok((collected, doomed))
    }

    /// Every file of the warehouse that lies where tables' files lie, with its size, relative to the warehouse.
    ///
    /// Listed before anything is marked: what is written and committed meanwhile is then not judged.
    pub(crate) async fn listed_files(&self) -> Result<BTreeMap<String, u64>> {
        let listing = self.warehouse().store().list(None);
        let ours = listing.try_filter_map(|file| async move {
            let path = file.location.to_string();
            Ok(lies_in_table(&path).then_some((path, file.size)))
        });
        ours.try_collect().await.map_err(|error| self.warehouse().failed("list the files of", &Path::default(), &error))
    }

    /// Unlinks what was doomed, by this collection or by one that was stopped.
    async fn unlink_doomed(&self) -> Result<Amount> {
        let mut unlinked = Amount::default();
        loop {
            let doomed = self.store().doomed_files(FILES_AT_ONCE).await?;
            if doomed.is_empty() {
                return Ok(unlinked);
            }
            for (path, bytes) in &doomed {
                self.unlink(path).await?;
                unlinked.add_file(*bytes);
            }
            let paths: Vec<String> = doomed.into_iter().map(|(path, _)| path).collect();
            self.store().forget_doomed(&paths).await?;
        }
    }

    async fn unlink(&self, path: &str) -> Result<()> {
        let location = self.warehouse().relative(path)?;
        durable_step("unlink", path);
        let deleted = match self.warehouse().store().delete(&location).await {
            // Another collection was faster.
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => other,
        };
        durable_step("unlink", path);
        deleted.map_err(|error| self.warehouse().failed("delete", &location, &error))
    }
}

/// `<namespace>/<table>-<part of its uuid>/data/…` or `…/metadata/…`; what else lies in a warehouse is not ours.
fn lies_in_table(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let is_table = parts.next().is_some_and(|table| table.contains('-'));
    is_table && matches!(parts.next(), Some("data" | "metadata")) && parts.next().is_some()
}

/// Microseconds of a period, as far as they count.
fn micros(period: Duration) -> Micros {
    i64::try_from(period.as_micros()).unwrap_or(i64::MAX)
}
