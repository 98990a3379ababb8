//! The rows that a `delete`, `update` or `merge into` changes, as its plan gives them.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use bywash_core::{Error, Result};

use crate::scan::{FILE_COLUMN, PLACE_COLUMNS, ROW_COLUMN};
use crate::sql::KEPT_COLUMN;

/// Rows that change: which go, and what stands in their place.
#[derive(Clone, Debug)]
pub struct ChangedRows {
    files: Int64Array,
    rows: Int64Array,
    kept: BooleanArray,
    /// What stands in place of each row where [`ChangedRows::is_kept`]; without columns when rows are only deleted.
    pub values: RecordBatch,
}

impl ChangedRows {
    /// How many columns of such a plan stand before those of the table.
    pub const OWN_COLUMNS: usize = PLACE_COLUMNS + 1;

    /// Takes apart a batch of such a plan.
    ///
    /// # Errors
    /// It is a batch of another plan.
    pub fn of(batch: &RecordBatch) -> Result<Self> {
        let column = |name: &str| -> Result<&ArrayRef> {
            batch.column_by_name(name).ok_or_else(|| Error::bug(format!("changed rows come without `{name}`")))
        };
        let whole = |name: &str| -> Result<Int64Array> {
            let found = column(name)?.as_primitive_opt::<Int64Type>().cloned();
            found.ok_or_else(|| Error::bug(format!("`{name}` of changed rows is no whole number")))
        };
        let kept = column(KEPT_COLUMN)?.as_boolean_opt().cloned();
        let own = [FILE_COLUMN, ROW_COLUMN, KEPT_COLUMN];
        let others: Vec<usize> = (0..batch.num_columns())
            .filter(|at| !own.contains(&batch.schema_ref().field(*at).name().as_str()))
            .collect();
        Ok(Self {
            files: whole(FILE_COLUMN)?,
            rows: whole(ROW_COLUMN)?,
            kept: kept.ok_or_else(|| Error::bug(format!("`{KEPT_COLUMN}` of changed rows is no boolean")))?,
            values: batch.project(&others).map_err(|error| Error::bug(error.to_string()))?,
        })
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The row that goes: the place of its file in the list of the snapshot's files, and its own in the file. None if
    /// a row is only added.
    #[must_use]
    pub fn place(&self, at: usize) -> Option<(usize, u64)> {
        if self.files.is_null(at) || self.rows.is_null(at) {
            return None;
        }
        Some((usize::try_from(self.files.value(at)).ok()?, u64::try_from(self.rows.value(at)).ok()?))
    }

    /// Whether something stands in its place.
    #[must_use]
    pub fn is_kept(&self, at: usize) -> bool {
        self.kept.is_valid(at) && self.kept.value(at)
    }
}
