//! `delete`, `update` and `merge into`: copy on write.
//!
//! One query gives the rows that change, with their places. What stands in their place is written as it comes; then the
//! other rows of the files concerned are copied. A rewrite names the changes whose rows stood in those files (rule T4),
//! and keeps apart what it can: rows of one tile go into files of their own, so that a later merge or revert finds whole
//! files. Nothing is visible, and nothing of the table is touched, until the commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use bywash_core::{Code, Error, ObjectId, Result, TableName, TableRef, counted};
use bywash_engine::sql::{Parsed, StatementKind};
use bywash_engine::{ChangedRows, LakeTable, Planned, Resolved, RowSet, TableResolver};
use bywash_lake::changes::{Edit, TableState};
use bywash_lake::tables::DataFile;
use bywash_lake::{Lake, TableShape};
use futures::StreamExt;

use super::{StatementContext, unsound};
use crate::lake_view::{LakeResolver, WorkingTree};
use crate::run::{RowWriter, all_rows, sorted};

/// So many tiles get files of their own; what more a statement touches shares one more tile.
const MOST_SEPARATE_TILES: usize = 8;

impl StatementContext {
    pub(super) async fn change_rows(
        &self,
        parsed: &Parsed,
        tree: &Arc<WorkingTree>,
        resolver: &Arc<LakeResolver>,
        target: &TableRef,
    ) -> Result<String> {
        let (name, entry) = self.writable(tree, resolver, target).await?;
        let Resolved::Lake(table) = resolver.resolve(target).await? else {
            return Err(Error::bug(format!("`{name}` is a table, and not one of the lake")));
        };
        let shape = self.lake.shape(&entry).await?;
        let state = TableState::read(tree.objects(), &entry).await?;
        let session = self.engine.session(resolver.clone());
        let planned = session.plan(parsed, &self.parameters).await?;
        let mut rewriting = Rewriting::new(&self.lake, &shape, table, &state);
        let has_values = planned.schema().fields().len() > ChangedRows::OWN_COLUMNS;
        let planned = if has_values { sorted(planned, &shape)? } else { planned };
        rewriting.take_all(planned).await.map_err(|error| twice(error, &name))?;
        let counts = rewriting.counts;
        if counts == Counts::default() {
            return Ok(format!("no row of `{name}` matches"));
        }
        let (edits, inserted) = rewriting.finish(self).await?;
        let label = word(&parsed.kind);
        let next = state.edit(ObjectId::unique(), edits, inserted, label);
        self.put(tree, &name, &entry, next.map_err(|reason| unsound(&name, "be changed so", reason))?, label).await?;
        Ok(format!("{} in `{name}`", counts.text()))
    }
}

const fn word(kind: &StatementKind) -> &'static str {
    match kind {
        StatementKind::Delete => "delete",
        StatementKind::Update => "update",
        _ => "merge into",
    }
}

/// The error of a row that is changed twice, with the table's name.
fn twice(error: Error, name: &TableName) -> Error {
    if error.code() != Code::MatchedTwice {
        return error;
    }
    let message = format!("a row of `{name}` matches more than one row, so what it becomes is not determined");
    Error::new(Code::MatchedTwice, message)
        .hint("make the rows that it is matched with unique in the columns of the condition")
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    inserted: u64,
    updated: u64,
    deleted: u64,
}

impl Counts {
    fn text(self) -> String {
        let parts = [("inserted", self.inserted), ("updated", self.updated), ("deleted", self.deleted)];
        let done = parts.iter().filter(|(_, count)| *count > 0);
        done.map(|(what, count)| format!("{what} {}", counted(*count, "row"))).collect::<Vec<_>>().join(", ")
    }
}

/// Tiles that are written anew together.
#[derive(Default)]
struct Bucket {
    /// The files that lose rows, by their place in the list.
    files: HashSet<usize>,
    writer: Option<RowWriter>,
}

/// The work of one statement: what is written so far, and which rows go.
struct Rewriting<'a> {
    lake: &'a Lake,
    shape: &'a Arc<TableShape>,
    table: LakeTable,
    /// The tile of each file, by recorded path.
    tiles: HashMap<&'a str, ObjectId>,
    bucket_of: HashMap<ObjectId, usize>,
    buckets: Vec<Bucket>,
    gone: HashMap<usize, RowSet>,
    /// Those of them in whose place nothing stands.
    deleted: HashMap<usize, RowSet>,
    inserted: Option<RowWriter>,
    counts: Counts,
}

impl<'a> Rewriting<'a> {
    fn new(lake: &'a Lake, shape: &'a Arc<TableShape>, table: LakeTable, state: &'a TableState) -> Self {
        let current = state.tiles.iter().filter(|(_, tile)| tile.current);
        let tiles = current.flat_map(|(id, tile)| tile.files.iter().map(|file| (file.path.as_str(), *id))).collect();
        Self {
            lake,
            shape,
            table,
            tiles,
            bucket_of: HashMap::new(),
            buckets: Vec::new(),
            gone: HashMap::new(),
            deleted: HashMap::new(),
            inserted: None,
            counts: Counts::default(),
        }
    }

