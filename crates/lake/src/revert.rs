//! Reverting a commit: one change in each table that names all the changes the commit added (rule T4).
//!
//! Nothing is forgotten: the reverted changes stay in the set, so a branch that still has them can be merged again
//! without bringing them back. A table that the commit created disappears with it.

use std::collections::{BTreeMap, BTreeSet};

use bywash_core::{Code, Error, ObjectId, Result, TableName};

use crate::changes::{Change, ChangeKind, TableState, Unsound};
use crate::objects::{Entry, HashTree, Objects, TableEntry};
use crate::{Head, Lake};

/// A tree without what a commit did.
#[derive(Debug)]
pub struct RevertedTree {
    /// The tree; nodes are to be planned again unless the reverted commit was the head.
    pub tree: HashTree<Entry>,
    /// The names that changed.
    pub names: Vec<TableName>,
}

impl Lake {
    /// Takes back on top of `head` what the commits from `first` to `last` did, which is the same one or a descendant
    /// by first parents. With `skip`, the files that they loaded stay unloaded.
    ///
    /// # Errors
    /// Later changes stand on the reverted ones, or nothing of them is left to take back.
    pub async fn revert_tree(
        &self,
        objects: &Objects,
        head: &Head,
        first: &Head,
        last: &Head,
        skip: bool,
    ) -> Result<RevertedTree> {
        let Some(parent) = first.commit.parents.first() else {
            return Err(Error::new(
                Code::RevertConflict,
                format!("`{}` created the lake and cannot be taken back", first.id.short()),
            ));
        };
        let parent = self.commit(*parent).await?;
        let differing = parent.tree.differences(&last.commit.tree, objects).await?;
        let revert = ObjectId::unique();
        let (mut edits, mut conflicts) = (BTreeMap::new(), Vec::new());
        for (name, (before, after)) in differing {
            if matches!((&before, &after), (Some(before), Some(after)) if before.is_same_state(after)) {
                continue;
            }
            let table: TableName = name.parse()?;
            let now = head.commit.tree.get(objects, &name).await?;
            let plan = Undo { revert, skip, label: format!("revert {}", first.id.short()) };
            match self.revert_name(objects, &table, &plan, [before, after, now.clone()]).await {
                Ok(undone) if undone == now => {}
                Ok(undone) => _ = edits.insert(name, undone),
                Err(conflict) => conflicts.push(conflict),
            }
        }
        if let Some(conflict) = Error::all(conflicts) {
            return Err(conflict);
        }
        if edits.is_empty() {
            return Err(Error::new(
                Code::RevertConflict,
                format!("nothing of `{}` is left to take back", first.id.short()),
            ));
        }
        let names = edits.keys().map(|name| name.parse()).collect::<Result<_>>()?;
        Ok(RevertedTree { tree: head.commit.tree.with(objects, edits).await?, names })
    }

    async fn revert_name(
        &self,
        objects: &Objects,
        name: &TableName,
        undo: &Undo,
        [before, after, now]: [Option<Entry>; 3],
    ) -> Result<Option<Entry>> {
        match (before, after, now) {
            (Some(before), None, None) => Ok(Some(before)),
            (before, Some(after), Some(now)) if now.is_node() && now.is_same_state(&after) => Ok(before),
            (before, Some(Entry::Table(after)), Some(Entry::Table(now))) if now.uuid == after.uuid => {
                let before = before.as_ref().and_then(Entry::table);
                self.revert_table(objects, name, undo, before, &after, &now).await
            }
            (_, _, now) if now.as_ref().is_none_or(Entry::is_node) => Ok(now),
            _ => Err(Error::new(Code::RevertConflict, format!("`{name}` was dropped and created again since"))),
        }
    }

    async fn revert_table(
        &self,
        objects: &Objects,
        name: &TableName,
        undo: &Undo,
        before: Option<&TableEntry>,
        after: &TableEntry,
        now: &TableEntry,
    ) -> Result<Option<Entry>> {
        let changes = match before {
            Some(before) => TableState::read(objects, before).await?.changes,
            None => BTreeMap::new(),
        };
        let added = TableState::read(objects, after).await?.changes;
        let new: BTreeMap<_, _> = added.into_iter().filter(|(id, _)| !changes.contains_key(id)).collect();
        let is_created = |change: &Change| before.is_some() && change.kind == ChangeKind::Created;
        let taken: BTreeSet<_> = new.iter().filter(|(_, change)| !is_created(change)).map(|(id, _)| *id).collect();
        let state = TableState::read(objects, now).await?;
        if let (Some(before), true) = (before, taken.is_empty()) {
            return self.revert_files(objects, name, undo, before, now, &state).await;
        }
        if before.is_none() && !undo.skip && state.changes.keys().all(|id| taken.contains(id)) {
            return Ok(None);
        }
        if state.live().is_disjoint(&taken) {
            return Ok(Some(Entry::Table(Box::new(now.clone()))));
        }
        let reverted = state.revert(undo.revert, taken, undo.skip, &undo.label).map_err(|reason| {
            let reason = match reason {
                Unsound::BothRewrote => "its rows were rewritten in the meantime",
                other => other.reason(),
            };
            Error::new(Code::RevertConflict, format!("`{name}` cannot be taken back: {reason}")).hint(format!(
                "later changes stand on it: `bywash table history {name}` shows them; take them back first, or all at \
                 once with `--through`"
            ))
        })?;
        let mut ids = self.ids(objects, now).await?;
        for column in new.values().filter_map(|change| change.column.as_ref()).filter(|column| column.names()) {
            ids.give_up(column.field_id);
        }
        let entry = self.write_state(objects, now, reverted, &undo.label).await?;
        Ok(Some(Entry::Table(Box::new(entry))))
    }
}

impl Lake {
    /// Takes back what changed files and no rows: the set stays, and is tiled by the files before where it can be.
    async fn revert_files(
        &self,
        objects: &Objects,
        name: &TableName,
        undo: &Undo,
        before: &TableEntry,
        now: &TableEntry,
        state: &TableState,
    ) -> Result<Option<Entry>> {
        let before = TableState::read(objects, before).await?;
        let files = before.merge(state).map_err(|reason| {
            Error::new(Code::RevertConflict, format!("`{name}` cannot be taken back: {}", reason.reason()))
        })?;
        let entry = self.write_state(objects, now, files, &undo.label).await?;
        Ok(Some(Entry::Table(Box::new(entry))))
    }
}

struct Undo {
    revert: ObjectId,
    skip: bool,
    label: String,
}
