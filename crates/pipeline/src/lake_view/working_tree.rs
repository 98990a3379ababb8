//! A commit's tree with changes on top that are not committed yet, and a record of what was looked at.
//!
//! Rule R1 needs that record: whether a run can be rebased depends on every name it read, present or absent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bywash_core::{Result, TableName};
use bywash_lake::objects::{Entry, HashTree, Objects};
use bywash_lake::{Head, Lake};

/// A tree under work.
pub struct WorkingTree {
    lake: Lake,
    objects: Objects,
    base: Head,
    names: OnceLock<BTreeSet<String>>,
    work: Mutex<Work>,
}

#[derive(Default)]
struct Work {
    edits: BTreeMap<String, Option<Entry>>,
    reads: BTreeSet<String>,
}

impl WorkingTree {
    /// The tree of a commit, without changes.
    #[must_use]
    pub fn new(lake: Lake, base: Head) -> Self {
        let objects = lake.objects();
        Self::with_objects(lake, base, objects)
    }

    /// The same over objects of which some are pending.
    #[must_use]
    pub fn with_objects(lake: Lake, base: Head, objects: Objects) -> Self {
        Self { lake, objects, base, names: OnceLock::new(), work: Mutex::default() }
    }

    /// The lake.
    #[must_use]
    pub fn lake(&self) -> &Lake {
        &self.lake
    }

    /// Objects that belong to the changes.
    #[must_use]
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The commit below the changes.
    #[must_use]
    pub fn base(&self) -> &Head {
        &self.base
    }

    /// The entry under a name, changed or not; the look is recorded.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn entry(&self, name: &TableName) -> Result<Option<Entry>> {
        let text = name.to_string();
        {
            let mut work = self.lock();
            work.reads.insert(text.clone());
            if let Some(edited) = work.edits.get(&text) {
                return Ok(edited.clone());
            }
        }
        self.base.commit.tree.get(&self.objects, &text).await
    }

    /// The entry under a name in the commit below the changes; recorded likewise.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn base_entry(&self, name: &TableName) -> Result<Option<Entry>> {
        self.lock().reads.insert(name.to_string());
        self.base.commit.tree.get(&self.objects, &name.to_string()).await
    }

    /// Begins with another tree: what differs from the commit counts as changed.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn begin_with(&self, tree: &HashTree<Entry>) -> Result<()> {
        let differing = self.base.commit.tree.differences(tree, &self.objects).await?;
        self.lock().edits.extend(differing.into_iter().map(|(name, (_, theirs))| (name, theirs)));
        Ok(())
    }

    /// Sets or removes a name.
    pub fn put(&self, name: &TableName, entry: Option<Entry>) {
        self.lock().edits.insert(name.to_string(), entry);
    }

    /// Every name, for suggestions and `bywash.tables`.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn names(&self) -> Result<BTreeSet<String>> {
        self.names_that(|_| true).await
    }

    /// The names that fit: a project asks once for each bare name in it.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn names_that(&self, fit: impl Fn(&str) -> bool) -> Result<BTreeSet<String>> {
        let base = match self.names.get() {
            Some(names) => names,
            None => {
                let read = self.base.commit.tree.all(&self.objects).await?.into_keys().collect();
                self.names.get_or_init(|| read)
            }
        };
        let mut names: BTreeSet<_> = base.iter().filter(|name| fit(name)).cloned().collect();
        for (name, entry) in self.lock().edits.iter().filter(|(name, _)| fit(name)) {
            match entry {
                Some(_) => names.insert(name.clone()),
                None => names.remove(name),
            };
        }
        Ok(names)
    }

    /// What was changed.
    #[must_use]
    pub fn edits(&self) -> BTreeMap<String, Option<Entry>> {
        self.lock().edits.clone()
    }

    /// Every name that was looked at or changed.
    #[must_use]
    pub fn touched(&self) -> BTreeSet<String> {
        let work = self.lock();
        work.reads.iter().chain(work.edits.keys()).cloned().collect()
    }

    /// The tree with the changes.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn tree(&self) -> Result<HashTree<Entry>> {
        let edits = self.edits();
        self.base.commit.tree.with(&self.objects, edits).await
    }

    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
