//! What a node reads, and what of it counts (rule R4).
//!
//! Of a table those rows count that the query sees, through the columns that it reads; where no sum of them was kept,
//! the table's snapshot. A view has no rows of its own: it counts as its query over what it reads, so a change below a
//! view is seen through it. Every name looked at is recorded in the tree (rule R1).

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;

use bywash_core::{ObjectId, ObjectIdBuilder, Result, TableName};
use bywash_engine::{ColumnsRead, sql};
use bywash_lake::Lake;
use bywash_lake::changes::new_fields;
use bywash_lake::objects::{Entry, Reads, TableEntry, TableRead};

use super::frozen::volatile_views;
use crate::lake_view::{Moment, WorkingTree, at_snapshot, moment};
use crate::project::reserved::is_reserved;

/// A table or view that a node reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Its full name.
    pub name: TableName,
    /// The ref it is read at, if not the branch of the run.
    pub at: Option<String>,
}

impl Input {
    /// The input as keys and logs name it.
    #[must_use]
    pub fn label(&self) -> String {
        self.at.as_ref().map_or_else(|| self.name.to_string(), |at| format!("{}@{at}", self.name))
    }
}

/// The inputs of a node as they are in a tree, each with what it reads in turn. An absent one is left out, and fails
/// later where it is read.
#[derive(Debug, Default)]
pub struct Reached(Vec<(Input, What)>);

#[derive(Debug)]
enum What {
    Table(Box<TableEntry>),
    View {
        text: String,
        reads: Reached,
    },
    /// Another one each time: a table about the lake itself, a volatile view at another ref.
    Volatile,
}

/// What of the tables below counts.
#[derive(Clone, Copy)]
pub enum Counts<'a> {
    /// Their columns: for who stores no row of them.
    Columns,
    /// Their rows, whole.
    Rows,
    /// Their rows seen through the columns that are read.
    Read(&'a Reads),
}

impl Reached {
    /// Looks the inputs up.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn find(tree: &WorkingTree, inputs: &[Input]) -> Result<Self> {
        let mut found = Vec::with_capacity(inputs.len());
        for input in inputs {
            found.extend(look(tree, input.clone()).await?.map(|what| (input.clone(), what)));
        }
        Ok(Self(found))
    }

    /// The first of them that is another one each time.
    #[must_use]
    pub fn volatile(&self) -> Option<String> {
        self.0.iter().find_map(|(input, what)| match what {
            What::Volatile => Some(format!("`{}` shows other rows each time", input.label())),
            What::View { reads, .. } => reads.volatile(),
            What::Table(_) => None,
        })
    }

    /// Stands for all that a plan depends on: which tables with which columns are read through which views.
    #[must_use]
    pub fn shape(&self) -> ObjectId {
        let parts = self.versions(Counts::Columns);
        let builder = ObjectIdBuilder::default().part("shape");
        parts.iter().fold(builder, |builder, (label, id)| builder.part(label).part(id.as_bytes())).finish()
    }

    /// What a query reads of them, of which the plan has told the columns.
    ///
    /// # Errors
    /// A table's metadata cannot be read.
    pub async fn reads(&self, lake: &Lake, columns: &ColumnsRead) -> Result<Reads> {
        let mut tables: Vec<TableRead> = Vec::new();
        for (name, entry) in self.tables() {
            let name = name.to_string();
            if tables.iter().any(|read| read.is_of(entry)) {
                continue;
            }
            let read: BTreeSet<&str> = columns.get(&name).into_iter().flatten().map(String::as_str).collect();
            let shape = lake.shape(entry).await?;
            let fields = shape.schema.fields.iter().filter(|field| read.contains(field.name.as_str()));
            let columns = fields.flat_map(|field| new_fields(field, 0)).collect();
            tables.push(TableRead { name, uuid: entry.uuid.clone(), schema_id: entry.schema_id, columns });
        }
        Ok(Reads { planned_on: self.shape(), tables })
    }

    /// What each input comes to.
    #[must_use]
    pub fn versions(&self, counts: Counts<'_>) -> BTreeMap<String, ObjectId> {
        self.0.iter().map(|(input, what)| (input.label(), what.version(counts))).collect()
    }

    /// The tables at the ends of all ways through views.
    fn tables(&self) -> Vec<(&TableName, &TableEntry)> {
        let mut found = Vec::new();
        for (input, what) in &self.0 {
            match what {
                What::Table(table) => found.push((&input.name, &**table)),
                What::View { reads, .. } => found.extend(reads.tables()),
                What::Volatile => {}
            }
        }
        found
    }
}

