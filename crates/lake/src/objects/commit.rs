//! A commit: a state of the whole lake, and how it came about.

use serde::{Deserialize, Serialize};

use bywash_core::{Micros, ObjectId};

use super::{Asked, Entry, FileContent, HashTree};

/// A state of all tables and views under their names, with its parents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// What this state was made from; the first is the branch's own, a merge has a second, the first commit none.
    pub parents: Vec<ObjectId>,
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
