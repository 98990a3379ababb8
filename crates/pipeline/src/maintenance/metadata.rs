//! `table expire` and `table rewrite-manifests`: metadata that stays small; no data file is touched.
//!
//! Every `metadata.json` repeats the snapshots before it, so a table that changes often has a large one, written with
//! every commit. In a lake, commits hold versions: each names the metadata that it was made with, which nothing here
//! touches, so time travel to commits, branches, tags and times stays whole.

use bywash_core::{Result, TableName};
use bywash_lake::objects::TableEntry;
use bywash_lake::tables::{Expiry, ManifestRewrite, Size, manifests_of};

use super::{Found, Gain, MOST_TRIES, Maintenance, never_stands_still};

impl Maintenance {
    /// What forgetting all but the newest `keep` snapshots would give; none if there are no more.
    ///
    /// # Errors
    /// There is no such table.
    pub async fn plan_expiry(&self, name: &TableName, keep: usize) -> Result<Option<Gain>> {
        let found = self.find(name).await?;
        let plan = Expiry::plan(self.lake.warehouse(), &found.table.metadata, keep).await?;
        Ok(plan.map(|plan| Gain { what: "snapshots", before: plan.before, after: plan.after, commit: None }))
    }

    /// Forgets all but the newest `keep` snapshots in the table's metadata; none if there are no more.
    ///
    /// # Errors
    /// There is no such table, or its metadata cannot be read or written.
    pub async fn expire(&self, name: &TableName, keep: usize) -> Result<Option<Gain>> {
        self.again_and_again(name, "expire snapshots of", async |maintenance: &Self, found: &Found| {
            let warehouse = maintenance.lake.warehouse();
            let Some(plan) = Expiry::plan(warehouse, &found.table.metadata, keep).await? else { return Ok(None) };
            let gain = Gain { what: "snapshots", before: plan.before, after: plan.after, commit: None };
            let metadata = plan.write(warehouse).await?;
            Ok(Some((gain, TableEntry { metadata, ..found.table.clone() })))
        })
        .await
    }

    /// What writing the manifests anew would give; none if nothing is to be gained.
    ///
    /// # Errors
    /// There is no such table.
    pub async fn plan_manifests(&self, name: &TableName) -> Result<Option<Gain>> {
        let found = self.find(name).await?;
        let plan = ManifestRewrite::plan(self.lake.warehouse(), &found.table.metadata).await?;
        Ok(plan.map(|plan| {
            let after = Size { count: plan.count_after, bytes: plan.before.bytes };
            Gain { what: "manifests", before: plan.before, after, commit: None }
        }))
    }

    /// Writes the manifests anew; none if nothing is to be gained.
    ///
    /// # Errors
    /// There is no such table, or its manifests cannot be read or written.
    pub async fn rewrite_manifests(&self, name: &TableName) -> Result<Option<Gain>> {
        self.again_and_again(name, "rewrite manifests of", async |maintenance: &Self, found: &Found| {
            let warehouse = maintenance.lake.warehouse();
            let Some(plan) = ManifestRewrite::plan(warehouse, &found.table.metadata).await? else { return Ok(None) };
            let before = plan.before;
            let committed = plan.write(warehouse).await?;
            let after = manifests_of(warehouse, &committed.metadata).await?;
            let gain = Gain { what: "manifests", before, after, commit: None };
            let (metadata, snapshot_id) = (committed.metadata, committed.snapshot_id);
            Ok(Some((gain, TableEntry { metadata, snapshot_id, ..found.table.clone() })))
        })
        .await
    }

    /// Does the work on the head of the branch, again where that has moved meanwhile.
    async fn again_and_again(
        &self,
        name: &TableName,
        what: &str,
        work: impl AsyncFn(&Self, &Found) -> Result<Option<(Gain, TableEntry)>>,
    ) -> Result<Option<Gain>> {
        for _ in 0..MOST_TRIES {
            let (lake, files) = self.lake.staged().await?;
            let writing = Self { lake, ..self.clone() };
            let found = writing.find(name).await?;
            let done = work(&writing, &found).await;
            let Ok(Some((gain, entry))) = done else {
                files.discard_all().await;
                return done.map(|_| None);
            };
            // An error here may come after the commit: then its files must stay.
            if let Some(commit) = writing.commit(&found, name, entry, what).await? {
                return Ok(Some(Gain { commit: Some(commit), ..gain }));
            }
            files.discard_all().await;
        }
        Err(never_stands_still(&self.branch))
    }
}
