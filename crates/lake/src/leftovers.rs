//! Files of the warehouse that nothing refers to: what a crash or a lost connection leaves (rule T1).
//!
//! A file is referred to when an entry of any commit of a ref or of the reflog, or a kept output, reaches it. What a
//! write under way has not committed yet counts as left over too, so a count is a note, and nothing is deleted here.

use std::collections::{BTreeSet, HashSet};

use bywash_core::{ObjectId, Result};
use futures::TryStreamExt;
use object_store::path::Path;

use crate::Lake;
use crate::objects::{Entry, TableEntry, kept_entries};
use crate::tables::{LoadedTable, named_files};

/// Files that nothing refers to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// How many.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Lake {
    /// Counts the files of the warehouse that nothing refers to.
    ///
    /// # Errors
    /// The catalog or a table's metadata cannot be read.
    pub async fn leftovers(&self) -> Result<Leftovers> {
        // Listed first: what is written and committed meanwhile is then no leftover.
        let listing = self.warehouse().store().list(None).map_ok(|file| (file.location, file.size));
        let listed: Vec<(Path, u64)> = listing
            .try_collect()
            .await
            .map_err(|error| self.warehouse().failed("list the files of", &Path::default(), &error))?;
        let referred = self.referred_files().await?;
        let left = listed.iter().filter(|(path, _)| !referred.contains(path.as_ref()));
        Ok(left
            .fold(Leftovers::default(), |sum, (_, size)| Leftovers { files: sum.files + 1, bytes: sum.bytes + size }))
    }

    /// Every file that a commit or a kept output reaches, relative to the warehouse.
    async fn referred_files(&self) -> Result<HashSet<String>> {
        let objects = self.objects();
        let mut found = HashSet::new();
        let mut seen = HashSet::new();
        for commit in self.known_commits().await? {
            let entries = self.commit(commit).await?.tree.all(&objects).await?;
            self.refer(entries.into_values(), &mut seen, &mut found).await?;
        }
        for output in self.store().outputs().await? {
            let entries = kept_entries(&objects, &output).await?;
            self.refer(entries.into_values(), &mut seen, &mut found).await?;
        }
        Ok(found)
    }

    /// The commits below every ref and below everything that a ref has ever pointed to.
    async fn known_commits(&self) -> Result<BTreeSet<ObjectId>> {
        let refs = self.store().refs().await?.into_iter().map(|row| row.commit);
        let log = self.store().reflog(None).await?.into_iter().filter_map(|row| row.new);
        let mut left: Vec<ObjectId> = refs.chain(log).collect();
        let mut found = BTreeSet::new();
        while let Some(id) = left.pop() {
            if found.insert(id) {
                left.extend(self.commit(id).await?.parents);
            }
        }
        Ok(found)
    }

    async fn refer(
        &self,
        entries: impl Iterator<Item = Entry>,
        seen: &mut HashSet<(String, Option<i64>)>,
        found: &mut HashSet<String>,
    ) -> Result<()> {
        for entry in entries {
            let Entry::Table(table) = entry else { continue };
            if seen.insert((table.metadata.clone(), table.snapshot_id)) {
                self.refer_table(&table, found).await?;
            }
        }
        Ok(())
    }

    async fn refer_table(&self, table: &TableEntry, found: &mut HashSet<String>) -> Result<()> {
        for tile in table.tiles.all(&self.objects()).await?.into_values() {
            found.extend(tile.files.into_iter().map(|file| file.path));
        }
        let loaded = LoadedTable::load(self.warehouse(), &table.metadata).await?;
        named_files(self.warehouse(), &loaded, found).await
    }
}
