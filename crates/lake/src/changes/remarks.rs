//! What a merge says about rows that a person might expect to end up otherwise (rule T4); nothing here decides anything.

use std::collections::BTreeSet;

use bywash_core::ObjectId;

use super::{Change, ChangeKind, ChangeSet, TableState};

/// Something that a merge says about a table, besides how many rows it has (rule T4).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// Rows that one side still had stay away, because a revert of the other side took them back.
    StaysReverted {
        /// The label of what added them.
        change: String,
        /// The label of the revert.
        by: String,
    },
    /// Rows are as they were before a rewrite, which a revert or a resolution of the other side took back.
    Undone {
        /// The label of the rewrite.
        rewrite: String,
        /// The label of what took it back.
        by: String,
    },
    /// Rows of one side are untouched by a rewrite of the other, which did not see them.
    Unseen {
        /// The label of the rewrite.
        rewrite: String,
        /// The label of what added the rows.
        append: String,
    },
}

impl TableState {
    /// What is to be said about the union of two sides.
    #[must_use]
    pub fn remarks(&self, source: &Self, merged: &Self) -> BTreeSet<Remark> {
        let alive = merged.live();
        let mut remarks = stays_reverted(source, merged, &alive);
        for (one, other) in [(self, source), (source, self)] {
            remarks.extend(undone(one, merged, &alive));
            remarks.extend(unseen(&one.changes, &other.changes, merged, &alive));
        }
        remarks
    }
}

/// Rows that the source has and the union has not, because a live revert names them.
fn stays_reverted(source: &TableState, merged: &TableState, alive: &BTreeSet<ObjectId>) -> BTreeSet<Remark> {
    let gone = taken_back(source, merged, alive);
    gone.filter(|(change, _)| change.append.is_some())
        .map(|(change, by)| Remark::StaysReverted { change: change.label.clone(), by: by.label.clone() })
        .collect()
}

/// Rewrites that one side has and the union has not, because a live revert names them.
fn undone(one: &TableState, merged: &TableState, alive: &BTreeSet<ObjectId>) -> BTreeSet<Remark> {
    let gone = taken_back(one, merged, alive);
    gone.filter(|(change, _)| change.kind == ChangeKind::Rewrite)
        .map(|(change, by)| Remark::Undone { rewrite: change.label.clone(), by: by.label.clone() })
        .collect()
}

/// The changes live on one side that a live revert of the union takes back, each with that revert.
fn taken_back<'a>(
    one: &'a TableState,
    merged: &'a TableState,
    alive: &'a BTreeSet<ObjectId>,
) -> impl Iterator<Item = (&'a Change, &'a Change)> + 'a {
    one.live().into_iter().filter(|id| !alive.contains(id)).filter_map(|id| {
        let is_live = |(by, change): &(&ObjectId, &Change)| change.kind == ChangeKind::Revert && alive.contains(by);
        let (_, revert) = merged.changes.iter().filter(is_live).find(|(_, revert)| revert.takes_back.contains(&id))?;
        Some((one.changes.get(&id)?, revert))
    })
}

/// The rewrites that only one side has, with the rows that only the other has.
fn unseen<'a>(
    one: &'a ChangeSet,
    other: &'a ChangeSet,
    merged: &'a TableState,
    alive: &'a BTreeSet<ObjectId>,
) -> impl Iterator<Item = Remark> + 'a {
    let own = move |mine: &'a ChangeSet, theirs: &'a ChangeSet| {
        let is_own = move |id: &&ObjectId| alive.contains(id) && !theirs.contains_key(id);
        mine.keys().filter(is_own).filter_map(|id| merged.changes.get(id))
    };
    own(one, other).filter(|change| change.kind == ChangeKind::Rewrite).flat_map(move |rewrite| {
        let rows = own(other, one).filter(|change| matches!(change.kind, ChangeKind::Append | ChangeKind::Load));
        rows.map(|append| Remark::Unseen { rewrite: rewrite.label.clone(), append: append.label.clone() })
    })
}
