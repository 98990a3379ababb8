//! One value as text: numbers with all their digits, times as `2013-01-01T05:00:00`, nested values as JSON.

use arrow::array::{Array, RecordBatch};
use arrow::buffer::NullBuffer;
use arrow::datatypes::FieldRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow_json::writer::{EncoderOptions, NullableEncoder, make_encoder};

/// The values of one column as text.
pub(super) struct Column<'a> {
    /// Also those of types that have no bitmap of their own, such as the type of `null` itself.
    nulls: Option<NullBuffer>,
    values: Values<'a>,
    scratch: Vec<u8>,
}

enum Values<'a> {
    Plain(ArrayFormatter<'a>),
    Nested(NullableEncoder<'a>),
}

/// The choices for nested values: nulls are written, so that every object of a column has the same keys.
pub(super) struct Options {
    plain: FormatOptions<'static>,
    nested: EncoderOptions,
}

impl Options {
    pub(super) fn new() -> Self {
        Self {
            plain: FormatOptions::new().with_display_error(false),
            nested: EncoderOptions::default().with_explicit_nulls(true),
        }
    }

    /// Every column of a batch.
    pub(super) fn columns<'a>(&'a self, batch: &'a RecordBatch) -> Result<Vec<Column<'a>>, ArrowError> {
        batch
            .schema_ref()
            .fields()
            .iter()
            .zip(batch.columns())
            .map(|(field, array)| self.column(field, array))
            .collect()
    }

    fn column<'a>(&'a self, field: &'a FieldRef, array: &'a dyn Array) -> Result<Column<'a>, ArrowError> {
        let values = if field.data_type().is_nested() {
            Values::Nested(make_encoder(field, array, &self.nested)?)
        } else {
            Values::Plain(ArrayFormatter::try_new(array, &self.plain)?)
        };
        Ok(Column { nulls: array.logical_nulls(), values, scratch: Vec::new() })
    }
}

impl Column<'_> {
    /// Whether this value is null.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Adds a value to the text; a null adds nothing.
    pub(super) fn write(&mut self, row: usize, text: &mut String) -> Result<(), ArrowError> {
        if self.is_null(row) {
            return Ok(());
        }
        match &mut self.values {
            Values::Plain(formatter) => formatter.value(row).write(text),
            Values::Nested(encoder) => {
                self.scratch.clear();
                encoder.encode(row, &mut self.scratch);
                text.push_str(&String::from_utf8_lossy(&self.scratch));
                Ok(())
            }
        }
    }
}
