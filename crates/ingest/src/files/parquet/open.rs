//! Opening a Parquet file, or one that is packed or in an archive, which is then held in memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use bywash_core::{Code, Error, Place, Result, format_bytes};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use parquet::schema::types::Type;

use super::super::find::FoundFile;
use super::super::format::{Format, truncated};
use super::super::limits::IN_MEMORY_BYTES_MAX;
use super::super::options::ReadOptions;
use super::super::raw::{Parts, Unpacked};
use super::soundness::{check_directory, guarded};

const MARK: &[u8; 4] = b"PAR1";
const MARK_ENCRYPTED: &[u8; 4] = b"PARE";
/// A mark at either end, and a length.
const BYTES_MIN: u64 = 12;
const BATCH_ROWS: usize = 16_384;

/// The Parquet data of one part.
pub(super) struct ParquetSource {
    shown: String,
    data: Data,
    metadata: ArrowReaderMetadata,
    has_int96: bool,
}

enum Data {
    File(File),
    Memory(Bytes),
}

/// The Parquet data of every part of a file.
pub(super) fn sources(file: &FoundFile, options: &ReadOptions) -> Result<Vec<ParquetSource>> {
    let mut parts = Parts::of(file, Format::Parquet, options.max_expansion_ratio)?;
    if parts.is_plain() {
        let file_failed = |error: std::io::Error| Error::io("open", file.shown.as_ref(), &error);
        return Ok(vec![ParquetSource::open(&file.shown, Data::File(File::open(&file.path).map_err(file_failed)?))?]);
    }
    let mut found = Vec::new();
    while let Some(part) = parts.next()? {
        let shown = part.shown().to_owned();
        found.push(ParquetSource::open(&shown, Data::Memory(in_memory(part)?))?);
    }
    Ok(found)
}

fn in_memory(mut part: Unpacked) -> Result<Bytes> {
    const BLOCK_BYTES: usize = 4 << 20;
    let mut whole = Vec::new();
    loop {
        let from = whole.len();
        whole.resize(from + BLOCK_BYTES, 0);
        let filled = part.read(&mut whole[from..])?;
        whole.truncate(from + filled);
        if filled < BLOCK_BYTES {
            return Ok(whole.into());
        }
        if whole.len() > IN_MEMORY_BYTES_MAX {
            let limit = format_bytes(IN_MEMORY_BYTES_MAX as u64);
            return Err(Error::new(Code::UnreadableFile, format!("`{}` is larger than {limit}", part.shown()))
                .at(Place::file(part.shown()))
                .hint("unpack the file first: Parquet that is packed once more must be held in memory"));
        }
    }
}

impl ParquetSource {
    fn open(shown: &str, data: Data) -> Result<Self> {
        let bytes = check_marks(shown, &data)?;
        let metadata = guarded(shown, || match &data {
            Data::File(file) => ArrowReaderMetadata::load(file, ArrowReaderOptions::new()),
            Data::Memory(bytes) => ArrowReaderMetadata::load(bytes, ArrowReaderOptions::new()),
        })?;
        check_directory(shown, metadata.metadata(), bytes)?;
        let root = metadata.metadata().file_metadata().schema();
        let fields = without_int96(metadata.schema().fields(), root);
        let has_int96 = fields != *metadata.schema().fields();
        let metadata = match has_int96 {
            false => metadata,
            true => {
                let schema = Arc::new(Schema::new(fields));
                let options = ArrowReaderOptions::new().with_schema(schema);
                guarded(shown, || ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options))?
            }
        };
        Ok(Self { shown: shown.to_owned(), data, metadata, has_int96 })
    }

    /// The part's name.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The schema as the file has it.
    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(self.metadata.schema())
    }

    /// What a person should know.
    pub(super) fn warnings(&self) -> Vec<String> {
        let warning = format!("times of the old type INT96 in `{}` are read to the microsecond", self.shown);
        self.has_int96.then_some(warning).into_iter().collect()
    }

    /// The batches.
    pub(super) fn read(self) -> Result<ParquetRecordBatchReader> {
        let Self { shown, data, metadata, .. } = self;
        guarded(&shown, || match data {
            Data::File(file) => build(file, metadata),
            Data::Memory(bytes) => build(bytes, metadata),
        })
    }
}

fn build<T: ChunkReader + 'static>(
    data: T,
    metadata: ArrowReaderMetadata,
) -> Result<ParquetRecordBatchReader, ParquetError> {
    ParquetRecordBatchReaderBuilder::new_with_metadata(data, metadata).with_batch_size(BATCH_ROWS).build()
}

/// INT96 spans more years than nanoseconds of 64 bits do, so it is read as microseconds.
fn without_int96(fields: &Fields, group: &Type) -> Fields {
    let convert = |(field, kind): (&FieldRef, &Arc<Type>)| -> FieldRef {
        let data_type = match field.data_type() {
            DataType::Timestamp(TimeUnit::Nanosecond, zone)
                if kind.is_primitive() && kind.get_physical_type() == PhysicalType::INT96 =>
            {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            DataType::Struct(inner) if kind.is_group() => DataType::Struct(without_int96(inner, kind)),
            _ => return Arc::clone(field),
        };
        Arc::new(Field::new(field.name(), data_type, field.is_nullable()).with_metadata(field.metadata().clone()))
    };
    if group.get_fields().len() != fields.len() {
        return fields.clone();
    }
    fields.iter().zip(group.get_fields()).map(convert).collect()
}

/// Refuses data that does not begin and end as Parquet does; gives its size.
fn check_marks(shown: &str, data: &Data) -> Result<u64> {
    let (head, tail, bytes) = match data {
        Data::Memory(bytes) => ends_of(&mut std::io::Cursor::new(bytes)),
        Data::File(file) => ends_of(&mut &*file),
    }
    .map_err(|error| Error::io("read", shown.as_ref(), &error))?;
    let is_mark = |mark: &[u8; 4]| mark == MARK || mark == MARK_ENCRYPTED;
    if is_mark(&head) && (bytes < BYTES_MIN || !is_mark(&tail)) || bytes == 0 {
        return Err(truncated(shown).caused_by("a Parquet file ends with its directory"));
    }
    if &tail == MARK_ENCRYPTED {
        return Err(Error::new(Code::UnreadableFile, format!("`{shown}` is encrypted")).at(Place::file(shown)));
    }
    if is_mark(&head) {
        return Ok(bytes);
    }
    Err(Error::new(Code::UnreadableFile, format!("`{shown}` is not a Parquet file"))
        .at(Place::file(shown))
        .hint("if it has another format, say so in the source: `format: csv`"))
}

fn ends_of(data: &mut (impl Read + Seek)) -> std::io::Result<([u8; 4], [u8; 4], u64)> {
    let (mut head, mut tail) = ([0; 4], [0; 4]);
    let bytes = data.seek(SeekFrom::End(0))?;
    if bytes >= 4 {
        data.seek(SeekFrom::Start(0))?;
        data.read_exact(&mut head)?;
        data.seek(SeekFrom::End(-4))?;
        data.read_exact(&mut tail)?;
    }
    data.seek(SeekFrom::Start(0))?;
    Ok((head, tail, bytes))
}

/// The error for what a Parquet file said that cannot be.
pub(super) fn broken(shown: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(Code::UnreadableFile, format!("`{shown}` is damaged and cannot be read"))
        .at(Place::file(shown))
        .caused_by(error)
        .hint("write or download the file again")
}
