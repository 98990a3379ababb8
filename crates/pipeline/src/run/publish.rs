//! Rule R1: a publish is one commit and one swap, or nothing.
//!
//! If the target stands where the run began, its tree becomes the run's. If it moved only outside everything that
//! the run looked at or wrote, the run's entries are put on the new head. Otherwise the run plans again there.

use bywash_core::{ObjectId, Result};
use bywash_lake::storage::faults;
use bywash_lake::store::{RefKind, RefSwap, Transaction};

use super::attempt::Attempt;
use super::log::{RunLog, run_ref};

/// What became of an attempt to publish.
pub(super) enum Published {
    /// The commit is visible.
    Done { commit: ObjectId, how: &'static str },
    /// There was nothing to publish.
    Unchanged,
    /// The target moved where the run had looked.
    PlanAgain,
}

impl Attempt {
    pub(super) async fn publish(&self, log: &RunLog, replanned: bool) -> Result<Published> {
        faults::enter_phase("publish");
        loop {
            let head = self.runner.lake.branch(&self.options.target).await?;
            faults::barrier("publish").await;
            let base = self.tree.base();
            let mut how = if replanned { "replanned" } else { "direct" };
            if head.id != base.id {
                let moved = base.commit.tree.differences(&head.commit.tree, self.tree.objects()).await?;
                let touched = self.tree.touched();
                if self.merged.is_some() || moved.keys().any(|name| touched.contains(name)) {
                    return Ok(Published::PlanAgain);
                }
                how = "rebased";
            }
            let tree = head.commit.tree.with(self.tree.objects(), self.tree.edits()).await?;
            if tree == head.commit.tree && self.merged.is_none() {
                self.end_unchanged(log, head.id).await?;
                return Ok(Published::Unchanged);
            }
            let mut commit = self.runner.lake.next_commit(&head, tree, self.options.command.clone());
            if let Some(source) = self.merged {
                commit.add_parent(source, &self.runner.lake.commit(source).await?);
            }
            self.sign(&mut commit).await?;
            let id = self.tree.objects().add(&commit)?;
            let transaction = self.last_transaction(log, "published", id, Some(how)).await?;
            if self.runner.lake.commit_tree(self.tree.objects(), &head, commit, transaction).await?.is_some() {
                return Ok(Published::Done { commit: id, how });
            }
            if self.runner.lake.branch(&self.options.target).await?.id == head.id {
                // Not the target has moved, but the ids of a table's columns (rule T3).
                return Ok(Published::PlanAgain);
            }
        }
    }

    async fn end_unchanged(&self, log: &RunLog, head: ObjectId) -> Result<()> {
        let transaction = self.last_transaction(log, "unchanged", head, None).await?;
        self.runner.lake.transact(self.tree.objects(), transaction).await?;
        Ok(())
    }

    /// The end of the run in the catalog; its own ref goes with it.
    async fn last_transaction(
        &self,
        log: &RunLog,
        status: &str,
        commit: ObjectId,
        how: Option<&str>,
    ) -> Result<Transaction> {
        let (nodes, tests) = self.rows();
        let run = log.ended(status, Some(commit), how, None);
        let own = self.runner.lake.store().read_ref(&run_ref(&self.options.run)).await?;
        let swaps = own.map(|own| RefSwap {
            name: own.name,
            kind: RefKind::Run,
            expected: Some(own.commit),
            new: None,
            message: format!("run {} {status}", self.options.run),
            run: Some(self.options.run.clone()),
        });
        Ok(Transaction { swaps: swaps.into_iter().collect(), run: Some(run), nodes, tests, ..Transaction::default() })
    }
}