impl What {
    fn version(&self, counts: Counts<'_>) -> ObjectId {
        let builder = ObjectIdBuilder::default();
        match self {
            Self::Table(table) => table_version(table, counts),
            Self::View { text, reads } => {
                let builder = builder.part("view").part(text);
                let parts = reads.versions(counts);
                parts.iter().fold(builder, |builder, (label, id)| builder.part(label).part(id.as_bytes())).finish()
            }
            Self::Volatile => builder.part("volatile").finish(),
        }
    }
}

/// Rule R4. Equal versions show a reader the same: the same columns, and the same rows as it sees them.
fn table_version(table: &TableEntry, counts: Counts<'_>) -> ObjectId {
    let columns_of =
        |kind: &str| ObjectIdBuilder::default().part(kind).part(&table.uuid).part(table.schema_id.to_le_bytes());
    let read = match counts {
        Counts::Columns => return columns_of("columns").finish(),
        Counts::Rows => None,
        Counts::Read(reads) => reads.tables.iter().find(|read| read.is_of(table)),
    };
    match (&table.row_sums, read) {
        (None, _) => Entry::Table(Box::new(table.clone())).version(),
        (Some(sums), None) => columns_of("rows").part(sums.whole.to_string()).finish(),
        (Some(sums), Some(read)) => {
            let (projection, sum) = sums.seen_through(&read.column_ids());
            let through = projection.map_or_else(|| "whole".to_owned(), ToString::to_string);
            let builder = ObjectIdBuilder::default().part("read").part(through).part(sum.to_string());
            let columns = read.columns.iter().map(|column| serde_json::to_vec(column).unwrap_or_default());
            columns.fold(builder, ObjectIdBuilder::part).finish()
        }
    }
}

type Looked<'a> = Pin<Box<dyn Future<Output = Result<Option<What>>> + Send + 'a>>;

fn look(tree: &WorkingTree, input: Input) -> Looked<'_> {
    Box::pin(async move {
        if is_reserved(input.name.namespace()) {
            return Ok(Some(What::Volatile));
        }
        let Some(at) = &input.at else { return look_here(tree, input.name).await };
        match moment(tree, at).await? {
            Moment::Commit(head) => {
                let other = WorkingTree::new(tree.lake().clone(), *head);
                match look_here(&other, input.name.clone()).await? {
                    Some(What::View { .. }) if is_volatile(&other, &input.name).await? => Ok(Some(What::Volatile)),
                    found => Ok(found),
                }
            }
            Moment::Snapshot(id) => match at_snapshot(tree, &input.name, id).await? {
                Entry::Table(table) => Ok(Some(What::Table(table))),
                Entry::View(_) => Ok(None),
            },
        }
    })
}

/// Whether a view, or one that it reads, shows other rows each time.
async fn is_volatile(tree: &WorkingTree, name: &TableName) -> Result<bool> {
    let view = Input { name: name.clone(), at: None };
    Ok(!volatile_views(tree, &[view]).await?.is_empty())
}

fn look_here(tree: &WorkingTree, name: TableName) -> Looked<'_> {
    Box::pin(async move {
        let view = match tree.entry(&name).await? {
            None => return Ok(None),
            Some(Entry::View(view)) => view,
            Some(Entry::Table(table)) => return Ok(Some(What::Table(table))),
        };
        let parsed = sql::parse(view.origin.clone(), &view.sql)?;
        let names = view.inputs.iter().map(|name| Ok(Input { name: name.parse()?, at: None }));
        let mut inputs = names.collect::<Result<Vec<_>>>()?;
        for (table, _) in parsed.references.iter().filter(|(table, _)| table.at.is_some()) {
            // A bare name means what it meant where the view was made, which only its other refs may tell.
            let Some(namespace) = &table.namespace else { return Ok(Some(What::Volatile)) };
            inputs.push(Input { name: TableName::new(namespace, &table.name)?, at: table.at.clone() });
        }
        Ok(Some(What::View { text: parsed.canonical, reads: Reached::find(tree, &inputs).await? }))
    })
}
