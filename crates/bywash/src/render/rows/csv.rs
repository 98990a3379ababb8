//! CSV: a header, empty nulls, `true` and `false`, quotes only where they are needed.
//!
//! An empty string is written `""`, so that it differs from null; so is a row of one null, which would be a blank
//! line that readers skip.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::cell::Options;
use super::failure::from_arrow;
use super::utc::in_utc;
use super::{Destination, RowWriter};

pub(super) struct CsvWriter {
    place: Destination,
    options: Options,
    line: String,
    value: String,
}

impl CsvWriter {
    /// Begins with the header.
    pub(super) fn open(place: Destination, schema: &SchemaRef) -> io::Result<Self> {
        let mut writer = Self { place, options: Options::new(), line: String::new(), value: String::new() };
        let names: Vec<String> = schema.fields().iter().map(|field| quoted(field.name())).collect();
        writeln!(writer.place, "{}", names.join(","))?;
        Ok(writer)
    }
}

impl RowWriter for CsvWriter {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let batch = in_utc(batch).map_err(from_arrow)?;
        let mut columns = self.options.columns(&batch).map_err(from_arrow)?;
        let alone = columns.len() == 1;
        for row in 0..batch.num_rows() {
            self.line.clear();
            for (index, column) in columns.iter_mut().enumerate() {
                if index > 0 {
                    self.line.push(',');
                }
                if column.is_null(row) {
                    if alone {
                        self.line.push_str("\"\"");
                    }
                    continue;
                }
                self.value.clear();
                column.write(row, &mut self.value).map_err(from_arrow)?;
                if needs_quotes(&self.value) {
                    self.line.push_str(&quoted(&self.value));
                } else {
                    self.line.push_str(&self.value);
                }
            }
            self.line.push('\n');
            self.place.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<Destination> {
        Ok(self.place)
    }
}

fn needs_quotes(value: &str) -> bool {
    value.is_empty() || value.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

fn quoted(value: &str) -> String {
    if needs_quotes(value) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}
