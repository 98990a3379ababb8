//! Parquet, compressed with Zstandard, which every reader knows.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::failure::from_parquet;
use super::{Destination, RowWriter};

pub(super) struct ParquetWriter {
    writer: ArrowWriter<Destination>,
}

impl ParquetWriter {
    pub(super) fn open(place: Destination, schema: &SchemaRef) -> io::Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer = ArrowWriter::try_new(place, schema.clone(), Some(properties)).map_err(from_parquet)?;
        Ok(Self { writer })
    }
}

impl RowWriter for ParquetWriter {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.writer.write(batch).map_err(from_parquet)
    }

    fn finish(self: Box<Self>) -> io::Result<Destination> {
        self.writer.into_inner().map_err(from_parquet)
    }
}
