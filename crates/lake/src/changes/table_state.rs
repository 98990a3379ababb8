//! A table's set of changes with its tiles, and the few ways to a new one: append, load, edit, revert, merge.
//!
//! Everything here is pure: data files were written before, and the result is committed elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bywash_core::{ObjectId, ObjectIdBuilder, Result};
use bywash_iceberg_spec::{DataFile, Field, Type};

use super::set::{holds, live, unsound};
use super::tile::tiling;
use super::{
    Change, ChangeKind, ChangeSet, ColumnChange, Created, FieldChange, Layout, LayoutChange, Pair, SourceKey, Tile,
    Unsound, columns, layout,
};
use crate::objects::{Objects, TableEntry};

/// A table's changes and tiles, in memory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableState {
    /// The set.
    pub changes: ChangeSet,
    /// Tiles of the present and of history, by id.
    pub tiles: BTreeMap<ObjectId, Tile>,
}

/// What a load read.
#[derive(Clone, Debug)]
pub struct LoadContent {
    /// From where.
    pub source_key: SourceKey,
    /// The hash of the file.
    pub content: ObjectId,
    /// The columns written: the same bytes in other columns are another change.
    pub columns: Vec<Field>,
}

/// Files that a rewrite removes, and what it leaves of their rows.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Recorded paths.
    pub removed: HashSet<String>,
    /// The rows that stay, some with new values.
    pub remaining: Vec<DataFile>,
}

