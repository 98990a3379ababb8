//! One change of a table. Changes with one id are one change, wherever they were made.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use bywash_core::ObjectId;

use super::columns::{ColumnChange, Created};
use super::layout::LayoutChange;

/// Which file of which resource gave the rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceKey {
    /// The resource, `source.resource`.
    pub resource: String,
    /// The file, relative to the project.
    pub path: String,
}

/// What kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Adds rows.
    Append,
    /// Adds the rows of a source key, and takes back every load of that key that it saw.
    Load,
    /// Changes or replaces rows that were there.
    Rewrite,
    /// What the table was created with: nothing takes it back. Written beside the first change of a column or layout.
    Created,
    /// Adds, drops, renames or alters a column, and takes back the changes of the same kind of that column that it saw.
    Schema,
    /// Changes how new files are cut or sorted, and takes back the changes of the same kind that it saw.
    Layout,
    /// Takes back what it names.
    Revert,
}

/// A change, as the set keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kind.
    pub kind: ChangeKind,
    /// Changes that are dead while this one is live.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub takes_back: BTreeSet<ObjectId>,
    /// The name of the rows that it adds: a load's content, else its own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append: Option<ObjectId>,
    /// A load: where its rows come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_key: Option<SourceKey>,
    /// A load: the hash of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<ObjectId>,
    /// A rewrite: the changes whose rows stood in the files that it rewrote.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub touched: BTreeSet<ObjectId>,
    /// A rewrite: the rewrites that were live when it was made.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub saw: BTreeSet<ObjectId>,
    /// What the table was created with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Box<Created>>,
    /// A schema change: of which column, and what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<Box<ColumnChange>>,
    /// A change of layout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<LayoutChange>,
    /// A revert: files that it took back are not to be loaded again (`revert --skip`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// What a person reads: `load data/a.csv`.
    pub label: String,
}

impl Change {
    /// A change that does nothing yet.
    #[must_use]
    pub fn new(kind: ChangeKind, label: impl Into<String>) -> Self {
        Self {
            kind,
            takes_back: BTreeSet::new(),
            append: None,
            source_key: None,
            content: None,
            touched: BTreeSet::new(),
            saw: BTreeSet::new(),
            created: None,
            column: None,
            layout: None,
            skip: false,
            label: label.into(),
        }
    }
}

/// Rows that a table can hold: an append, as these rewrites left it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair {
    /// The name of the rows.
    pub append: ObjectId,
    /// The rewrites that went over them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rewrites: BTreeSet<ObjectId>,
}

impl Pair {
    /// Rows that no rewrite went over.
    #[must_use]
    pub fn fresh(append: ObjectId) -> Self {
        Self { append, rewrites: BTreeSet::new() }
    }
}
