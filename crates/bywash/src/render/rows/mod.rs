//! The rows of a result in the format and place that `-o` and `--to` ask for.
//!
//! Rows are written as they arrive; only the table for people waits for the last one, and keeps no more rows than
//! it shows.

mod arrow;
mod cell;
mod csv;
mod failure;
mod fit;
mod json;
mod parquet;
mod table;
mod utc;

use std::io;
use std::path::Path;

use ::arrow::array::RecordBatch;
use ::arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Result, counted};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::destination::Destination;
use crate::arguments::{Format, OutputFlags};
use crate::context::Context;

/// Batches that may wait to be written.
const BATCHES_AHEAD: usize = 2;

/// Writes rows in one format. Nothing is promised about what was written before `finish`.
trait RowWriter {
    /// Adds rows.
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()>;

    /// Writes what is still owed and gives the place back.
    fn finish(self: Box<Self>) -> io::Result<Destination>;
}

/// Writes all rows of a stream and says how many there were.
///
/// The stream runs as a task of its own: the next rows are computed while these are written, and Ctrl-C is heard
/// while a long step computes. Dropping this future stops the task.
///
/// # Errors
/// The stream fails, the place cannot be written, or the format cannot hold a column.
pub async fn write_stream(
    context: &Context,
    flags: &OutputFlags,
    schema: SchemaRef,
    mut rows: impl Stream<Item = Result<RecordBatch>> + Unpin + Send + 'static,
) -> Result<u64> {
    let mut output = RowOutput::open(context, flags, &schema, Nulls::Named)?;
    let (sender, mut receiver) = mpsc::channel(BATCHES_AHEAD);
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Some(batch) = rows.next().await {
            if sender.send(batch).await.is_err() {
                return;
            }
        }
    });
    while let Some(batch) = receiver.recv().await {
        output.write(&batch?)?;
    }
    if let Some(Err(ended)) = task.join_next().await
        && ended.is_panic()
    {
        std::panic::resume_unwind(ended.into_panic());
    }
    output.finish(context)
}

/// What stands in the cells of a table where a value is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// `null`: rows may hold empty texts, too.
    Named,
    /// Nothing: nobody asks a listing whether that is a null or an empty text.
    Empty,
}

/// Writes rows that are at hand.
///
/// # Errors
/// The place cannot be written, or the format cannot hold a column.
pub fn write_batches(
    context: &Context,
    flags: &OutputFlags,
    schema: &SchemaRef,
    batches: &[RecordBatch],
    nulls: Nulls,
) -> Result<u64> {
    let mut output = RowOutput::open(context, flags, schema, nulls)?;
    for batch in batches {
        output.write(batch)?;
    }
    output.finish(context)
}

/// The format that `-o` asks for, or else the one that the name after `--to` says.
#[must_use]
pub fn format_of(flags: &OutputFlags) -> Format {
    let ending = flags.to.as_deref().and_then(Path::extension).and_then(|ending| ending.to_str());
    flags.output.unwrap_or(match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("csv") => Format::Csv,
        Some("json") => Format::Json,
        Some("jsonl" | "ndjson") => Format::Jsonl,
        Some("parquet") => Format::Parquet,
        Some("arrow" | "feather" | "ipc") => Format::Arrow,
        Some("md") => Format::Markdown,
        _ => Format::Table,
    })
}

/// A name that says no format, and no `-o` beside it: a guess could leave rows out.
fn refuse_unknown_ending(flags: &OutputFlags) -> Result<()> {
    let Some(path) = flags.to.as_deref().filter(|path| flags.output.is_none() && !path.starts_with("/dev")) else {
        return Ok(());
    };
    if format_of(flags) != Format::Table {
        return Ok(());
    }
    Err(Error::new(Code::WrongUsage, format!("the name `{}` does not say in which format to write", path.display()))
        .hint("end it in `.csv`, `.json`, `.jsonl`, `.parquet`, `.arrow` or `.md`, or say it with `-o`"))
}

struct RowOutput {
    writer: Box<dyn RowWriter>,
    shown: std::path::PathBuf,
    rows: u64,
    says_count: bool,
}

impl RowOutput {
    fn open(context: &Context, flags: &OutputFlags, schema: &SchemaRef, nulls: Nulls) -> Result<Self> {
        let format = format_of(flags);
        refuse_unknown_ending(flags)?;
        let on_terminal = flags.to.is_none() && context.terminal.stdout_width.is_some();
        if on_terminal && matches!(format, Format::Parquet | Format::Arrow) {
            let name = format.name();
            return Err(Error::new(Code::WrongUsage, format!("`{name}` is not for terminals"))
                .hint(format!("add `--to result.{name}`, or pipe the output into a program")));
        }
        let place = match &flags.to {
            Some(path) => Destination::file(&context.path(path), path)?,
            None => Destination::stdout(&context.stdout),
        };
        let shown = place.shown().to_owned();
        let opened: io::Result<Box<dyn RowWriter>> = match format {
            Format::Table => {
                Ok(Box::new(table::TableWriter::new(place, schema, table_look(context, flags).with(nulls))))
            }
            Format::Markdown => {
                Ok(Box::new(table::TableWriter::new(place, schema, table::Look::markdown().with(nulls))))
            }
            Format::Csv => csv::CsvWriter::open(place, schema).map(|writer| Box::new(writer) as _),
            Format::Json => Ok(Box::new(json::JsonWriter::<json::Array>::new(place))),
            Format::Jsonl => Ok(Box::new(json::JsonWriter::<json::Lines>::new(place))),
            Format::Parquet => parquet::ParquetWriter::open(place, schema).map(|writer| Box::new(writer) as _),
            Format::Arrow if flags.to.is_some() => arrow::open_file(place, schema),
            Format::Arrow => arrow::open_stream(place, schema),
        };
        let writer = opened.map_err(|error| failure::explain(&error, &shown))?;
        Ok(Self { writer, shown, rows: 0, says_count: flags.to.is_some() || format == Format::Table })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(|error| failure::explain(&error, &self.shown))
    }

    fn finish(self, context: &Context) -> Result<u64> {
        self.writer.finish().map_err(|error| failure::explain(&error, &self.shown))?.finish()?;
        if self.says_count {
            context.say(counted(self.rows, "row"));
        }
        Ok(self.rows)
    }
}

fn table_look(context: &Context, flags: &OutputFlags) -> table::Look {
    match (context.terminal.stdout_width, &flags.to) {
        (Some(width), None) => table::Look::terminal(width, context.terminal.stdout_paint),
        _ => table::Look::pipe(context.terminal.stdout_paint, flags.to.is_none()),
    }
}
