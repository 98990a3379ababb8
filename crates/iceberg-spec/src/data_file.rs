//! One immutable file of rows, with everything a planner wants to know before opening it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::datum::Datum;

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
}
