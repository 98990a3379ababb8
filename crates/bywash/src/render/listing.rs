//! Small results as rows: what `branch list`, `log` or `doctor` print goes through the same formats as a query.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{Field, Schema};
use bywash_core::{Error, Result};

use super::rows::{Nulls, write_batches};
use crate::arguments::OutputFlags;
use crate::context::Context;

/// Columns in order, all of one length.
#[derive(Default)]
pub struct Listing {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Listing {
    /// Adds a column of texts.
    #[must_use]
    pub fn text<T: Into<String>>(self, name: &str, values: impl IntoIterator<Item = Option<T>>) -> Self {
        let values = values.into_iter().map(|value| value.map(Into::into));
        self.add(name, Arc::new(StringArray::from_iter(values)))
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn number(self, name: &str, values: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.add(name, Arc::new(Int64Array::from_iter(values)))
    }

    /// Writes the rows as `-o` and `--to` ask.
    ///
    /// # Errors
    /// The place cannot be written.
    pub fn write(self, context: &Context, flags: &OutputFlags) -> Result<u64> {
        let batch = self.batch()?;
        write_batches(context, flags, &batch.schema(), &[batch], Nulls::Empty)
    }

    /// The rows.
    ///
    /// # Errors
    /// Columns of different lengths.
    pub fn batch(self) -> Result<RecordBatch> {
        RecordBatch::try_new(Arc::new(Schema::new(self.fields)), self.arrays)
            .map_err(|error| Error::bug("the columns of a listing do not fit together").caused_by(error))
    }

    fn add(mut self, name: &str, array: ArrayRef) -> Self {
        self.fields.push(Field::new(name, array.data_type().clone(), true));
        self.arrays.push(array);
        self
    }
}

/// The lines of a text as rows of one column.
///
/// # Errors
/// None in practice.
pub fn text_rows(column: &str, text: &str) -> Result<RecordBatch> {
    Listing::default().text(column, text.lines().map(Some)).batch()
}
