//! `bywash.*`: the lake's own history and state as tables with stable columns.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, Schema};
use bywash_core::{Code, Error, Micros, ObjectId, Result, TableName, suggestion};
use bywash_lake::objects::{Entry, TableKind};

use super::WorkingTree;
use crate::project::seeds;
use crate::run::shown_status;

/// The system tables, without their namespace.
pub const SYSTEM_TABLES: [&str; 9] =
    ["commits", "files", "loads", "refs", "reflog", "run_nodes", "runs", "tables", "tests"];

const LONGEST_HISTORY: usize = 100_000;

/// The rows of one system table.
///
/// # Errors
/// There is no such table, or the catalog cannot be read.
pub async fn system_table(tree: &WorkingTree, name: &str) -> Result<RecordBatch> {
    match name {
        "tables" => tables(tree).await,
        "files" => files(tree).await,
        "commits" => commits(tree).await,
        "refs" => refs(tree).await,
        "reflog" => reflog(tree).await,
        "runs" => runs(tree).await,
        "run_nodes" => run_nodes(tree).await,
        "loads" => loads(tree).await,
        "tests" => tests(tree).await,
        _ => Err(Error::new(Code::UnknownTable, format!("there is no system table `bywash.{name}`"))
            .maybe_hint(suggestion(name, SYSTEM_TABLES))
            .hint(format!("there are {}", SYSTEM_TABLES.map(|name| format!("`bywash.{name}`")).join(", ")))),
    }
}

/// Columns in order, all of one length.
#[derive(Default)]
struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    fn add(mut self, name: &str, array: ArrayRef) -> Self {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
        self
    }

    fn text<T: Into<String>>(self, name: &str, values: impl Iterator<Item = Option<T>>) -> Self {
        self.add(name, Arc::new(StringArray::from_iter(values.map(|value| value.map(Into::into)))))
    }

    fn id(self, name: &str, values: impl Iterator<Item = Option<ObjectId>>) -> Self {
        self.text(name, values.map(|id| id.map(|id| id.to_string())))
    }

    fn number(self, name: &str, values: impl Iterator<Item = Option<i64>>) -> Self {
        self.add(name, Arc::new(Int64Array::from_iter(values)))
    }

    fn flag(self, name: &str, values: impl Iterator<Item = bool>) -> Self {
        self.add(name, Arc::new(BooleanArray::from_iter(values.map(Some))))
    }

    fn time(self, name: &str, values: impl Iterator<Item = Option<Micros>>) -> Self {
        self.add(name, Arc::new(TimestampMicrosecondArray::from_iter(values).with_timezone("UTC")))
    }

    fn finish(self) -> Result<RecordBatch> {
        RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.arrays)
            .map_err(|error| Error::bug("the columns of a system table do not fit together").caused_by(error))
    }
}

async fn tables(tree: &WorkingTree) -> Result<RecordBatch> {
    let mut found = Vec::new();
    for name in tree.names().await? {
        let table: TableName = name.parse()?;
        if let Some(entry) = tree.entry(&table).await? {
            found.push((table, entry));
        }
    }
    let table = |entry: &Entry| entry.table().cloned();
    let warehouse = tree.lake().warehouse();
    let shown = |recorded: &str| warehouse.absolute(recorded).ok().map(|path| path.display().to_string());
    let each = || found.iter().map(|(name, entry)| (name, entry, table(entry)));
    Columns::default()
        .text("name", each().map(|(name, ..)| Some(name.to_string())))
        .text("kind", found.iter().map(|(name, entry)| Some(kind_word(name, entry))))
        .number("rows", each().map(|(.., table)| table.map(|table| table.rows as i64)))
        .number("bytes", each().map(|(.., table)| table.map(|table| table.bytes as i64)))
        .number("files", each().map(|(.., table)| table.map(|table| table.files as i64)))
        .number("snapshot_id", each().map(|(.., table)| table.and_then(|table| table.snapshot_id)))
        .text("metadata_location", each().map(|(.., table)| table.and_then(|table| shown(&table.metadata))))
        .text("uuid", each().map(|(.., table)| table.map(|table| table.uuid)))
        .finish()
}

/// The word for what a table is, the same as that of the node that makes it; one made by hand is a `table` too.
#[must_use]
pub fn kind_word(name: &TableName, entry: &Entry) -> &'static str {
    let Some(table) = entry.table() else { return "view" };
    match table.kind {
        TableKind::Source if name.namespace() == seeds::NAMESPACE => "seed",
        TableKind::Source => "source",
        TableKind::Node if table.produced.as_ref().is_some_and(|produced| !produced.consumed.is_empty()) => {
            "incremental"
        }
        TableKind::Hand | TableKind::Node => "table",
    }
}

async fn files(tree: &WorkingTree) -> Result<RecordBatch> {
    let mut found = Vec::new();
    for name in tree.names().await? {
        let table: TableName = name.parse()?;
        let Some(Entry::Table(entry)) = tree.entry(&table).await? else { continue };
        for tile in entry.tiles.all(tree.objects()).await?.into_values() {
            found.extend(tile.files.into_iter().map(|file| (name.clone(), tile.current, file)));
        }
    }
    let warehouse = tree.lake().warehouse();
    let each = || found.iter();
    Columns::default()
        .text("table_name", each().map(|(name, ..)| Some(name.clone())))
        .text("path", each().map(|(.., file)| Some(warehouse.recorded(&file.path))))
        .number("rows", each().map(|(.., file)| Some(file.record_count as i64)))
        .number("bytes", each().map(|(.., file)| Some(file.file_size_in_bytes as i64)))
        .flag("current", each().map(|(_, current, _)| *current))
        .finish()
}

