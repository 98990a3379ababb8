//! What an object names: the objects that must be there as long as it is (rule T7).

use std::collections::BTreeMap;

use bywash_core::ObjectId;

use super::{Commit, Entry};
use crate::changes::{Change, Tile};

/// A value of the catalog that says which objects it names.
pub trait Named {
    /// Tells each of them.
    fn names(&self, tell: &mut dyn FnMut(ObjectId));
}

impl Named for Commit {
    fn names(&self, tell: &mut dyn FnMut(ObjectId)) {
        self.parents.iter().copied().chain(self.tree.root()).chain(self.files.root()).for_each(tell);
    }
}

impl Named for Entry {
    fn names(&self, tell: &mut dyn FnMut(ObjectId)) {
        if let Self::Table(table) = self {
            table.changes.root().into_iter().chain(table.tiles.root()).chain(self.recipe()).for_each(tell);
        }
    }
}

/// A kept output: entries by the names of their tables.
impl Named for BTreeMap<String, Entry> {
    fn names(&self, tell: &mut dyn FnMut(ObjectId)) {
        self.values().for_each(|entry| entry.names(tell));
    }
}

/// A kept verdict.
impl Named for &str {
    fn names(&self, _: &mut dyn FnMut(ObjectId)) {}
}

/// Its ids are those of changes, which are no objects.
impl Named for Change {
    fn names(&self, _: &mut dyn FnMut(ObjectId)) {}
}

/// It names files; nobody writes one without a lease.
impl Named for Tile {
    fn names(&self, _: &mut dyn FnMut(ObjectId)) {}
}
