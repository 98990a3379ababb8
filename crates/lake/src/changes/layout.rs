//! How the files of a table are cut and sorted, by field id, as its set of changes tells it (rules T3 and T4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use bywash_core::ObjectId;
use bywash_iceberg_spec::Transform;

use super::{ChangeSet, Unsound};

/// A column and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutTerm {
    /// The column's field id.
    pub field_id: i32,
    /// What is done to it.
    pub transform: Transform,
}

/// How files are cut and sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The partitions' columns.
    #[serde(default)]
    pub partition: Vec<LayoutTerm>,
    /// The columns that rows are sorted by within a file.
    #[serde(default)]
    pub cluster: Vec<i32>,
}

/// What becomes of a layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LayoutChange {
    /// New files are cut so.
    Partition(Vec<LayoutTerm>),
    /// New files are sorted so.
    Cluster(Vec<i32>),
}

impl Layout {
    /// The field ids that it needs.
    pub fn columns(&self) -> impl Iterator<Item = i32> + '_ {
        self.partition.iter().map(|term| term.field_id).chain(self.cluster.iter().copied())
    }
}

impl LayoutChange {
    const fn replaces(&self, earlier: &Self) -> bool {
        matches!((self, earlier), (Self::Partition(_), Self::Partition(_)) | (Self::Cluster(_), Self::Cluster(_)))
    }
}

/// The earlier changes that a new one takes back.
pub(super) fn replaced_by(change: &LayoutChange, changes: &ChangeSet) -> BTreeSet<ObjectId> {
    let is_replaced = |earlier: &LayoutChange| change.replaces(earlier);
    changes.iter().filter(|(_, old)| old.layout.as_ref().is_some_and(is_replaced)).map(|(id, _)| *id).collect()
}

/// The layout; `None` if it is that with which the table was created, and no column changed either.
pub(super) fn layout(changes: &ChangeSet, live: &BTreeSet<ObjectId>) -> Result<Option<Layout>, Unsound> {
    let Some(created) = changes.values().find_map(|change| change.created.as_ref()) else { return Ok(None) };
    let (mut partition, mut cluster) = (None, None);
    for (_, change) in changes.iter().filter(|(id, _)| live.contains(id)) {
        let clashes = match &change.layout {
            Some(LayoutChange::Partition(terms)) => *partition.get_or_insert(terms) != terms,
            Some(LayoutChange::Cluster(columns)) => *cluster.get_or_insert(columns) != columns,
            None => false,
        };
        if clashes {
            return Err(Unsound::TwoLayouts);
        }
    }
    Ok(Some(Layout {
        partition: partition.unwrap_or(&created.layout.partition).clone(),
        cluster: cluster.unwrap_or(&created.layout.cluster).clone(),
    }))
}
