//! `table compact`: small files into files of a sensible size, by partition and in the table's order.
//!
//! Files of one partition are brought together, the smallest first; a file joins while it is not much larger than all
//! that joined before, so that a large file is not written anew for every small one. The new files make one tile in place
//! of those that shared them (rule T4). Where the branch moved meanwhile, the same files take the place of the same files
//! again, as long as they are there.
//!
//! A file with values of a column that was dropped stays as it is: new files would not have them, and a revert of the
//! drop brings the column back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bywash_core::{Code, Error, Result, TableName};
use bywash_engine::Resolved;
use bywash_lake::changes::{Edit, TableState};
use bywash_lake::objects::TableEntry;
use bywash_lake::tables::{DataFile, Schema, Size, WriteSettings};
use futures::StreamExt;

use super::{Gain, MOST_TRIES, Maintenance, never_stands_still};
use crate::lake_view::{WorkingTree, lake_table};
use crate::run::{RowWriter, all_rows, sorted};

/// A file joins smaller ones that together have at least this part of its size.
const MOST_TIMES_LARGER: u64 = 4;

impl Maintenance {
    /// What compaction would give; none if nothing is to be gained.
    ///
    /// # Errors
    /// There is no such table.
    pub async fn plan_compaction(&self, name: &TableName) -> Result<Option<Gain>> {
        let found = self.find(name).await?;
        let state = TableState::read(found.tree.objects(), &found.table).await?;
        let shape = self.lake.shape(&found.table).await?;
        let groups = groups(&state, &shape.schema);
        if groups.is_empty() {
            return Ok(None);
        }
        let before = size(state.files());
        let (mut count, bytes) = (before.count, before.bytes);
        for group in &groups {
            let sum: u64 = group.iter().map(|file| file.file_size_in_bytes).sum();
            count = count - group.len() as u64 + sum.div_ceil(target_bytes()).max(1);
        }
        Ok(Some(Gain { what: "files", before, after: Size { count, bytes }, commit: None }))
    }

    /// Compacts; none if nothing is to be gained.
    ///
    /// # Errors
    /// There is no such table, files cannot be read or written, or its rows were changed meanwhile.
    pub async fn compact(&self, name: &TableName) -> Result<Option<Gain>> {
        let (lake, files) = self.lake.staged().await?;
        let work = Self { lake, ..self.clone() };
        let edits = match work.write_edits(name).await {
            Ok(edits) => edits,
            Err(error) => {
                files.discard_all().await;
                return Err(error);
            }
        };
        if edits.is_empty() {
            return Ok(None);
        }
        for _ in 0..MOST_TRIES {
            let found = work.find(name).await?;
            let state = TableState::read(found.tree.objects(), &found.table).await?;
            let there: HashSet<&str> = state.files().map(|file| file.path.as_str()).collect();
            if edits.iter().flat_map(|edit| &edit.removed).any(|path| !there.contains(path.as_str())) {
                files.discard_all().await;
                return Err(Error::new(Code::TargetMoved, format!("rows of `{name}` were changed meanwhile"))
                    .hint("nothing was changed: run the command again"));
            }
            let next = state.compact(edits.clone()).map_err(|reason| Error::bug(reason.reason()))?;
            let (before, after) = (size(state.files()), size(next.files()));
            let entry = work.lake.write_compacted(found.tree.objects(), &found.table, next).await?;
            // An error here may come after the commit: then its files must stay.
            if let Some(commit) = work.commit(&found, name, entry, "compact").await? {
                return Ok(Some(Gain { what: "files", before, after, commit: Some(commit) }));
            }
        }
        files.discard_all().await;
        Err(never_stands_still(&self.branch))
    }

    /// Writes the rows of small files into new ones; nothing is committed.
    async fn write_edits(&self, name: &TableName) -> Result<Vec<Edit>> {
        let found = self.find(name).await?;
        let state = TableState::read(found.tree.objects(), &found.table).await?;
        let shape = self.lake.shape(&found.table).await?;
        let removed = groups(&state, &shape.schema)
            .into_iter()
            .map(|group| Edit { removed: group.iter().map(|file| file.path.clone()).collect(), remaining: Vec::new() });
        let mut edits = Vec::new();
        for (_, edit) in state.by_tiles(removed.collect()) {
            let remaining = self.written_anew(&found.tree, name, &found.table, &state, &edit.removed).await?;
            edits.push(Edit { remaining, ..edit });
        }
        Ok(edits)
    }

    /// The rows of some files in new ones.
    async fn written_anew(
        &self,
        tree: &WorkingTree,
        name: &TableName,
        table: &TableEntry,
        state: &TableState,
        removed: &HashSet<String>,
    ) -> Result<Vec<DataFile>> {
        let shape = self.lake.shape(table).await?;
        let mut these = lake_table(tree, name, table).await?;
        these.only = Some(Arc::new(removed.clone()));
        let mut rows = sorted(all_rows(&self.engine, Resolved::Lake(these)).await?, &shape)?.stream().await?;
        let mut writer = RowWriter::new(&self.lake, &shape)?;
        while let Some(batch) = rows.next().await {
            writer.write(&batch?).await?;
        }
        let written = writer.finish().await?;
        let had: u64 = state.files().filter(|file| removed.contains(&file.path)).map(|file| file.record_count).sum();
        if written.rows != had {
            return Err(Error::bug(format!("{had} rows of `{name}` would become {}", written.rows)));
        }
        Ok(written.files)
    }
}

/// The files of each partition that are to be brought together.
fn groups<'a>(state: &'a TableState, schema: &Schema) -> Vec<Vec<&'a DataFile>> {
    let target = target_bytes();
    let is_whole = |file: &&DataFile| file.column_sizes.keys().all(|id| schema.field_by_id(*id).is_some());
    let is_small = |file: &&DataFile| file.file_size_in_bytes < target / 4 * 3;
    let mut partitions: HashMap<(i32, &[_]), Vec<&DataFile>> = HashMap::new();
    for file in state.files().filter(is_small).filter(is_whole) {
        partitions.entry((file.spec_id, &file.partition)).or_default().push(file);
    }
    let mut groups: Vec<_> = partitions.into_values().map(joining).collect();
    groups.retain(|group| {
        let bytes: u64 = group.iter().map(|file| file.file_size_in_bytes).sum();
        (group.len() as u64) > bytes.div_ceil(target).max(1)
    });
    groups.sort_by(|one, other| one.first().map(|file| &file.path).cmp(&other.first().map(|file| &file.path)));
    groups
}

fn joining(mut files: Vec<&DataFile>) -> Vec<&DataFile> {
    files.sort_by_key(|file| (file.file_size_in_bytes, &file.path));
    let mut bytes = 0;
    let joins = |file: &&DataFile| {
        let size = file.file_size_in_bytes;
        let fits = bytes == 0 || size <= bytes * MOST_TIMES_LARGER;
        bytes += size;
        fits
    };
    let count = files.iter().copied().take_while(joins).count();
    files.truncate(count);
    files
}

fn size<'a>(files: impl Iterator<Item = &'a DataFile>) -> Size {
    files.fold(Size::default(), |sum, file| Size { count: sum.count + 1, bytes: sum.bytes + file.file_size_in_bytes })
}

fn target_bytes() -> u64 {
    WriteSettings::default().target_file_bytes as u64
}
