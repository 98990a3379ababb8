//! One immutable file of rows, with everything a planner wants to know before opening it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use bywash_core::{Result, RowSums};

use crate::datum::Datum;
use crate::partition::PartitionSpec;
use crate::schema::{Schema, Type};

/// A Parquet file of a table. Maps are by field id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Where it lies: absolute in a manifest; inside the lake relative to its warehouse, which can be moved.
    pub path: String,
    /// Rows.
    pub record_count: u64,
    /// Bytes.
    pub file_size_in_bytes: u64,
    /// The partition's values in the order of the spec's fields.
    pub partition: Vec<Option<Datum>>,
    /// The spec those values belong to.
    pub spec_id: i32,
    /// Compressed bytes a column takes.
    pub column_sizes: BTreeMap<i32, u64>,
    /// Values a column has, nulls and NaN included.
    pub value_counts: BTreeMap<i32, u64>,
    /// Nulls among them.
    pub null_value_counts: BTreeMap<i32, u64>,
    /// NaN among them.
    pub nan_value_counts: BTreeMap<i32, u64>,
    /// At most every value that is neither null nor NaN.
    pub lower_bounds: BTreeMap<i32, Datum>,
    /// At least every value that is neither null nor NaN.
    pub upper_bounds: BTreeMap<i32, Datum>,
    /// Where row groups begin.
    pub split_offsets: Vec<i64>,
    /// The sort order that the rows have.
    pub sort_order_id: Option<i32>,
    /// What the rows come to, if it was added up while they were written. Iceberg has no place for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_sums: Option<RowSums>,
}

impl DataFile {
    /// Gives the bounds and partition values of files the types that their columns have in a schema: columns may have
    /// been widened since the files were written.
    ///
    /// # Errors
    /// A spec that does not fit the schema.
    pub fn promote_all<'a>(
        files: impl IntoIterator<Item = &'a mut Self>,
        schema: &Schema,
        spec: &PartitionSpec,
    ) -> Result<()> {
        let (wide, types) = (schema.wide_fields(), spec.result_types(schema)?);
        for file in files {
            for bounds in [&mut file.lower_bounds, &mut file.upper_bounds] {
                for (id, bound) in bounds {
                    if let Some(kind) = wide.get(id) {
                        promote(bound, kind);
                    }
                }
            }
            for (value, kind) in file.partition.iter_mut().zip(&types) {
                value.iter_mut().for_each(|value| promote(value, kind));
            }
        }
        Ok(())
    }
}

fn promote(value: &mut Datum, kind: &Type) {
    if value.kind() != *kind {
        *value = value.clone().promoted(kind);
    }
}