impl TableState {
    /// Reads the set and tiles of an entry.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn read(objects: &Objects, entry: &TableEntry) -> Result<Self> {
        let changes = by_id(entry.changes.all(objects).await?)?;
        Ok(Self { changes, tiles: by_id(entry.tiles.all(objects).await?)? })
    }

    /// The changes that count.
    #[must_use]
    pub fn live(&self) -> BTreeSet<ObjectId> {
        live(&self.changes)
    }

    /// What the table holds.
    #[must_use]
    pub fn holds(&self) -> BTreeSet<Pair> {
        holds(&self.changes, &self.live())
    }

    /// The data files of the present.
    pub fn files(&self) -> impl Iterator<Item = &DataFile> {
        self.tiles.values().filter(|tile| tile.current).flat_map(|tile| &tile.files)
    }

    /// Whether this file's content is in the table, or was taken back for good (`revert --skip`).
    #[must_use]
    pub fn is_loaded(&self, key: &SourceKey, content: ObjectId) -> bool {
        let alive = self.live();
        let skipped: HashSet<_> = self
            .changes
            .iter()
            .filter(|(id, change)| change.skip && alive.contains(id))
            .flat_map(|(_, change)| change.takes_back.iter().copied())
            .collect();
        self.changes.iter().any(|(id, change)| {
            change.source_key.as_ref() == Some(key)
                && change.content == Some(content)
                && (alive.contains(id) || skipped.contains(id))
        })
    }

    /// The live load of a source key, if there is one.
    #[must_use]
    pub fn load_of(&self, key: &SourceKey) -> Option<ObjectId> {
        let alive = self.live();
        self.loads_of(key).find(|id| alive.contains(id))
    }

    /// The table with rows added by a statement or a node.
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn append(&self, id: ObjectId, files: Vec<DataFile>, label: &str) -> Result<Self, Unsound> {
        let (change, tile) = Self::appended(id, files, label);
        self.with(id, change, vec![tile])
    }

    /// What an append adds to a set: it takes nothing back and touches nothing, so beside any sound set it is sound.
    pub(crate) fn appended(id: ObjectId, files: Vec<DataFile>, label: &str) -> (Change, Tile) {
        let change = Change { append: Some(id), ..Change::new(ChangeKind::Append, label) };
        (change, Tile::new([Pair::fresh(id)].into(), files))
    }

    /// The table with a file loaded: first load, changed file and load after a revert are all its key's newest load.
    ///
    /// # Errors
    /// The result would not be sound: rows of the earlier load were rewritten since.
    pub fn load(&self, load: &LoadContent, files: Vec<DataFile>) -> Result<Self, Unsound> {
        let (append, id) = self.load_ids(load);
        let label = format!("load {}", load.source_key.path);
        let change = Change {
            takes_back: self.loads_of(&load.source_key).collect(),
            append: Some(append),
            source_key: Some(load.source_key.clone()),
            content: Some(load.content),
            ..Change::new(ChangeKind::Load, label)
        };
        self.with(id, change, vec![Tile::new([Pair::fresh(append)].into(), files)])
    }

    /// The table with a file loaded beside what its earlier loads gave (`on_change: append`).
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn load_beside(&self, load: &LoadContent, files: Vec<DataFile>) -> Result<Self, Unsound> {
        let path = format!("{}#{}", load.source_key.path, load.content.short());
        let source_key = SourceKey { path, ..load.source_key.clone() };
        self.load(&LoadContent { source_key, ..load.clone() }, files)
    }

    /// The table without the live loads of a resource whose files are not among `paths` (a `replace` load).
    /// `None` if there are none.
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn without_other_loads(&self, resource: &str, paths: &BTreeSet<String>) -> Result<Option<Self>, Unsound> {
        let alive = self.live();
        let gone = |key: &SourceKey| key.resource == resource && !paths.contains(&key.path);
        let taken: BTreeSet<_> = self
            .changes
            .iter()
            .filter(|(id, change)| alive.contains(id) && change.source_key.as_ref().is_some_and(gone))
            .map(|(id, _)| *id)
            .collect();
        if taken.is_empty() {
            return Ok(None);
        }
        self.revert(ObjectId::unique(), taken, false, "files that are gone").map(Some)
    }

    /// The table with the rows of `removed` files replaced by those of `added`: overwrite, replace partitions.
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn rewrite(
        &self,
        id: ObjectId,
        removed: &HashSet<String>,
        added: Vec<DataFile>,
        label: &str,
    ) -> Result<Self, Unsound> {
        let of_tile = |tile: &Tile| -> HashSet<String> {
            tile.files.iter().filter(|file| removed.contains(&file.path)).map(|file| file.path.clone()).collect()
        };
        let edits = self.tiles.values().filter(|tile| tile.current).map(of_tile).filter(|gone| !gone.is_empty());
        let edits = edits.map(|removed| Edit { removed, remaining: Vec::new() }).collect();
        self.edit(id, edits, added, label)
    }

    /// The table with some files written anew, and rows added: delete, update, merge into, overwrite.
    ///
    /// The rewrite touches the changes whose rows stood in the removed files. What an edit leaves of them is still
    /// their rows; `inserted` are rows of the rewrite itself. The files of one tile must be removed by one edit.
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn edit(&self, id: ObjectId, edits: Vec<Edit>, inserted: Vec<DataFile>, label: &str) -> Result<Self, Unsound> {
        let holders = self.holders();
        let mut appends = HashSet::new();
        let mut tiles = Vec::with_capacity(edits.len() + 1);
        for edit in edits {
            let touched: BTreeSet<_> = edit.removed.iter().filter_map(|path| holders.get(path.as_str())).collect();
            let old: Vec<_> = touched.into_iter().filter_map(|id| self.tiles.get(id)).collect();
            appends.extend(old.iter().flat_map(|tile| &tile.covers).map(|pair| pair.append));
            tiles.push(in_place_of(&old, Some(id), edit));
        }
        let alive = self.live();
        let touches = |change: &Change| change.append.is_some_and(|append| appends.contains(&append));
        let is_rewrite = |change: &Change| change.kind == ChangeKind::Rewrite;
        let live_where = |fits: &dyn Fn(&Change) -> bool| -> BTreeSet<ObjectId> {
            let fitting = self.changes.iter().filter(|(id, change)| alive.contains(id) && fits(change));
            fitting.map(|(id, _)| *id).collect()
        };
        let mut change = Change {
            touched: live_where(&touches),
            saw: live_where(&is_rewrite),
            ..Change::new(ChangeKind::Rewrite, label)
        };
        if !inserted.is_empty() {
            change.append = Some(id);
            tiles.push(Tile::new([Pair::fresh(id)].into(), inserted));
        }
        self.with(id, change, tiles)
    }

    /// The columns; `None` if they are those that the table was created with.
    ///
    /// # Errors
    /// A column has two names, or a name two columns.
    pub fn columns(&self) -> Result<Option<Vec<Field>>, Unsound> {
        columns::columns(&self.changes, &self.live())
    }

    /// How new files are cut and sorted; `None` if as when the table was created, and no column changed either.
    ///
    /// # Errors
    /// They are to be cut or sorted in two ways.
    pub fn layout(&self) -> Result<Option<Layout>, Unsound> {
        layout::layout(&self.changes, &self.live())
    }

    /// The table with a column added, dropped or altered. `created` is what it was created with.
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn alter(&self, created: &Created, mut change: ColumnChange, label: &str) -> Result<Self, Unsound> {
        if let FieldChange::Move { step, .. } = &mut change.what {
            *step = columns::steps(&self.changes) + 1;
        }
        let change = Change {
            takes_back: columns::replaced_by(&change, &self.changes),
            column: Some(Box::new(change)),
            ..Change::new(ChangeKind::Schema, label)
        };
        self.with_created(created).with(ObjectId::unique(), change, Vec::new())
    }

    /// The table whose new files are cut or sorted otherwise. `created` is what it was created with.
    ///
    /// # Errors
    /// The result would not be sound.
    pub fn lay_out(&self, created: &Created, change: LayoutChange, label: &str) -> Result<Self, Unsound> {
        let change = Change {
            takes_back: layout::replaced_by(&change, &self.changes),
            layout: Some(change),
            ..Change::new(ChangeKind::Layout, label)
        };
        self.with_created(created).with(ObjectId::unique(), change, Vec::new())
    }

    /// Its id follows from what it says, so that it is one change wherever it was written first.
    fn with_created(&self, created: &Created) -> Self {
        let mut next = self.clone();
        if self.changes.values().all(|change| change.kind != ChangeKind::Created) {
            let text = serde_json::to_vec(created).unwrap_or_default();
            let id = ObjectIdBuilder::default().part("created").part(text).finish();
            let created = Some(Box::new(created.clone()));
            next.changes.insert(id, Change { created, ..Change::new(ChangeKind::Created, "created") });
        }
        next
    }

    /// The types of columns that were widened.
    fn widened(&self) -> BTreeMap<i32, Type> {
        columns::widened(&self.changes, &self.live())
    }

    /// The table with some files in place of others that hold the same rows: no change, and larger tiles.
    ///
    /// The smaller tiles stay as history, for merges and reverts that need them.
    ///
    /// # Errors
    /// The set itself is not sound.
    pub fn compact(&self, edits: Vec<Edit>) -> Result<Self, Unsound> {
        let (mut new, widened) = (BTreeMap::new(), self.widened());
        for (tiles, edit) in self.by_tiles(edits) {
            let old: Vec<_> = tiles.iter().filter_map(|id| self.tiles.get(id)).collect();
            let tile = in_place_of(&old, None, edit);
            new.insert(tile.id(), tile.widened_to(&widened));
        }
        sound(self.changes.clone(), &[&new, &self.tiles])
    }

    /// Edits with the tiles whose files they remove; those that share a tile are one.
    #[must_use]
    pub fn by_tiles(&self, edits: Vec<Edit>) -> Vec<(BTreeSet<ObjectId>, Edit)> {
        let holders = self.holders();
        let mut joined: Vec<(BTreeSet<ObjectId>, Edit)> = Vec::new();
        for mut edit in edits {
            let mut tiles: BTreeSet<_> =
                edit.removed.iter().filter_map(|path| holders.get(path.as_str()).copied()).collect();
            let (sharing, others): (Vec<_>, Vec<_>) =
                joined.into_iter().partition(|(known, _)| !known.is_disjoint(&tiles));
            joined = others;
            for (known, other) in sharing {
                tiles.extend(known);
                edit.removed.extend(other.removed);
                edit.remaining.extend(other.remaining);
            }
            joined.push((tiles, edit));
        }
        joined
    }

    /// The tile of each file of the present.
    fn holders(&self) -> HashMap<&str, ObjectId> {
        let current = self.tiles.iter().filter(|(_, tile)| tile.current);
        current.flat_map(|(id, tile)| tile.files.iter().map(move |file| (file.path.as_str(), *id))).collect()
    }

    /// The table with these changes taken back; what it was created with stays.
    ///
    /// # Errors
    /// Later changes stand on them.
    pub fn revert(&self, id: ObjectId, taken: BTreeSet<ObjectId>, skip: bool, label: &str) -> Result<Self, Unsound> {
        let is_created = |id: &ObjectId| self.changes.get(id).is_some_and(|change| change.kind == ChangeKind::Created);
        let taken = taken.into_iter().filter(|id| !is_created(id)).collect();
        let change = Change { takes_back: taken, skip, ..Change::new(ChangeKind::Revert, label) };
        self.with(id, change, Vec::new())
    }

    /// The union of both sides: it does not matter which side is the target, nor how often.
    ///
    /// # Errors
    /// The union is not sound.
    pub fn merge(&self, source: &Self) -> Result<Self, Unsound> {
        let mut changes = self.changes.clone();
        changes.extend(source.changes.iter().map(|(id, change)| (*id, change.clone())));
        sound(changes, &[&self.tiles, &source.tiles])
    }

    /// The union in which all that only the other side has is taken back, by a change of this id.
    ///
    /// # Errors
    /// This side is not sound by itself.
    pub fn merge_over(&self, loser: &Self, id: ObjectId, label: &str) -> Result<Self, Unsound> {
        let takes_back: BTreeSet<_> =
            loser.changes.keys().filter(|id| !self.changes.contains_key(id)).copied().collect();
        let mut changes = self.changes.clone();
        changes.extend(loser.changes.iter().map(|(id, change)| (*id, change.clone())));
        if !takes_back.is_empty() {
            changes.insert(id, Change { takes_back, ..Change::new(ChangeKind::Revert, label) });
        }
        sound(changes, &[&self.tiles, &loser.tiles])
    }

    fn with(&self, id: ObjectId, change: Change, tiles: Vec<Tile>) -> Result<Self, Unsound> {
        let mut changes = self.changes.clone();
        changes.insert(id, change);
        let widened = if tiles.is_empty() { BTreeMap::new() } else { self.widened() };
        let new = tiles.into_iter().map(|tile| (tile.id(), tile.widened_to(&widened))).collect();
        sound(changes, &[&new, &self.tiles])
    }

    fn loads_of<'a>(&'a self, key: &'a SourceKey) -> impl Iterator<Item = ObjectId> + 'a {
        self.changes.iter().filter(move |(_, change)| change.source_key.as_ref() == Some(key)).map(|(id, _)| *id)
    }

    /// The names of a load's rows and of the load: equal for the same file after the same loads, on any branch.
    fn load_ids(&self, load: &LoadContent) -> (ObjectId, ObjectId) {
        let SourceKey { resource, path } = &load.source_key;
        let mut rows = ObjectIdBuilder::default().part(resource).part(path).part(load.content.as_bytes());
        let widened = self.widened();
        for column in &load.columns {
            rows = rows.part(column.id.to_le_bytes());
            if let Some(kind) = widened.get(&column.id) {
                rows = rows.part(kind.to_string());
            }
        }
        let append = rows.finish();
        let mut builder = ObjectIdBuilder::default().part(append.as_bytes());
        for earlier in self.loads_of(&load.source_key) {
            builder = builder.part(earlier.as_bytes());
        }
        (append, builder.finish())
    }
}

