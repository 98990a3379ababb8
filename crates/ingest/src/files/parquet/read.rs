//! The batches of a Parquet file, in the table's types.

use std::collections::VecDeque;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::SchemaRef;
use bywash_core::{Error, Result};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;

use super::super::find::FoundFile;
use super::super::options::ReadOptions;
use super::adapt::{Adapter, unknown};
use super::open::{ParquetSource, sources};
use super::soundness::guarded;

/// Reads one file, part after part.
pub(crate) struct ParquetReader {
    schema: SchemaRef,
    declared: Vec<bool>,
    waiting: VecDeque<ParquetSource>,
    current: Option<(String, ParquetRecordBatchReader)>,
    finer: u64,
    warnings: Vec<String>,
}

impl ParquetReader {
    /// Opens a file whose rows come in `schema`.
    pub(crate) fn open(file: &FoundFile, options: &ReadOptions, schema: SchemaRef) -> Result<Self> {
        let waiting: VecDeque<ParquetSource> = sources(file, options)?.into();
        for source in &waiting {
            check_columns(source, &schema)?;
        }
        let declared = schema.fields().iter().map(|field| options.columns.get(field.name()).is_some()).collect();
        let warnings = waiting.iter().flat_map(ParquetSource::warnings).collect();
        Ok(Self { schema, declared, waiting, current: None, finer: 0, warnings })
    }

    /// What a person should know.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// The values cut to microseconds since the last call.
    pub(crate) fn take_finer(&mut self) -> u64 {
        std::mem::take(&mut self.finer)
    }

    fn adapt(&mut self, shown: &str, batch: &RecordBatch) -> Result<RecordBatch> {
        let mut adapter = Adapter { shown, finer: &mut self.finer };
        let own = batch.schema();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for (field, declared) in self.schema.fields().iter().zip(&self.declared) {
            let place = place(own.fields().iter().map(|field| field.name().as_str()), field.name());
            let missing = || new_null_array(field.data_type(), batch.num_rows());
            columns.push(match place {
                Some(place) => adapter.adapt(batch.column(place), field, field.name(), *declared)?,
                None => adapter.adapt(&missing(), field, field.name(), *declared)?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .map_err(|error| Error::bug("columns of a Parquet file do not make a batch").caused_by(error))
    }

    fn read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some((shown, mut reader)) = self.current.take()
                && let Some(batch) = guarded(&shown, || reader.next().transpose())?
            {
                let adapted = self.adapt(&shown, &batch)?;
                self.current = Some((shown, reader));
                return Ok(Some(adapted));
            }
            let Some(source) = self.waiting.pop_front() else { return Ok(None) };
            self.current = Some((source.shown().to_owned(), source.read()?));
        }
    }
}

impl Iterator for ParquetReader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Where a column stands among names: the same, or the same but for case.
fn place<'a>(names: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Option<usize> {
    let folded = wanted.to_lowercase();
    names
        .clone()
        .position(|name| name == wanted)
        .or_else(|| names.clone().position(|name| name.to_lowercase() == folded))
}

fn check_columns(source: &ParquetSource, schema: &SchemaRef) -> Result<()> {
    for field in source.schema().fields() {
        let names = schema.fields().iter().map(|field| field.name());
        if place(names.clone().map(String::as_str), field.name()).is_none() {
            return Err(unknown(source.shown(), field.name(), field.name(), names));
        }
    }
    Ok(())
}
