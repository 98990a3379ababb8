//! The order that rows within a file are meant to have.

use serde::{Deserialize, Serialize};

use crate::partition::Transform;

/// A list of sort keys; order 0 is "unsorted".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SortOrder {
    /// The order's id, unique in the table; 0 exactly when there are no fields.
    #[serde(rename = "order-id")]
    pub id: i64,
    /// The keys, first counts most.
    pub fields: Vec<SortField>,
}

/// One sort key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "SortFieldJson", into = "SortFieldJson")]
pub struct SortField {
    /// The column.
    pub source_id: i32,
    /// What is done to the column before comparing.
    pub transform: Transform,
    /// Smallest first.
    pub ascending: bool,
    /// Nulls before everything else.
    pub nulls_first: bool,
}

impl SortOrder {
    /// No order.
    #[must_use]
    pub const fn unsorted() -> Self {
        Self { id: 0, fields: Vec::new() }
    }
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct SortFieldJson {
    source_id: i32,
    transform: Transform,
    direction: String,
    null_order: String,
}

impl From<SortFieldJson> for SortField {
    fn from(json: SortFieldJson) -> Self {
        Self {
            source_id: json.source_id,
            transform: json.transform,
            ascending: json.direction == "asc",
            nulls_first: json.null_order == "nulls-first",
        }
    }
}

impl From<SortField> for SortFieldJson {
    fn from(field: SortField) -> Self {
        Self {
            source_id: field.source_id,
            transform: field.transform,
            direction: if field.ascending { "asc" } else { "desc" }.to_owned(),
            null_order: if field.nulls_first { "nulls-first" } else { "nulls-last" }.to_owned(),
        }
    }
}
