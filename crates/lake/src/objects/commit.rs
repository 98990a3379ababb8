//! A commit: a state of the whole lake, and how it came about.

use serde::{Deserialize, Serialize};

use bywash_core::{Micros, ObjectId};

use super::{Asked, Entry, FileContent, HashTree};

/// A state of all tables and views under their names, with its parents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// What this state was made from; the first is the branch's own, a merge has a second, the first commit none.
    pub parents: Vec<ObjectId>,
    /// One more than the highest of its parents: 1 for the first commit. 0 where it or one below it is older than
    /// these numbers.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// Table names (`namespace.table`) to entries.
    pub tree: HashTree<Entry>,
    /// Who, as the system names the user.
    pub author: String,
    /// What for, in one line.
    pub message: String,
    /// When, by the writer's clock. History is ordered by parents and the reflog, never by this.
    pub time: Micros,
    /// The run that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The project's files as that run, or the last one before, saw them: contents by paths from the project's root.
    #[serde(default, skip_serializing_if = "HashTree::is_empty")]
    pub files: HashTree<FileContent>,
    /// What the run was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Commit {
    /// The generation of a commit that has this one as its only parent.
    #[must_use]
    pub const fn next_generation(&self) -> u64 {
        if self.generation == 0 { 0 } else { self.generation + 1 }
    }

    /// Makes another commit a parent of this one.
    pub fn add_parent(&mut self, id: ObjectId, parent: &Self) {
        self.parents.push(id);
        let numbers = (self.generation, parent.next_generation());
        self.generation = if numbers.0 == 0 || numbers.1 == 0 { 0 } else { numbers.0.max(numbers.1) };
    }
}
