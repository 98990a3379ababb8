//! What a name stands for in a commit: a table or a view.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use bywash_core::{ObjectId, RowSums};

use super::HashTree;
use crate::changes::{Change, NewField, Pair, Tile};

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "lowercase")]
pub enum Entry {
    /// An Iceberg table.
    Table(Box<TableEntry>),
    /// A query under a name.
    View(ViewEntry),
}

/// Where a table's rows come from; it decides who may write and what merge does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableKind {
    /// Loads of a source's resource, or a seed: a set of changes, merged by rule T4.
    Source,
    /// SQL that a person ran: likewise.
    Hand,
    /// A node of the graph: planned again, never merged (rule T5).
    Node,
}

/// A table at one moment: an Iceberg snapshot, and the set of changes that it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TableEntry {
    /// The table's identity across names and branches.
    pub uuid: String,
    /// Who writes it.
    pub kind: TableKind,
    /// Its folder, relative to the warehouse.
    pub folder: String,
    /// Its metadata file, relative to the warehouse.
    pub metadata: String,
    /// The Iceberg snapshot of this entry; absent before the first row was written.
    pub snapshot_id: Option<i64>,
    /// The Iceberg schema of this entry.
    pub schema_id: i32,
    /// Rule T4: the changes, by id.
    pub changes: HashTree<Change>,
    /// What files hold them, now or at any time before, by the tile's id.
    pub tiles: HashTree<Tile>,
    /// Rows of the snapshot.
    pub rows: u64,
    /// Bytes of its data files.
    pub bytes: u64,
    /// Number of its data files.
    pub files: u64,
    /// Rule R4: what its rows come to; absent if that is not known of every file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_sums: Option<RowSums>,
    /// For a node's table: what made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub produced: Option<Produced>,
}

/// What made a node's output (rules R3 and R6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Produced {
    /// The key of the run that made it.
    pub key: ObjectId,
    /// The recipe alone: equal for the same query whatever it read.
    pub recipe: ObjectId,
    /// Whether the recipe is an object of the catalog, which tells later what changed; it was only a hash at first.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keeps_recipe: bool,
    /// Stands for the packages of the functions in Python that it calls, if it calls any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<ObjectId>,
    /// What each input came to as it read it, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, ObjectId>,
    /// Of which columns that was made up, if its query could be planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Reads>,
    /// What an incremental model has consumed of each input.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consumed: BTreeMap<String, Consumed>,
}

/// What a query reads of the tables below its inputs (rule R4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reads {
    /// The tables, their columns and the views that it was planned on: on the same ones it reads the same.
    pub planned_on: ObjectId,
    /// The tables.
    pub tables: Vec<TableRead>,
}

/// What a query reads of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRead {
    /// The table's full name.
    pub name: String,
    /// Which table that is.
    pub uuid: String,
    /// The columns that it had.
    pub schema_id: i32,
    /// Those of them that are read, with their parts.
    pub columns: Vec<NewField>,
}

impl TableRead {
    /// Whether it tells what is read of this table with these columns.
    #[must_use]
    pub fn is_of(&self, table: &TableEntry) -> bool {
        self.uuid == table.uuid && self.schema_id == table.schema_id
    }

    /// The ids of the columns, without those of their parts.
    #[must_use]
    pub fn column_ids(&self) -> BTreeSet<i32> {
        self.columns.iter().filter(|column| column.parent == 0).map(|column| column.id).collect()
    }
}

/// What an incremental model holds of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// The table that was read.
    pub uuid: String,
    /// Its columns when it was read.
    pub schema_id: i32,
    /// The appends, each with the rewrites over it, that were read.
    pub pairs: BTreeSet<Pair>,
}

/// A query under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewEntry {
    /// The query as written.
    pub sql: String,
    /// The file it stands in, for messages.
    pub origin: String,
    /// The tables that it reads, by full name.
    pub inputs: BTreeSet<String>,
    /// The key of the run that published it.
    pub key: ObjectId,
}

impl Entry {
    /// The table, if it is one.
    #[must_use]
    pub fn table(&self) -> Option<&TableEntry> {
        match self {
            Self::Table(table) => Some(table),
            Self::View(_) => None,
        }
    }

    /// The key that made it, for nodes.
    #[must_use]
    pub fn key(&self) -> Option<ObjectId> {
        match self {
            Self::Table(table) => table.produced.as_ref().map(|produced| produced.key),
            Self::View(view) => Some(view.key),
        }
    }

    /// The object that holds the recipe that made it, if there is one.
    #[must_use]
    pub fn recipe(&self) -> Option<ObjectId> {
        let produced = self.table().and_then(|table| table.produced.as_ref());
        produced.filter(|produced| produced.keeps_recipe).map(|produced| produced.recipe)
    }

    /// Whether a node of the graph made it.
    #[must_use]
    pub fn is_node(&self) -> bool {
        self.table().is_none_or(|table| table.kind == TableKind::Node)
    }

    /// Whether both are one state, wherever their metadata lies: of two such entries either will do.
    #[must_use]
    pub fn is_same_state(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Table(one), Self::Table(other)) => {
                let place = |table: &TableEntry| TableEntry { metadata: String::new(), ..table.clone() };
                place(one) == place(other)
            }
            _ => self == other,
        }
    }

    /// What this entry shows to a reader: equal versions show the same rows.
    #[must_use]
    pub fn version(&self) -> ObjectId {
        let builder = bywash_core::ObjectIdBuilder::default();
        match self {
            Self::Table(table) => {
                let snapshot = table.snapshot_id.unwrap_or(-1).to_le_bytes();
                builder.part("table").part(&table.uuid).part(snapshot).part(table.schema_id.to_le_bytes()).finish()
            }
            Self::View(view) => builder.part("view").part(view.key.as_bytes()).finish(),
        }
    }
}
