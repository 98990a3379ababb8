//! The rows of one chunk as they come together: columns, rejects, and what happens when a record is wrong.
//!
//! A wrong record leaves nothing behind in the columns. Whether it ends the load, becomes a reject or shows that
//! the types were guessed wrongly is decided here for every format.

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Result};

use super::columns::{Column, Trust};
use super::flaw::{Flaw, Reject};
use super::options::ReadOptions;
use super::reader::Misfit;
use super::text::{Chunk, Parsed, Stop};
use super::typing::Typing;

/// Rows being read.
pub(crate) struct Rows {
    schema: SchemaRef,
    pub(crate) columns: Vec<Column>,
    pub(crate) count: usize,
    rejects: Vec<Reject>,
    guessed: bool,
    quarantine: bool,
    /// Up to where lines have been counted, and how many there are.
    counted: (usize, u64),
}

impl Rows {
    /// Empty columns for the schema of `typing`.
    ///
    /// # Errors
    /// Text cannot be read into one of its types.
    pub(crate) fn new(typing: &Typing, options: &ReadOptions) -> Result<Self> {
        let formats = super::csv::time_formats(options)?;
        let column = |field: &arrow::datatypes::FieldRef| {
            let declared = options.columns.get(field.name()).is_some();
            let trust = if declared { Trust::Loose } else { Trust::Plain };
            Column::new(field, field.name(), trust, &formats)
        };
        Ok(Self {
            schema: typing.schema(),
            columns: typing.reading().fields().iter().map(column).collect::<Result<_>>()?,
            count: 0,
            rejects: Vec::new(),
            guessed: typing.is_guess(),
            quarantine: options.quarantines(),
            counted: (0, 0),
        })
    }

    /// Undoes the record that begins at `record` and ends at `end`; `Err` if the chunk is not to be read further.
    #[cold]
    pub(crate) fn wrong(&mut self, chunk: &Chunk, record: usize, end: usize, flaw: Flaw) -> Result<(), Box<Stop>> {
        self.undo();
        if self.guessed && self.is_misfit(&flaw) {
            return Err(Box::new(Stop::Misfit(misfit(chunk, flaw))));
        }
        if !self.quarantine {
            let (line, character) = (chunk.line_at(flaw.at), chunk.character_at(flaw.at));
            return Err(Box::new(Stop::Flaw(flaw, line, character)));
        }
        let raw = without_line_end(&chunk.bytes()[record..end]);
        let line = self.line(chunk, record);
        self.rejects.push(flaw.into_reject(&chunk.part.shown, line, raw));
        Ok(())
    }

    /// A flaw of a part as a whole: no row of it can be read.
    #[cold]
    pub(crate) fn wrong_part(&mut self, chunk: &Chunk, flaw: Flaw) -> Result<(), Box<Stop>> {
        Err(Box::new(match self.guessed {
            true => Stop::Misfit(misfit(chunk, flaw)),
            false => Stop::Failed(flaw.into_error(&chunk.part.shown, 1, None)),
        }))
    }

    /// Takes back what the record that is being read has put into columns.
    pub(crate) fn undo(&mut self) {
        for column in &mut self.columns {
            column.truncate(self.count);
        }
    }

    /// A value that a guessed type does not fit, or a column that the guess does not know.
    fn is_misfit(&self, flaw: &Flaw) -> bool {
        let declared = |name: &str| {
            let top = name.split('.').next().unwrap_or(name);
            self.columns.iter().any(|column| *column.key == *top && column.trust == Trust::Loose)
        };
        match flaw.code {
            Code::SchemaChange => true,
            Code::InvalidValue => flaw.column.as_deref().is_some_and(|name| !declared(name)),
            _ => false,
        }
    }

    /// The line of a place, counting on from the last one asked for.
    fn line(&mut self, chunk: &Chunk, at: usize) -> u64 {
        let (from, lines) = self.counted;
        let line = if from <= at && from > 0 { lines + chunk.lines_between(from, at) } else { chunk.line_at(at) };
        self.counted = (at, line);
        line
    }

    /// What the chunk became.
    pub(crate) fn finish(&mut self, chunk: &Chunk, stop: Option<Box<Stop>>) -> Parsed {
        self.counted = (0, 0);
        let (batch, stop) = match stop {
            Some(stop) => {
                self.count = 0;
                self.undo();
                (None, Some(*stop))
            }
            None => match self.batch() {
                Ok(batch) => (batch, None),
                Err(error) => (None, Some(Stop::Failed(error))),
            },
        };
        Parsed {
            part: std::sync::Arc::clone(&chunk.part),
            lines_before: chunk.lines_before,
            lines: chunk.lines(),
            batch,
            rejects: std::mem::take(&mut self.rejects),
            finer: self.columns.iter_mut().map(Column::take_finer).sum(),
            stop,
        }
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>> {
        let rows = std::mem::take(&mut self.count);
        if rows == 0 {
            return Ok(None);
        }
        let arrays = self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options);
        batch.map(Some).map_err(|error| Error::bug("columns that were read do not make a batch").caused_by(error))
    }
}

fn without_line_end(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

/// A guess that does not hold; its line counts from 0 until it is placed.
fn misfit(chunk: &Chunk, flaw: Flaw) -> Misfit {
    let line = chunk.line_at(flaw.at);
    let column = flaw.column.as_deref().map(str::to_owned);
    Misfit { file: chunk.part.shown.clone(), line, column, reason: flaw.reason }
}
