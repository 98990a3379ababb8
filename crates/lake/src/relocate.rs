//! Rule T9 for other readers: after a lake was moved or copied, its tables are written anew with their new place.
//!
//! Bywash itself reads a moved lake as it lies. Other readers go by the locations that metadata records, so each
//! branch and tag gets a commit whose tables are the same states, recorded where they lie now; one transaction moves
//! all refs, and the kept outputs of those tables with them (rule R3). Older commits stay as they are: Bywash reads
//! them, and `branch create` at one of them followed by another relocation makes it readable for others too.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bywash_core::{ObjectId, Result};

use crate::lake::moved;
use crate::objects::{Commit, Entry, HashTree, Objects, TableEntry, kept_entries};
use crate::store::{Outcome, Output, RefKind, RefRow, RefSwap, Transaction};
use crate::tables::{LoadedTable, Relocator};
use crate::{Head, Lake};

const MESSAGE: &str = "relocate lake";

/// A state of a table whose metadata records another place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForeignTable {
    /// The table.
    pub name: String,
    /// The branch or tag whose head has it.
    pub reference: String,
    /// The warehouse that its metadata records.
    pub recorded: String,
    /// Its metadata file, relative to the warehouse.
    pub metadata: String,
}

impl Lake {
    /// The folder of the warehouse that a table's metadata records, if the table lies elsewhere now.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub async fn recorded_elsewhere(&self, table: &TableEntry) -> Result<Option<String>> {
        let loaded = LoadedTable::load(self.warehouse(), &table.metadata).await?;
        let location = &loaded.metadata().location;
        if *location == self.warehouse().recorded(&table.folder) {
            return Ok(None);
        }
        let folder = location.strip_suffix(&table.folder).unwrap_or(location).trim_end_matches('/');
        Ok(Some(folder.strip_prefix("file://").unwrap_or(folder).to_owned()))
    }

    /// The tables at the heads of branches and tags that other readers do not find.
    ///
    /// # Errors
    /// The catalog or a table's metadata cannot be read.
    pub async fn foreign_tables(&self) -> Result<Vec<ForeignTable>> {
        let mut found = Vec::new();
        for row in self.heads().await? {
            for (name, table) in self.tables_of(&self.commit(row.commit).await?).await? {
                if let Some(recorded) = self.recorded_elsewhere(&table).await? {
                    let (reference, metadata) = (row.name.clone(), table.metadata.clone());
                    found.push(ForeignTable { name, reference, recorded, metadata });
                }
            }
        }
        Ok(found)
    }

    /// Writes the tables at the heads of branches and tags anew, with the place where they lie now; what was written
    /// anew is told. Nothing to do is no commit.
    ///
    /// # Errors
    /// A file of a table's history cannot be read or written, or a ref moved meanwhile; then no ref has changed.
    pub async fn relocate(&self) -> Result<Vec<ForeignTable>> {
        let (lake, files) = self.staged().await?;
        let foreign = lake.foreign_tables().await?;
        let places = match lake.rewrite(&foreign).await {
            Ok(places) => places,
            Err(error) => {
                files.discard_all().await;
                return Err(error);
            }
        };
        let objects = lake.objects();
        let outputs = lake.moved_outputs(&objects, &places).await?;
        let swaps = lake.relocated_heads(&objects, &places).await?;
        if swaps.is_empty() {
            return Ok(foreign);
        }
        let transaction = Transaction { swaps, replaced_outputs: outputs, ..Transaction::default() };
        match lake.transact_with_outcome(&objects, transaction).await? {
            Outcome::Done => Ok(foreign),
            Outcome::Moved(name) => {
                files.discard_all().await;
                Err(moved(&name))
            }
        }
    }

    /// Writes these metadata files anew; the answer is the new one of each.
    async fn rewrite(&self, foreign: &[ForeignTable]) -> Result<HashMap<String, String>> {
        let relocator = Relocator::new(self.warehouse());
        let mut places = HashMap::new();
        for metadata in foreign.iter().map(|table| &table.metadata).collect::<BTreeSet<_>>() {
            places.insert(metadata.clone(), relocator.relocate(metadata).await?);
        }
        Ok(places)
    }

    /// A swap for each branch and tag whose tables were written anew; refs at one commit stay at one commit.
    async fn relocated_heads(&self, objects: &Objects, places: &HashMap<String, String>) -> Result<Vec<RefSwap>> {
        let mut commits: HashMap<ObjectId, Option<ObjectId>> = HashMap::new();
        let mut swaps = Vec::new();
        for row in self.heads().await? {
            let new = match commits.get(&row.commit) {
                Some(new) => *new,
                None => {
                    let new = self.relocated_commit(objects, &row, places).await?;
                    commits.insert(row.commit, new);
                    new
                }
            };
            if new.is_some() {
                let (expected, message) = (Some(row.commit), MESSAGE.to_owned());
                swaps.push(RefSwap { name: row.name, kind: row.kind, expected, new, message, run: None });
            }
        }
        Ok(swaps)
    }

    async fn relocated_commit(
        &self,
        objects: &Objects,
        row: &RefRow,
        places: &HashMap<String, String>,
    ) -> Result<Option<ObjectId>> {
        let head = Head { name: None, id: row.commit, commit: self.commit(row.commit).await? };
        let mut edits = BTreeMap::new();
        for (name, table) in self.tables_of(&head.commit).await? {
            if let Some(metadata) = places.get(&table.metadata).cloned() {
                edits.insert(name, Some(Entry::Table(Box::new(TableEntry { metadata, ..table }))));
            }
        }
        if edits.is_empty() {
            return Ok(None);
        }
        let tree: HashTree<Entry> = head.commit.tree.with(objects, edits).await?;
        objects.add(&self.next_commit(&head, tree, MESSAGE)).map(Some)
    }

    /// Kept outputs whose tables were written anew: who takes them gets the new place.
    async fn moved_outputs(&self, objects: &Objects, places: &HashMap<String, String>) -> Result<Vec<Output>> {
        let mut found = Vec::new();
        for output in self.store().outputs().await? {
            let mut entries = kept_entries(objects, &output).await?;
            let mut has_moved = false;
            for entry in entries.values_mut() {
                let Entry::Table(table) = entry else { continue };
                if let Some(new) = places.get(&table.metadata) {
                    new.clone_into(&mut table.metadata);
                    has_moved = true;
                }
            }
            if has_moved {
                found.push(Output { entry: objects.add(&entries)?, ..output });
            }
        }
        Ok(found)
    }

    async fn heads(&self) -> Result<Vec<RefRow>> {
        Ok(self.store().refs().await?.into_iter().filter(|row| row.kind != RefKind::Run).collect())
    }

    async fn tables_of(&self, commit: &Commit) -> Result<Vec<(String, TableEntry)>> {
        let entries = commit.tree.all(&self.objects()).await?;
        let table = |(name, entry)| match entry {
            Entry::Table(table) => Some((name, *table)),
            Entry::View(_) => None,
        };
        Ok(entries.into_iter().filter_map(table).collect())
    }
}
