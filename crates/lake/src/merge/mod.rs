//! Merging two trees: tables that loads and people write by rule T4, table by table, as union of their changes.
//!
//! Tables that nodes produce are never merged (rule T5): the merged tree carries one side's entry, and the caller
//! plans the graph again on it before anything is published. Only whether a *name* exists asks common ancestors.

mod conflict;
mod resolution;

use std::collections::{BTreeMap, BTreeSet};

use bywash_core::{ObjectId, Result, TableName};

use crate::changes::{Remark, TableState};
use crate::objects::{Entry, HashTree, Objects, TableEntry, TableKind};
use crate::{Head, Lake};
use conflict::Opponents;

pub use resolution::{Resolutions, Side};

/// What a merge did with one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableMerge {
    /// The table.
    pub table: TableName,
    /// In words: `taken from dev`, `merged with dev`, `dropped`.
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
    /// Names that the source has as it was when it was merged before, and the target has no more.
    pub gone: Vec<TableName>,
}

type Sides = (Option<Entry>, Option<Entry>);

impl Lake {
    /// Merges the tree of `source` into that of `target`; new snapshots are written to the warehouse, nothing is
    /// committed.
    ///
    /// # Errors
    /// Conflicts, all of them at once, each naming the table and what each side did; a resolution of what is none.
    pub async fn merge_trees(
        &self,
        objects: &Objects,
        target: &Head,
        source: &Head,
        resolutions: &Resolutions,
    ) -> Result<MergedTree> {
        let bases = self.bases(target.id, source.id).await?;
        let differing = target.commit.tree.differences(&source.commit.tree, objects).await?;
        resolution::refuse_needless(resolutions, &differing)?;
        let opponents = Opponents { target, source };
        let (mut edits, mut tables, mut conflicts) = (BTreeMap::new(), Vec::new(), Vec::new());
        let (mut remarks, mut gone) = (Vec::new(), Vec::new());
        for (name, sides) in differing {
            let table: TableName = name.parse()?;
            let resolution = resolutions.get(&table).copied();
            let result = match resolution {
                Some(side) => self.resolve_name(objects, side, sides.clone(), &opponents).await.map(Ok),
                None => self.merge_name(objects, &entries(objects, &bases, &name).await?, sides.clone()).await,
            };
            let merged = match result? {
                Ok(merged) => merged,
                Err(reason) => {
                    conflicts.push((table, reason));
                    continue;
                }
            };
            if merged.is_none() && sides.0.is_none() {
                gone.push(table.clone());
            }
            let said = remarks_on(objects, &sides, merged.as_ref()).await?;
            remarks.extend(said.into_iter().map(|remark| (table.clone(), remark)));
            if merged != sides.0 {
                tables.push(describe(table, &sides, merged.as_ref(), &opponents, resolution));
                edits.insert(name, merged);
            }
        }
        if !conflicts.is_empty() {
            return Err(self.conflicts(conflicts, &opponents).await?);
        }
        let tree = target.commit.tree.with(objects, edits).await?;
        Ok(MergedTree { tree, tables, remarks, gone })
    }

    /// What both sides began with.
    async fn bases(&self, target: ObjectId, source: ObjectId) -> Result<Vec<HashTree<Entry>>> {
        let mut bases = Vec::new();
        for id in self.common_ancestors(target, source).await? {
            bases.push(self.commit(id).await?.tree);
        }
        if bases.is_empty() {
            bases.push(HashTree::default());
        }
        Ok(bases)
    }

    /// The merged entry, or why there is none. Where the bases do not agree, nobody can say who left it alone.
    async fn merge_name(
        &self,
        objects: &Objects,
        bases: &[Option<Entry>],
        sides: Sides,
    ) -> Result<Result<Option<Entry>, &'static str>> {
        let is_base = |side: &Option<Entry>| bases.iter().all(|base| is_same(side.as_ref(), base.as_ref()));
        match sides {
            (Some(ours), Some(theirs)) if ours.is_same_state(&theirs) => Ok(Ok(Some(ours))),
            (Some(ours), Some(theirs)) if ours.is_node() && theirs.is_node() => {
                // The side that moved away from the ancestor is likelier to be what planning will find.
                let ours = Some(ours);
                Ok(Ok(if is_base(&ours) { Some(theirs) } else { ours }))
            }
            (Some(Entry::Table(ours)), Some(Entry::Table(theirs))) if ours.uuid == theirs.uuid => {
                let merged = self.merge_table(objects, &ours, &theirs).await?;
                Ok(merged.map(|table| Some(Entry::Table(Box::new(table)))))
            }
            (ours, theirs) if is_base(&ours) => Ok(Ok(theirs)),
            (ours, theirs) if is_base(&theirs) => Ok(Ok(ours)),
            (Some(_), Some(_)) => Ok(Err("both sides created a table of this name")),
            (Some(ours), None) if ours.is_node() => Ok(Ok(Some(ours))),
            (None, Some(theirs)) if theirs.is_node() => Ok(Ok(Some(theirs))),
            _ if bases.len() > 1 => {
                Ok(Err("one side dropped the table, and crossing merges hide whether the other changed it"))
            }
            _ => Ok(Err("one side dropped the table, the other changed it")),
        }
    }

    async fn merge_table(
        &self,
        objects: &Objects,
        ours: &TableEntry,
        theirs: &TableEntry,
    ) -> Result<Result<TableEntry, &'static str>> {
        let (our_state, their_state) =
            (TableState::read(objects, ours).await?, TableState::read(objects, theirs).await?);
        let is_within =
            |one: &TableState, other: &TableState| one.changes.keys().all(|id| other.changes.contains_key(id));
        if is_within(&their_state, &our_state) {
            return Ok(Ok(ours.clone()));
        }
        // Rule T2: where their history extends ours, their metadata already is the result.
        if is_within(&our_state, &their_state) && self.extends(theirs, ours).await? {
            return Ok(Ok(theirs.clone()));
        }
        match our_state.merge(&their_state) {
            Ok(merged) => self.write_state(objects, ours, merged, "merge").await.map(Ok),
            Err(reason) => Ok(Err(reason.reason())),
        }
    }
}

async fn entries(objects: &Objects, trees: &[HashTree<Entry>], name: &str) -> Result<Vec<Option<Entry>>> {
    let mut entries = Vec::with_capacity(trees.len());
    for tree in trees {
        entries.push(tree.get(objects, name).await?);
    }
    Ok(entries)
}

fn is_same(side: Option<&Entry>, base: Option<&Entry>) -> bool {
    match (side, base) {
        (Some(side), Some(base)) => side.is_same_state(base),
        (side, base) => side.is_none() && base.is_none(),
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

fn describe(
    table: TableName,
    sides: &Sides,
    merged: Option<&Entry>,
    opponents: &Opponents<'_>,
    resolution: Option<Side>,
) -> TableMerge {
    let rows = |entry: Option<&Entry>| entry.and_then(Entry::table).map_or(0, |table| table.rows as i64);
    let (target, source) = (opponents.target_text(), opponents.source_text());
    let what = match (resolution, merged) {
        (_, None) => "dropped".to_owned(),
        (Some(Side::Ours), _) => format!("kept as it was; what only `{source}` did is taken back"),
        (Some(Side::Theirs), _) => format!("taken from `{source}`; what only `{target}` did is taken back"),
        (None, Some(_)) if merged == sides.1.as_ref() => format!("taken from `{source}`"),
        (None, Some(_)) => format!("merged with `{source}`"),
    };
    TableMerge { table, what, rows: rows(merged) - rows(sides.0.as_ref()) }
}