/// The one way to a new set: is it sound; which tiles hold it; the others are history.
fn sound(changes: ChangeSet, piles: &[&BTreeMap<ObjectId, Tile>]) -> Result<TableState, Unsound> {
    if let Some(reason) = unsound(&changes) {
        return Err(reason);
    }
    let alive = live(&changes);
    let (fields, layout) = (columns::columns(&changes, &alive)?, layout::layout(&changes, &alive)?);
    if let Some((fields, layout)) = fields.zip(layout)
        && layout.columns().any(|id| fields.iter().all(|field| field.id != id))
    {
        return Err(Unsound::LayoutWithoutColumn);
    }
    let wanted = holds(&changes, &alive);
    let kinds = columns::widened(&changes, &alive);
    let chosen = tiling(&wanted, piles, |tile| tile.fits(&kinds));
    let chosen = chosen.ok_or_else(|| match tiling(&wanted, piles, |_| true) {
        Some(_) => Unsound::Narrower,
        None => Unsound::NoTiling,
    })?;
    let mut tiles = BTreeMap::new();
    for (id, tile) in piles.iter().flat_map(|pile| pile.iter()) {
        tiles.entry(*id).or_insert_with(|| Tile { current: chosen.contains(id), ..tile.clone() });
    }
    Ok(TableState { changes, tiles })
}

/// One tile in place of some: the rows of all of them, as a rewrite left them if there was one.
fn in_place_of(old: &[&Tile], by: Option<ObjectId>, edit: Edit) -> Tile {
    let over = |pair: &Pair| {
        let mut pair = pair.clone();
        pair.rewrites.extend(by);
        pair
    };
    let covers = old.iter().flat_map(|tile| &tile.covers).map(over).collect();
    let kept = old.iter().flat_map(|tile| &tile.files).filter(|file| !edit.removed.contains(&file.path)).cloned();
    let widened = old.iter().flat_map(|tile| tile.widened.clone()).collect();
    Tile { widened, ..Tile::new(covers, kept.chain(edit.remaining).collect()) }
}

fn by_id<T>(named: BTreeMap<String, T>) -> Result<BTreeMap<ObjectId, T>> {
    named.into_iter().map(|(id, value)| Ok((id.parse()?, value))).collect()
}
