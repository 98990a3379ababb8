//! Rows for a function, batch by batch into a file.

use std::fmt;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use bywash_core::{Code, Error, Result};

use super::normal_form::{normal_batches, normal_schema};
use super::{Sealed, Unsealed};

/// Enough for one call of the system a column rather than one a buffer.
const BUFFER: usize = 256 * 1024;

/// Batches are brought together to so many bytes: a function opens each of them before its first line.
const BATCH: usize = 32 << 20;

/// Rows on their way to a function. Dropped before it is finished, it leaves nothing.
pub struct Handover {
    folder: PathBuf,
    schema: SchemaRef,
    writer: FileWriter<BufWriter<File>>,
    file: Unsealed,
    rows: u64,
    /// Not yet written, and how many bytes that is.
    waiting: Vec<RecordBatch>,
    waiting_bytes: usize,
}

impl Handover {
    /// Begins a file on the disk of `folder`.
    pub(crate) fn new(folder: &Path, schema: &Schema) -> Result<Self> {
        let schema = normal_schema(schema);
        let (writer, file) = Unsealed::new(folder)?;
        let writer = FileWriter::try_new(BufWriter::with_capacity(BUFFER, writer), &schema);
        let writer = writer.map_err(|error| failed(folder, error))?;
        Ok(Self { folder: folder.to_owned(), schema, writer, file, rows: 0, waiting: Vec::new(), waiting_bytes: 0 })
    }

    /// The columns, in their normal form.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Writes rows; their columns are those that the hand-over began with. Blocks while the disk does.
    ///
    /// # Errors
    /// The disk is full, or one value is larger than 2 GiB.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let batches = normal_batches(batch, &self.schema).map_err(|error| failed(&self.folder, error))?;
        for batch in batches {
            self.rows += batch.num_rows() as u64;
            self.waiting_bytes += size(&batch);
            self.waiting.push(batch);
            if self.waiting_bytes >= BATCH {
                self.write_waiting()?;
            }
        }
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        if waiting.is_empty() {
            return Ok(());
        }
        let written = concat_batches(&self.schema, &waiting).and_then(|batch| self.writer.write(&batch));
        written.map_err(|error| failed(&self.folder, error))
    }

    /// Ends the file and seals it.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish(mut self) -> Result<Sealed> {
        self.write_waiting()?;
        let failed = |error| failed(&self.folder, error);
        self.writer.finish().map_err(failed)?;
        drop(self.writer);
        let (file, bytes) = self.file.seal()?;
        Ok(Sealed::new(Arc::new(file), self.schema, self.rows, bytes))
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Handover").field("schema", &self.schema).field("rows", &self.rows).finish()
    }
}

/// What the rows themselves take, whatever they are a slice of.
fn size(batch: &RecordBatch) -> usize {
    let size = |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_default();
    batch.columns().iter().map(size).sum()
}

fn failed(folder: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, error) => Error::io("write rows for a Python function into", folder, &error),
        other => Error::new(Code::UnsupportedType, "these rows cannot be handed to a Python function").caused_by(other),
    }
}
