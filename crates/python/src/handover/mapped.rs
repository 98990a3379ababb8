//! What a function wrote, read through memory maps, and believed only after validation.
//!
//! Each batch is a map of its own, so that memory is counted and let go batch by batch. Whatever the file says is
//! checked against its length first: a page behind the end would kill this process.

use std::fs::File;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::{Block, root_as_footer};
use bytes::Bytes;
use bywash_core::{Code, Error, Result, guarded};
use memmap2::{Mmap, MmapOptions};

/// Length of the footer, and the magic word.
const TRAILER: u64 = 10;

/// A sealed file whose footer has been read.
#[derive(Clone, Debug)]
pub(crate) struct Mapped {
    file: Arc<File>,
    schema: SchemaRef,
    blocks: Arc<[Block]>,
}

impl Mapped {
    /// Reads the footer of a file that a function wrote. No row is looked at.
    pub(crate) fn open(file: File, length: u64) -> Result<Self> {
        decoded(|| Self::read_footer(file, length))
    }

    fn read_footer(file: File, length: u64) -> Result<Self, ArrowError> {
        let trailer = map(&file, length, length.saturating_sub(TRAILER), TRAILER)?;
        let trailer: [u8; TRAILER as usize] = trailer.as_ref().try_into().map_err(|_| broken("it is too short"))?;
        let footer_length = read_footer_length(trailer)? as u64;
        let start = length.checked_sub(TRAILER + footer_length).ok_or_else(|| broken("it has no footer"))?;
        let footer = map(&file, length, start, footer_length)?;
        let footer = root_as_footer(&footer).map_err(|error| broken(&error.to_string()))?;
        let schema = fb_to_schema(footer.schema().ok_or_else(|| broken("it has no schema"))?);
        if footer.dictionaries().is_some_and(|dictionaries| !dictionaries.is_empty()) {
            return Err(broken("it has dictionaries"));
        }
        let blocks: Vec<Block> = footer.recordBatches().iter().flatten().copied().collect();
        Ok(Self { file: Arc::new(file), schema: Arc::new(schema), blocks: blocks.into() })
    }

    /// The columns that the file says it has.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Batch by batch, each decoded and validated when it is asked for.
    pub(crate) fn batches(&self) -> Batches {
        Batches { file: self.clone(), next: 0 }
    }

    fn batch(&self, block: &Block) -> Result<RecordBatch, ArrowError> {
        let unsigned = |number: i64| u64::try_from(number).map_err(|_| broken("a length is negative"));
        let (metadata, body) = (unsigned(block.metaDataLength().into())?, unsigned(block.bodyLength())?);
        let whole = metadata.checked_add(body).ok_or_else(|| broken("a length is too large"))?;
        let length = self.file.metadata()?.len();
        let bytes = Bytes::from_owner(map(&self.file, length, unsigned(block.offset())?, whole)?);
        // Values are validated: offsets, lengths, text. The function's process is not trusted.
        let decoder = FileDecoder::new(Arc::clone(&self.schema), arrow::ipc::MetadataVersion::V5);
        let batch = decoder.read_record_batch(block, &Buffer::from(bytes))?;
        batch.ok_or_else(|| broken("a batch is empty"))
    }
}

/// Rows that a function returned, each batch backed by a memory map.
#[derive(Clone, Debug)]
pub struct Batches {
    file: Mapped,
    next: usize,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let block = *self.file.blocks.get(self.next)?;
        self.next += 1;
        Some(decoded(|| self.file.batch(&block)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.file.blocks.len() - self.next;
        (left, Some(left))
    }
}

impl Batches {
    /// The columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.file.schema)
    }
}

/// Maps a stretch of a sealed file, if it lies within it.
fn map(file: &File, length: u64, start: u64, size: u64) -> Result<Mmap, ArrowError> {
    if start.checked_add(size).is_none_or(|end| end > length) {
        return Err(broken("a part lies behind its end"));
    }
    let size = usize::try_from(size).map_err(|_| broken("a part is larger than memory"))?;
    #[expect(unsafe_code, reason = "a file that others could change must not be mapped")]
    // SAFETY: the file is sealed: it has no name, and nobody has it open for writing.
    let map = unsafe { MmapOptions::new().offset(start).len(size).map(file) };
    Ok(map?)
}

/// What is read was written by a process that ran foreign code: neither errors nor panics of the decoder are bugs here.
fn decoded<T>(read: impl FnOnce() -> Result<T, ArrowError>) -> Result<T> {
    let found = guarded(read).unwrap_or_else(|| Err(broken("it cannot be decoded")));
    found.map_err(|error| {
        Error::new(
            Code::PythonCrashed,
            "the function's output is damaged: its process wrote into memory or files that are not its own",
        )
        .caused_by(error)
    })
}

fn broken(reason: &str) -> ArrowError {
    ArrowError::IpcError(format!("the file is not what it says: {reason}"))
}

/// Whether a file has the columns that were asked for; what metadata it adds does not matter.
pub(crate) fn has_columns(found: &Schema, expected: &Schema) -> bool {
    found.fields().len() == expected.fields().len()
        && found
            .fields()
            .iter()
            .zip(expected.fields())
            .all(|(found, expected)| found.name() == expected.name() && found.data_type() == expected.data_type())
}
