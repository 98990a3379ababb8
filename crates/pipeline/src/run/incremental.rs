//! Rule R6: whether an incremental model's table can be brought up to date from new rows alone.
//!
//! It can if all it consumed is still held, by tables with the same columns, no other input changed, and what is
//! new lies in whole files. Anything else is a full refresh, so that both always give the same table.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bywash_core::{ObjectId, Result, TableName};
use bywash_lake::changes::{Pair, TableState};
use bywash_lake::objects::{Consumed, Entry, Produced, TableEntry};

use crate::lake_view::WorkingTree;

/// The data files of each input whose rows are new.
pub type NewFiles = BTreeMap<TableName, HashSet<String>>;

/// What to do with an incremental model's table.
#[derive(Debug)]
pub enum Step {
    /// Nothing is new: the entry stands.
    Stands,
    /// Compute from these files of each input, and add the rows.
    Extend {
        /// The files.
        files: NewFiles,
    },
    /// Compute from everything.
    Refresh {
        /// Why.
        reason: String,
    },
}

/// What an incremental model would consume of its inputs now.
///
/// # Errors
/// The catalog cannot be read.
pub async fn consumable(tree: &WorkingTree, from: &[TableName]) -> Result<BTreeMap<String, Consumed>> {
    let mut found = BTreeMap::new();
    for name in from {
        if let Some(Entry::Table(table)) = tree.entry(name).await? {
            let pairs = TableState::read(tree.objects(), &table).await?.holds();
            found.insert(name.to_string(), Consumed { uuid: table.uuid.clone(), schema_id: table.schema_id, pairs });
        }
    }
    Ok(found)
}

/// Decides for a model that would be made as `new` says, whose entry was made as `old` says.
///
/// `watched` are the versions of the inputs that are neither consumed nor declared static.
///
/// # Errors
/// The catalog cannot be read.
pub async fn decide(
    tree: &WorkingTree,
    old: Option<&Produced>,
    new: &Produced,
    watched: &BTreeMap<String, ObjectId>,
    from: &[TableName],
) -> Result<Step> {
    let refresh = |reason: String| Ok(Step::Refresh { reason });
    let Some(old) = old else { return refresh("it has never run here".to_owned()) };
    if old.recipe != new.recipe {
        return refresh("its query or settings changed".to_owned());
    }
    if old.packages != new.packages {
        return refresh("its packages changed".to_owned());
    }
    if let Some((input, _)) = watched.iter().find(|(input, version)| old.inputs.get(*input) != Some(version)) {
        return refresh(format!("`{input}` changed, and is not in `incremental_from`"));
    }
    let mut files = NewFiles::new();
    for name in from {
        let label = name.to_string();
        let Some(Entry::Table(table)) = tree.entry(name).await? else {
            return refresh(format!("`{name}` is not a table"));
        };
        let Some(consumed) = old.consumed.get(&label) else {
            return refresh(format!("it has not read `{name}` before"));
        };
        if consumed.uuid != table.uuid || !reads_same_columns(old, new, consumed, &table) {
            return refresh(format!("`{name}` has other columns now"));
        }
        let state = TableState::read(tree.objects(), &table).await?;
        let held = state.holds();
        if !consumed.pairs.is_subset(&held) {
            return refresh(format!("rows of `{name}` were changed or taken back"));
        }
        match whole_files(&state, &held.difference(&consumed.pairs).cloned().collect()) {
            Some(new) => _ = files.insert(name.clone(), new),
            None => return refresh(format!("new rows of `{name}` share files with old ones")),
        }
    }
    Ok(if files.values().all(HashSet::is_empty) && pairs(old) == pairs(new) {
        Step::Stands
    } else {
        Step::Extend { files }
    })
}

/// The rows that were consumed: more than there are files, where some gave none.
fn pairs(produced: &Produced) -> Vec<(&String, &BTreeSet<Pair>)> {
    produced.consumed.iter().map(|(name, consumed)| (name, &consumed.pairs)).collect()
}

/// Whether the columns that are read of an input are those that were read: their ids, names and types. Others may come
/// and go.
fn reads_same_columns(old: &Produced, new: &Produced, consumed: &Consumed, table: &TableEntry) -> bool {
    let before = old.reads.iter().flat_map(|reads| &reads.tables);
    let before = before.filter(|read| read.uuid == consumed.uuid && read.schema_id == consumed.schema_id);
    let now = new.reads.iter().flat_map(|reads| &reads.tables).filter(|read| read.is_of(table));
    match (before.map(|read| &read.columns).next(), now.map(|read| &read.columns).next()) {
        (Some(before), Some(now)) => before == now,
        _ => consumed.schema_id == table.schema_id,
    }
}

/// The files of current tiles that hold exactly these pairs.
fn whole_files(state: &TableState, wanted: &BTreeSet<Pair>) -> Option<HashSet<String>> {
    let mut covered = BTreeSet::new();
    let mut files = HashSet::new();
    for tile in state.tiles.values().filter(|tile| tile.current && !tile.covers.is_disjoint(wanted)) {
        if !tile.covers.is_subset(wanted) {
            return None;
        }
        covered.extend(tile.covers.iter().cloned());
        files.extend(tile.files.iter().map(|file| file.path.clone()));
    }
    (covered == *wanted).then_some(files)
}