async fn commits(tree: &WorkingTree) -> Result<RecordBatch> {
    let log = tree.lake().log(tree.base().id, LONGEST_HISTORY).await?;
    let each = || log.iter();
    Columns::default()
        .id("id", each().map(|(id, _)| Some(*id)))
        .id("parent", each().map(|(_, commit)| commit.parents.first().copied()))
        .id("merged", each().map(|(_, commit)| commit.parents.get(1).copied()))
        .time("time", each().map(|(_, commit)| Some(commit.time)))
        .text("author", each().map(|(_, commit)| Some(commit.author.clone())))
        .text("message", each().map(|(_, commit)| Some(commit.message.clone())))
        .text("run", each().map(|(_, commit)| commit.run.clone()))
        .finish()
}

async fn refs(tree: &WorkingTree) -> Result<RecordBatch> {
    let rows = tree.lake().store().refs().await?;
    let each = || rows.iter();
    Columns::default()
        .text("name", each().map(|row| Some(row.name.clone())))
        .text("kind", each().map(|row| Some(row.kind.as_str())))
        .id("commit", each().map(|row| Some(row.commit)))
        .finish()
}

async fn reflog(tree: &WorkingTree) -> Result<RecordBatch> {
    let rows = tree.lake().store().reflog(None).await?;
    let each = || rows.iter();
    Columns::default()
        .number("sequence", each().map(|row| Some(row.sequence)))
        .text("name", each().map(|row| Some(row.name.clone())))
        .id("old", each().map(|row| row.old))
        .id("new", each().map(|row| row.new))
        .time("time", each().map(|row| Some(row.time)))
        .text("message", each().map(|row| Some(row.message.clone())))
        .text("run", each().map(|row| row.run.clone()))
        .finish()
}

async fn runs(tree: &WorkingTree) -> Result<RecordBatch> {
    let rows = tree.lake().store().runs().await?;
    let each = || rows.iter();
    Columns::default()
        .text("id", each().map(|row| Some(row.id.clone())))
        .text("run_key", each().map(|row| row.run_key.clone()))
        .text("command", each().map(|row| Some(row.command.clone())))
        .text("status", each().map(|row| Some(shown_status(row).to_owned())))
        .text("target", each().map(|row| Some(row.target.clone())))
        .id("base", each().map(|row| row.base))
        .id("commit", each().map(|row| row.commit))
        .text("publish", each().map(|row| row.publish.clone()))
        .number("plans", each().map(|row| Some(row.plans)))
        .time("started", each().map(|row| Some(row.started)))
        .time("finished", each().map(|row| row.finished))
        .text("error", each().map(|row| row.error.clone()))
        .finish()
}

async fn run_nodes(tree: &WorkingTree) -> Result<RecordBatch> {
    let rows = tree.lake().store().run_nodes(None).await?;
    let each = || rows.iter();
    Columns::default()
        .text("run", each().map(|row| Some(row.run.clone())))
        .text("name", each().map(|row| Some(row.name.clone())))
        .text("kind", each().map(|row| Some(row.kind.clone())))
        .text("status", each().map(|row| Some(row.status.clone())))
        .text("reason", each().map(|row| Some(row.reason.clone())))
        .number("rows", each().map(|row| Some(row.rows)))
        .number("rows_in", each().map(|row| Some(row.rows_in)))
        .number("bytes", each().map(|row| Some(row.bytes)))
        .number("ms", each().map(|row| Some(row.ms)))
        .text("error", each().map(|row| row.error.clone()))
        .finish()
}

async fn loads(tree: &WorkingTree) -> Result<RecordBatch> {
    let rows = tree.lake().store().loads(None).await?;
    let each = || rows.iter();
    Columns::default()
        .text("run", each().map(|row| Some(row.run.clone())))
        .text("table_name", each().map(|row| Some(row.table.clone())))
        .text("path", each().map(|row| Some(row.path.clone())))
        .text("content", each().map(|row| Some(row.content.clone())))
        .number("rows_read", each().map(|row| Some(row.rows_read)))
        .number("rows_written", each().map(|row| Some(row.rows_written)))
        .number("rows_filtered", each().map(|row| Some(row.rows_filtered)))
        .number("rows_quarantined", each().map(|row| Some(row.rows_quarantined)))
        .number("rows_discarded", each().map(|row| Some(row.rows_discarded)))
        .number("bytes", each().map(|row| Some(row.bytes)))
        .finish()
}

async fn tests(tree: &WorkingTree) -> Result<RecordBatch> {
    let rows = tree.lake().store().tests(None).await?;
    let each = || rows.iter();
    Columns::default()
        .text("run", each().map(|row| Some(row.run.clone())))
        .text("name", each().map(|row| Some(row.name.clone())))
        .text("table_name", each().map(|row| Some(row.table.clone())))
        .text("status", each().map(|row| Some(row.status.clone())))
        .number("bad_rows", each().map(|row| Some(row.bad_rows)))
        .number("ms", each().map(|row| Some(row.ms)))
        .text("query", each().map(|row| Some(row.query.clone())))
        .finish()
}
