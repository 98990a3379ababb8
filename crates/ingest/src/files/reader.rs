//! Reading one file: batches in order, with every row accounted for.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Place, Result, format_count};

use super::csv::CsvParse;
use super::flaw::Reject;
use super::json::JsonParse;
use super::ordered::Ordered;
use super::parquet::ParquetReader;
use super::text::{Parsed, Stop, TextPart};

/// Rows of a file.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The rows that could be read; may be empty where there are only rejects.
    pub batch: RecordBatch,
    /// Those that could not.
    pub rejects: Vec<Reject>,
    /// Both together.
    pub rows_read: u64,
}

/// Where the rows of a file went: `rows_read` is always the sum of the others (rule R9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that are neither blank nor a comment nor the header.
    pub rows_read: u64,
    /// Rows in batches.
    pub rows: u64,
    /// Rejects.
    pub rejected: u64,
}

/// A value that a guessed type does not hold. The caller infers the types and starts again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The file, or the member of an archive.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column, if it is one that is known.
    pub column: Option<String>,
    /// What does not fit.
    pub reason: String,
}

/// Why reading stopped.
#[derive(Clone, Debug)]
pub enum Stopped {
    /// The types were guessed, and wrongly.
    Misfit(Misfit),
    /// The file cannot be read.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed(error) => error,
            Stopped::Misfit(misfit) => {
                let column = misfit.column.map_or_else(String::new, |column| format!("column `{column}`: "));
                Self::new(Code::InvalidValue, format!("{column}{}", misfit.reason))
                    .at(Place::line(misfit.file, misfit.line))
                    .hint("declare the type of the column in the source")
            }
        }
    }
}

/// The batches of one file, in order.
pub struct FileReader {
    shown: String,
    schema: SchemaRef,
    inner: Inner,
    lines: Lines,
    counts: Counts,
    finer: u64,
    ended: bool,
}

pub(crate) enum Inner {
    Csv(Ordered<CsvParse>),
    Json(Ordered<JsonParse>),
    Parquet(Box<ParquetReader>),
}

impl FileReader {
    pub(crate) fn new(shown: &str, schema: SchemaRef, inner: Inner) -> Self {
        let (lines, counts) = (Lines::default(), Counts::default());
        Self { shown: shown.to_owned(), schema, inner, lines, counts, finer: 0, ended: false }
    }

    /// The rows so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What a person should know, as far as the file has been read.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = match &self.inner {
            Inner::Csv(results) => results.warnings(),
            Inner::Json(_) => Vec::new(),
            Inner::Parquet(reader) => reader.warnings(),
        };
        if self.finer > 0 {
            let count = format_count(self.finer);
            warnings.push(format!("{count} times in `{}` are finer than a microsecond and were cut to it", self.shown));
        }
        warnings
    }

    fn text(&mut self, parsed: Parsed) -> Result<Batch, Stopped> {
        let base = self.lines.before(&parsed.part, parsed.lines_before, parsed.lines);
        self.finer += parsed.finer;
        if let Some(stop) = parsed.stop {
            return Err(stop.into_stopped(&parsed.part.shown, base));
        }
        let mut rejects = parsed.rejects;
        rejects.iter_mut().for_each(|reject| reject.line += base + 1);
        let batch = parsed.batch.unwrap_or_else(|| RecordBatch::new_empty(Arc::clone(&self.schema)));
        Ok(Batch { rows_read: (batch.num_rows() + rejects.len()) as u64, batch, rejects })
    }

    fn read(&mut self) -> Option<Result<Batch, Stopped>> {
        let parsed = match &mut self.inner {
            Inner::Csv(results) => results.next()?,
            Inner::Json(results) => results.next()?,
            Inner::Parquet(reader) => {
                let batch = reader.next()?;
                self.finer += reader.take_finer();
                return Some(batch.map_err(Stopped::Failed).map(|batch| Batch {
                    rows_read: batch.num_rows() as u64,
                    batch,
                    rejects: Vec::new(),
                }));
            }
        };
        Some(match parsed {
            Ok(parsed) => self.text(parsed),
            Err(error) => Err(Stopped::Failed(error)),
        })
    }
}

impl Iterator for FileReader {
    type Item = Result<Batch, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let read = self.read();
            self.ended = !matches!(read, Some(Ok(_)));
            let Some(Ok(batch)) = read else { return read };
            self.counts.rows_read += batch.rows_read;
            self.counts.rows += batch.batch.num_rows() as u64;
            self.counts.rejected += batch.rejects.len() as u64;
            if batch.rows_read > 0 {
                return Some(Ok(batch));
            }
        }
        None
    }
}

/// The line on which each chunk begins, as they come in order.
#[derive(Default)]
pub(crate) struct Lines {
    part: Option<Arc<TextPart>>,
    lines: u64,
}

impl Lines {
    /// How many lines stand before the chunk that comes next: of `part`, with `lines`, behind `skipped` others.
    pub(crate) fn before(&mut self, part: &Arc<TextPart>, skipped: u64, lines: u64) -> u64 {
        if !self.part.as_ref().is_some_and(|known| Arc::ptr_eq(known, part)) {
            self.part = Some(Arc::clone(part));
            self.lines = 0;
        }
        let before = self.lines + skipped;
        self.lines = before + lines;
        before
    }
}

impl Stop {
    /// Places what happened behind `base` lines of a part.
    fn into_stopped(self, shown: &str, base: u64) -> Stopped {
        match self {
            Self::Flaw(flaw, line, character) => {
                Stopped::Failed(flaw.into_error(shown, base + line + 1, Some(character + 1)))
            }
            Self::Misfit(misfit) => Stopped::Misfit(Misfit { line: base + misfit.line + 1, ..misfit }),
            Self::Failed(error) => Stopped::Failed(error),
        }
    }

    /// The same as an error.
    pub(crate) fn into_error(self, shown: &str, base: u64) -> Error {
        self.into_stopped(shown, base).into()
    }
}
