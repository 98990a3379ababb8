//! Where a person decides between two sides: `--ours TABLE`, `--theirs TABLE` (rule T4).
//!
//! A resolution is a change as every other: it takes back *all* that only the losing side has, so it travels with
//! merges and can be reverted.

use std::collections::BTreeMap;

use bywash_core::{Code, Error, ObjectId, Result, TableName};

use super::conflict::Opponents;
use super::{Lake, TableEntry};
use crate::changes::TableState;
use crate::objects::{Entry, Objects};

/// The side whose changes stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The target's.
    Ours,
    /// The source's.
    Theirs,
}

impl Side {
    const fn flag(self) -> &'static str {
        match self {
            Self::Ours => "--ours",
            Self::Theirs => "--theirs",
        }
    }
}

/// By table.
pub type Resolutions = BTreeMap<TableName, Side>;

impl Lake {
    /// A table as one side has it, whatever the other did.
    pub(super) async fn resolve_name(
        &self,
        objects: &Objects,
        side: Side,
        sides: (Option<Entry>, Option<Entry>),
        opponents: &Opponents<'_>,
    ) -> Result<Option<Entry>> {
        match (side, sides) {
            (_, (Some(Entry::Table(ours)), Some(Entry::Table(theirs)))) if ours.uuid == theirs.uuid => {
                let label = format!("merge {} {}", opponents.source_text(), side.flag());
                let table = self.resolve_table(objects, side, &ours, &theirs, &label).await?;
                Ok(Some(Entry::Table(Box::new(table))))
            }
            (Side::Ours, (ours, _)) => Ok(ours),
            (Side::Theirs, (_, theirs)) => Ok(theirs),
        }
    }

    async fn resolve_table(
        &self,
        objects: &Objects,
        side: Side,
        ours: &TableEntry,
        theirs: &TableEntry,
        label: &str,
    ) -> Result<TableEntry> {
        let (our_state, their_state) =
            (TableState::read(objects, ours).await?, TableState::read(objects, theirs).await?);
        let (winner, loser) = match side {
            Side::Ours => (&our_state, &their_state),
            Side::Theirs => (&their_state, &our_state),
        };
        let resolved = winner.merge_over(loser, ObjectId::unique(), label);
        let resolved = resolved
            .map_err(|reason| Error::bug(format!("one side of a merge is not sound by itself: {}", reason.reason())))?;
        let mut ids = self.ids(objects, ours).await?;
        let lost = loser.changes.iter().filter(|(id, _)| !winner.changes.contains_key(id));
        for column in lost.filter_map(|(_, change)| change.column.as_ref()).filter(|column| column.names()) {
            ids.give_up(column.field_id);
        }
        self.write_state(objects, ours, resolved, label).await
    }
}

/// A resolution of what needs none is a mistake of whoever wrote it.
pub(super) fn refuse_needless(resolutions: &Resolutions, differing: &BTreeMap<String, super::Sides>) -> Result<()> {
    for table in resolutions.keys() {
        let Some(sides) = differing.get(&table.to_string()) else {
            return Err(Error::new(Code::WrongUsage, format!("`{table}` does not differ between the two sides"))
                .hint("name only tables that the merge calls a conflict"));
        };
        if [&sides.0, &sides.1].into_iter().flatten().all(Entry::is_node) {
            return Err(Error::new(Code::WrongUsage, format!("`{table}` is made by a model"))
                .hint("it is not merged but planned again on the merged tree; resolve the tables that it reads"));
        }
    }
    Ok(())
}
