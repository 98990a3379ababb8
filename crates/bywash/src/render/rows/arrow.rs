//! Arrow IPC: the file format in a file, where readers map it into memory; the stream format in a pipe.

use std::io;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::writer::{FileWriter, StreamWriter};

use super::failure::from_arrow;
use super::{Destination, RowWriter};

pub(super) fn open_file(place: Destination, schema: &SchemaRef) -> io::Result<Box<dyn RowWriter>> {
    Ok(Box::new(FileWriter::try_new(place, schema).map_err(from_arrow)?))
}

pub(super) fn open_stream(place: Destination, schema: &SchemaRef) -> io::Result<Box<dyn RowWriter>> {
    Ok(Box::new(StreamWriter::try_new(place, schema).map_err(from_arrow)?))
}

impl RowWriter for FileWriter<Destination> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        Self::write(self, batch).map_err(from_arrow)
    }

    fn finish(self: Box<Self>) -> io::Result<Destination> {
        self.into_inner().map_err(from_arrow)
    }
}

impl RowWriter for StreamWriter<Destination> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        Self::write(self, batch).map_err(from_arrow)
    }

    fn finish(self: Box<Self>) -> io::Result<Destination> {
        self.into_inner().map_err(from_arrow)
    }
}