    async fn take_all(&mut self, planned: Planned) -> Result<()> {
        let mut rows = planned.stream().await?;
        while let Some(batch) = rows.next().await {
            self.take(&ChangedRows::of(&batch?)?).await?;
        }
        Ok(())
    }

    /// Notes which rows go, and writes what stands in their place.
    async fn take(&mut self, rows: &ChangedRows) -> Result<()> {
        let mut written: HashMap<Option<usize>, Vec<bool>> = HashMap::new();
        for at in 0..rows.len() {
            let kept = rows.is_kept(at);
            let bucket = match rows.place(at) {
                Some((file, row)) if self.goes(file, row, kept)? => Some(self.bucket(file)?),
                Some(_) => continue,
                None => None,
            };
            match (bucket, kept) {
                (None, _) => self.counts.inserted += 1,
                (Some(_), true) => self.counts.updated += 1,
                (Some(_), false) => self.counts.deleted += 1,
            }
            if kept {
                written.entry(bucket).or_insert_with(|| vec![false; rows.len()])[at] = true;
            }
        }
        for (bucket, which) in written {
            let chosen = filter_record_batch(&rows.values, &BooleanArray::from(which))
                .map_err(|error| Error::bug(format!("changed rows cannot be chosen: {error}")))?;
            self.writer(bucket)?.write(&chosen).await?;
        }
        Ok(())
    }

    /// Notes that a row goes; false if it went before. Rows that match it twice may both only delete it.
    fn goes(&mut self, file: usize, row: u64, kept: bool) -> Result<bool> {
        let Some(known) = self.table.files.files.get(file) else {
            return Err(Error::bug("a row stands in a file that the table does not have"));
        };
        if row >= known.record_count {
            return Err(Error::bug("a row stands behind the end of its file"));
        }
        let none = || RowSet::none(known.record_count);
        let is_new = self.gone.entry(file).or_insert_with(none).insert(row);
        let deleted = self.deleted.entry(file).or_insert_with(none);
        match (is_new, kept) {
            (true, true) => Ok(true),
            (true, false) => Ok(deleted.insert(row)),
            (false, false) if deleted.contains(row) => Ok(false),
            (false, _) => Err(Error::new(Code::MatchedTwice, "a row matches more than one row")),
        }
    }

    fn bucket(&mut self, file: usize) -> Result<usize> {
        let path = self.table.files.files[file].path.as_str();
        let Some(tile) = self.tiles.get(path).copied() else {
            return Err(Error::bug(format!("`{path}` lies in the table, and in no tile of it")));
        };
        let next = self.buckets.len().min(MOST_SEPARATE_TILES);
        let bucket = *self.bucket_of.entry(tile).or_insert(next);
        if bucket == self.buckets.len() {
            self.buckets.push(Bucket::default());
        }
        self.buckets[bucket].files.insert(file);
        Ok(bucket)
    }

    fn writer(&mut self, bucket: Option<usize>) -> Result<&mut RowWriter> {
        let writer = match bucket {
            Some(bucket) => &mut self.buckets[bucket].writer,
            None => &mut self.inserted,
        };
        match writer {
            Some(writer) => Ok(writer),
            None => Ok(writer.insert(RowWriter::new(self.lake, self.shape)?)),
        }
    }

    /// Copies the other rows of the files concerned, and makes everything durable.
    async fn finish(mut self, context: &StatementContext) -> Result<(Vec<Edit>, Vec<DataFile>)> {
        let paths = |files: &HashSet<usize>| -> HashSet<String> {
            files.iter().map(|file| self.table.files.files[*file].path.clone()).collect()
        };
        let removed: Vec<_> = self.buckets.iter().map(|bucket| paths(&bucket.files)).collect();
        let gone = self.gone.drain().map(|(file, rows)| (self.table.files.files[file].path.clone(), rows)).collect();
        let without = Some(Arc::new(gone));
        let mut edits = Vec::with_capacity(removed.len());
        for (bucket, removed) in removed.into_iter().enumerate() {
            let only = Some(Arc::new(removed.clone()));
            let others = LakeTable { only, without: without.clone(), ..self.table.clone() };
            let mut rows =
                sorted(all_rows(&context.engine, Resolved::Lake(others)).await?, self.shape)?.stream().await?;
            while let Some(batch) = rows.next().await {
                self.writer(Some(bucket))?.write(&batch?).await?;
            }
            let remaining = match self.buckets[bucket].writer.take() {
                Some(writer) => writer.finish().await?.files,
                None => Vec::new(),
            };
            edits.push(Edit { removed, remaining });
        }
        let inserted = match self.inserted.take() {
            Some(writer) => writer.finish().await?.files,
            None => Vec::new(),
        };
        Ok((edits, inserted))
    }
}
