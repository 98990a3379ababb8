//! Rows that could not be read: a table beside the one that they were meant for (rule R9).

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use bywash_core::{Error, Result, TableName};
use bywash_lake::objects::{Entry, TableKind};

use super::arrivals::{Arrival, add_load, refused_load};
use super::attempt::Attempt;
use super::load::Request;
use super::load_file::FileLoad;
use super::write::RowWriter;
use crate::source::RejectedRow;

impl Attempt {
    /// Quarantined rows are a load of `<table>__rejected` with the same source key: a changed file replaces them too.
    pub(super) async fn keep_rejects(
        &self,
        request: &Request<'_>,
        arrivals: &[Arrival],
        loads: &[FileLoad],
    ) -> Result<Option<(TableName, Entry)>> {
        let name = request.node.name.rejected();
        let entry = self.source_entry(&name).await?;
        if entry.is_none() && loads.iter().all(|load| load.rejected.is_empty()) {
            return Ok(None);
        }
        let mut state = self.state_of(entry.as_ref()).await?;
        let draft = match &entry {
            Some(_) => None,
            None => Some(self.runner.lake.draft(
                self.tree.objects(),
                &name,
                TableKind::Source,
                &reject_schema(),
                &[],
                &[],
            )?),
        };
        let shape = match (&draft, &entry) {
            (Some(draft), _) => draft.shape.clone(),
            (None, Some(entry)) => self.runner.lake.shape(entry).await?,
            (None, None) => return Ok(None),
        };
        for (arrival, load) in arrivals.iter().zip(loads) {
            let mut writer = RowWriter::new(&self.runner.lake, &shape)?;
            writer.write(&reject_batch(&load.rejected)?).await?;
            let files = writer.finish().await?.files;
            state = add_load(&state, &request.node.name, &shape, arrival, files)
                .map_err(|reason| refused_load(&name, arrival, reason))?;
        }
        let objects = self.tree.objects();
        let table = match (&draft, &entry) {
            (Some(draft), _) => self.runner.lake.create_table(objects, draft, state, "quarantine").await?,
            (None, Some(entry)) => self.runner.lake.write_state(objects, entry, state, "quarantine").await?,
            (None, None) => return Ok(None),
        };
        Ok(Some((name, Entry::Table(Box::new(table)))))
    }
}

fn reject_schema() -> Schema {
    Schema::new(vec![
        Field::new("file", DataType::Utf8, true),
        Field::new("line", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, true),
        Field::new("raw", DataType::Utf8, true),
    ])
}

fn reject_batch(rows: &[RejectedRow]) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&RejectedRow) -> Option<String>| Arc::new(StringArray::from_iter(rows.iter().map(of)));
    let lines = rows.iter().map(|row| i64::try_from(row.line).ok());
    RecordBatch::try_new(
        Arc::new(reject_schema()),
        vec![
            text(&|row| Some(row.file.clone())),
            Arc::new(Int64Array::from_iter(lines)),
            text(&|row| row.column.clone()),
            text(&|row| Some(row.reason.clone())),
            text(&|row| Some(row.raw.clone())),
        ],
    )
    .map_err(|error| Error::bug("rejected rows do not fit their table").caused_by(error))
}
