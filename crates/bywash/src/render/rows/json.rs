//! JSON: an array of objects, or one object a line. Keys stand in the order of the columns and are never left out;
//! decimals and 64-bit integers are numbers with all their digits; `NaN` and infinities, which JSON lacks, are null.

use std::io;

use arrow::array::RecordBatch;
use arrow_json::writer::{JsonArray, JsonFormat, LineDelimited, Writer, WriterBuilder};

use super::failure::from_arrow;
use super::utc::in_utc;
use super::{Destination, RowWriter};

pub(super) type Array = JsonArray;
pub(super) type Lines = LineDelimited;

pub(super) struct JsonWriter<F: JsonFormat> {
    writer: Writer<Destination, F>,
}

impl<F: JsonFormat> JsonWriter<F> {
    pub(super) fn new(place: Destination) -> Self {
        Self { writer: WriterBuilder::new().with_explicit_nulls(true).build(place) }
    }
}

impl<F: JsonFormat> RowWriter for JsonWriter<F> {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        in_utc(batch).and_then(|batch| self.writer.write(&batch)).map_err(from_arrow)
    }

    fn finish(mut self: Box<Self>) -> io::Result<Destination> {
        self.writer.finish().map_err(from_arrow)?;
        let mut place = self.writer.into_inner();
        if std::any::type_name::<F>() == std::any::type_name::<Array>() {
            io::Write::write_all(&mut place, b"\n")?;
        }
        Ok(place)
    }
}
