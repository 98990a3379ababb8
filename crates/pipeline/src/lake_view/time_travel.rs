//! What stands behind the `@` of a table: a commit, or a snapshot of the table's own Iceberg history.
//!
//! Refs, commits and times come first (rule T2); only a number that is none of them is taken for a snapshot.

use futures::TryStreamExt as _;

use bywash_core::{Code, Error, Result, TableName};
use bywash_lake::Head;
use bywash_lake::objects::{Entry, TableEntry};
use bywash_lake::tables::LoadedTable;

use super::WorkingTree;

/// What `@…` stands for.
pub enum Moment {
    /// A commit, with all its tables.
    Commit(Box<Head>),
    /// A snapshot of the table before the `@`.
    Snapshot(i64),
}

/// What this text behind an `@` stands for.
///
/// # Errors
/// Nothing is called that.
pub async fn moment(tree: &WorkingTree, at: &str) -> Result<Moment> {
    // `HEAD` is the commit that is being read, whatever it was called.
    let named = match at.strip_prefix("HEAD") {
        Some(rest) if rest.is_empty() || rest.starts_with('~') => format!("{}{rest}", tree.base().id),
        _ => at.to_owned(),
    };
    match tree.lake().resolve(&named).await {
        Ok(head) => Ok(Moment::Commit(Box::new(head))),
        Err(error) if error.code() == Code::UnknownRef => at.parse().map(Moment::Snapshot).map_err(|_| error),
        Err(error) => Err(error),
    }
}

/// A table as one of its snapshots has it; the snapshot is one of the table's history in this tree. What its metadata
/// has forgotten stands in the commits.
///
/// # Errors
/// The table is a view or absent, or its history has no such snapshot.
pub async fn at_snapshot(tree: &WorkingTree, name: &TableName, snapshot_id: i64) -> Result<Entry> {
    let unknown = || {
        Error::new(Code::UnknownRef, format!("there is no branch, tag, commit or snapshot `{snapshot_id}` of `{name}`"))
            .hint(format!("`bywash table history {name}` shows the commits that changed it"))
    };
    let Some(Entry::Table(table)) = tree.entry(name).await? else { return Err(unknown()) };
    let loaded = LoadedTable::load(tree.lake().warehouse(), &table.metadata).await?;
    if let Ok(snapshot) = loaded.metadata().snapshot_by_id(snapshot_id) {
        let schema_id = snapshot.schema_id.unwrap_or(table.schema_id);
        // What the rows of another snapshot come to is not known.
        let row_sums = table.row_sums.filter(|_| table.snapshot_id == Some(snapshot_id));
        let snapshot_id = Some(snapshot_id);
        return Ok(Entry::Table(Box::new(TableEntry { snapshot_id, schema_id, row_sums, ..*table })));
    }
    let mut commits = tree.lake().first_parents(tree.base().id);
    while let Some((_, commit)) = commits.try_next().await? {
        let entry = commit.tree.get(tree.objects(), &name.to_string()).await?;
        if entry.as_ref().and_then(Entry::table).is_some_and(|table| table.snapshot_id == Some(snapshot_id)) {
            return entry.ok_or_else(unknown);
        }
    }
    Err(unknown())
}
