//! Merging two trees: tables that loads and people write by rule T4, table by table, as union of their changes.
//!
//! Tables that nodes produce are never merged (rule T5): the merged tree carries one side's entry, and the caller
//! plans the graph again on it before anything is published. Only whether a *name* exists asks a common ancestor.

use std::collections::{BTreeMap, BTreeSet};

use bywash_core::{Code, Error, Result, TableName};

use crate::changes::{Remark, TableState, Unsound};
use crate::objects::{Entry, HashTree, Objects, TableEntry, TableKind};
use crate::{Head, Lake};

/// What a merge did with one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMerge {
    /// The table.
    pub table: TableName,
    /// In words: `taken from dev`, `merged`, `dropped`.
    pub what: String,
    /// Rows afterwards minus rows before.
    pub rows: i64,
}

/// A tree that holds both sides.
#[derive(Debug)]
pub struct MergedTree {
    /// The tree; its nodes' tables are to be planned again.
    pub tree: HashTree<Entry>,
    /// What happened to each table that moved.
    pub tables: Vec<TableMerge>,
    /// What is to be said about tables, moved or not.
    pub remarks: Vec<(TableName, Remark)>,
    /// Whether a node's table might be out of date in the tree.
    pub needs_planning: bool,
}

type Sides = (Option<Entry>, Option<Entry>);

impl Lake {
    /// Merges the tree of `source` into that of `target`; new snapshots are written to the warehouse, nothing is
    /// committed.
    ///
    /// # Errors
    /// Conflicts, all of them at once, each naming the table and what each side did.
    pub async fn merge_trees(&self, objects: &Objects, target: &Head, source: &Head) -> Result<MergedTree> {
        let base = match self.common_ancestor(target.id, source.id).await? {
            Some(id) => self.commit(id).await?.tree,
            None => HashTree::default(),
        };
        let differing = target.commit.tree.differences(&source.commit.tree, objects).await?;
        let (mut edits, mut tables, mut conflicts) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut remarks = Vec::new();
        let fast_forward = self.ancestry(source.id).await?.contains(&target.id);
        let mut needs_planning = false;
        for (name, sides) in differing {
            let table: TableName = name.parse()?;
            needs_planning |= !fast_forward;
            let before = base.get(objects, &name).await?;
            match self.merge_name(objects, &table, before, sides.clone()).await {
                Ok(merged) => {
                    let said = remarks_on(objects, &sides, merged.as_ref()).await?;
                    remarks.extend(said.into_iter().map(|remark| (table.clone(), remark)));
                    if merged != sides.0 {
                        tables.push(describe(table, &sides, merged.as_ref(), source));
                        edits.insert(name, merged);
                    }
                }
                Err(conflict) => conflicts.push(conflict),
            }
        }
        if let Some(conflict) = Error::all(conflicts) {
            return Err(conflict.hint(format!(
                "take one side back first: `bywash log --ref {}` and `bywash revert COMMIT` show and undo what it did",
                source.name.as_ref().map_or_else(|| source.id.short(), ToString::to_string),
            )));
        }
        Ok(MergedTree { tree: target.commit.tree.with(objects, edits).await?, tables, remarks, needs_planning })
    }

