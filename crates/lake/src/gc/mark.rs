//! Marking: every object and file that something reaches, each looked at once.
//!
//! An entry reaches its set of changes, all tiles of its history (rule T4 needs their files for merges and reverts), its
//! `metadata.json` and every file that this names. What exists names nothing that is gone, so an absent object or file
//! is damage: marking ends with an error then, and nothing is collected.

use std::collections::{HashMap, HashSet};

use bywash_core::{ObjectId, Result};

use crate::Lake;
use crate::objects::{Commit, Entry, Objects, TableEntry, kept_entries};
use crate::store::Output;
use crate::tables::{LoadedTable, named_files};

/// What was found so far, above another marking whose findings are not found again.
pub(crate) struct Marking<'a> {
    lake: &'a Lake,
    reader: Objects,
    below: Option<&'a Marking<'a>>,
    objects: HashSet<ObjectId>,
    /// Files by their paths relative to the warehouse, with the number of the root that reached each first.
    files: HashMap<String, usize>,
    /// Metadata files that were followed; others may be named only.
    metadata: HashSet<String>,
    root: usize,
}

impl<'a> Marking<'a> {
    /// Nothing is marked.
    pub(crate) fn new(lake: &'a Lake) -> Self {
        Self {
            lake,
            reader: lake.objects(),
            below: None,
            objects: HashSet::new(),
            files: HashMap::new(),
            metadata: HashSet::new(),
            root: 0,
        }
    }

    /// Marks only what the other has not.
    pub(crate) fn above(below: &'a Marking<'a>) -> Self {
        Self { below: Some(below), reader: below.reader.clone(), ..Self::new(below.lake) }
    }

    /// Whether an object is marked, here or below.
    pub(crate) fn has(&self, id: ObjectId) -> bool {
        self.objects.contains(&id) || self.below.is_some_and(|below| below.has(id))
    }

    /// Whether a file is marked, here or below.
    pub(crate) fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.below.is_some_and(|below| below.has_file(path))
    }

    /// The number of the root that reached a file first; only files marked here.
    pub(crate) fn root_of(&self, path: &str) -> Option<usize> {
        self.files.get(path).copied()
    }

    /// What is found from now on was reached from the root of this number.
    pub(crate) const fn begin_root(&mut self, number: usize) {
        self.root = number;
    }

    /// Marks a commit and everything that it reaches, its parents among them.
    pub(crate) async fn commit(&mut self, id: ObjectId) -> Result<()> {
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            if !self.enter(id) {
                continue;
            }
            let commit: Commit = self.reader.read(id).await?;
            left.extend(&commit.parents);
            let reader = self.reader.clone();
            let entries = commit.tree.walk(&reader, &mut |id| self.enter(id)).await?;
            self.entries(entries).await?;
            for content in commit.files.walk(&reader, &mut |id| self.enter(id)).await? {
                self.enter(content.0);
            }
        }
        Ok(())
    }

    /// Marks what a kept output reaches.
    pub(crate) async fn output(&mut self, output: &Output) -> Result<()> {
        if self.enter(output.entry) {
            let entries = kept_entries(&self.reader, output).await?;
            self.entries(entries.into_values()).await?;
        }
        Ok(())
    }

    /// Bytes of the tables of an output that are not marked: what is kept for its sake alone.
    pub(crate) async fn bytes_of(&self, output: &Output) -> Result<u64> {
        if self.has(output.entry) {
            return Ok(0);
        }
        let entries = kept_entries(&self.reader, output).await?;
        let tables = entries.values().filter_map(Entry::table).filter(|table| !self.has_followed(&table.metadata));
        Ok(tables.map(|table| table.bytes).sum())
    }

    async fn entries(&mut self, entries: impl IntoIterator<Item = Entry>) -> Result<()> {
        for entry in entries {
            entry.recipe().map(|recipe| self.enter(recipe));
            if let Entry::Table(table) = entry {
                self.table(&table).await?;
            }
        }
        Ok(())
    }

    async fn table(&mut self, table: &TableEntry) -> Result<()> {
        let reader = self.reader.clone();
        table.changes.walk(&reader, &mut |id| self.enter(id)).await?;
        for tile in table.tiles.walk(&reader, &mut |id| self.enter(id)).await? {
            for file in tile.files {
                self.see(file.path);
            }
        }
        if self.has_followed(&table.metadata) {
            return Ok(());
        }
        let warehouse = self.lake.warehouse().clone();
        let loaded = LoadedTable::load(&warehouse, &table.metadata).await?;
        named_files(&warehouse, &loaded, &mut |path| self.see(path)).await?;
        self.metadata.insert(table.metadata.clone());
        Ok(())
    }

    fn has_followed(&self, metadata: &str) -> bool {
        self.metadata.contains(metadata) || self.below.is_some_and(|below| below.has_followed(metadata))
    }

    fn enter(&mut self, id: ObjectId) -> bool {
        !self.has(id) && self.objects.insert(id)
    }

    fn see(&mut self, path: String) -> bool {
        if self.has_file(&path) {
            return false;
        }
        self.files.insert(path, self.root);
        true
    }
}