    async fn merge_name(
        &self,
        objects: &Objects,
        name: &TableName,
        base: Option<Entry>,
        sides: Sides,
    ) -> Result<Option<Entry>> {
        let is_base = |side: &Option<Entry>| match (side, &base) {
            (Some(side), Some(base)) => side.is_same_state(base),
            (side, base) => side.is_none() && base.is_none(),
        };
        match sides {
            (Some(ours), Some(theirs)) if ours.is_same_state(&theirs) => Ok(Some(ours)),
            (Some(ours), Some(theirs)) if ours.is_node() && theirs.is_node() => {
                // The side that moved away from the ancestor is likelier to be what planning will find.
                let ours = Some(ours);
                Ok(if is_base(&ours) { Some(theirs) } else { ours })
            }
            (Some(Entry::Table(ours)), Some(Entry::Table(theirs))) if ours.uuid == theirs.uuid => {
                self.merge_table(objects, name, &ours, &theirs).await.map(|table| Some(Entry::Table(Box::new(table))))
            }
            (ours, theirs) if is_base(&ours) => Ok(theirs),
            (ours, theirs) if is_base(&theirs) => Ok(ours),
            (Some(_), Some(_)) => Err(conflict(name, "both sides created a table of this name")),
            (Some(ours), None) if ours.is_node() => Ok(Some(ours)),
            (None, Some(theirs)) if theirs.is_node() => Ok(Some(theirs)),
            _ => Err(conflict(name, "one side dropped the table, the other changed it")),
        }
    }

    async fn merge_table(
        &self,
        objects: &Objects,
        name: &TableName,
        ours: &TableEntry,
        theirs: &TableEntry,
    ) -> Result<TableEntry> {
        let (our_state, their_state) =
            (TableState::read(objects, ours).await?, TableState::read(objects, theirs).await?);
        let is_within =
            |one: &TableState, other: &TableState| one.changes.keys().all(|id| other.changes.contains_key(id));
        if is_within(&their_state, &our_state) {
            return Ok(ours.clone());
        }
        // Rule T2: where their history extends ours, their metadata already is the result.
        if is_within(&our_state, &their_state) && self.extends(theirs, ours).await? {
            return Ok(theirs.clone());
        }
        let merged = our_state.merge(&their_state).map_err(|reason| explain(name, reason, &our_state, &their_state))?;
        self.write_state(objects, ours, merged, "merge").await
    }
}

/// What rule T4 has a merge say about a table that both sides have.
async fn remarks_on(objects: &Objects, sides: &Sides, merged: Option<&Entry>) -> Result<BTreeSet<Remark>> {
    let (Some(Entry::Table(ours)), Some(Entry::Table(theirs)), Some(Entry::Table(merged))) =
        (&sides.0, &sides.1, merged)
    else {
        return Ok(BTreeSet::new());
    };
    if ours.kind == TableKind::Node || ours.uuid != theirs.uuid {
        return Ok(BTreeSet::new());
    }
    let merged = TableState::read(objects, merged).await?;
    let (ours, theirs) = (TableState::read(objects, ours).await?, TableState::read(objects, theirs).await?);
    Ok(ours.remarks(&theirs, &merged))
}

fn conflict(name: &TableName, reason: &str) -> Error {
    Error::new(Code::MergeConflict, format!("`{name}` cannot be merged: {reason}"))
}

fn explain(name: &TableName, reason: Unsound, ours: &TableState, theirs: &TableState) -> Error {
    let only = |one: &TableState, other: &TableState| {
        let labels: BTreeSet<_> = one
            .changes
            .iter()
            .filter(|(id, change)| !other.changes.contains_key(id) && reason.concerns(change.kind))
            .map(|(_, change)| format!("`{}`", change.label))
            .collect();
        labels.into_iter().take(5).collect::<Vec<_>>().join(", ")
    };
    conflict(name, reason.reason())
        .hint(format!("the target did: {}", only(ours, theirs)))
        .hint(format!("the source did: {}", only(theirs, ours)))
}

fn describe(table: TableName, sides: &Sides, merged: Option<&Entry>, source: &Head) -> TableMerge {
    let rows = |entry: Option<&Entry>| entry.and_then(Entry::table).map_or(0, |table| table.rows as i64);
    let from = source.name.as_ref().map_or_else(|| source.id.short(), ToString::to_string);
    let what = match merged {
        None => "dropped".to_owned(),
        Some(_) if merged == sides.1.as_ref() => format!("taken from {from}"),
        Some(_) => format!("merged with {from}"),
    };
    TableMerge { table, what, rows: rows(merged) - rows(sides.0.as_ref()) }
}
