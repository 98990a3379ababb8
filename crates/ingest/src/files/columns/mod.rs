//! Columns being filled: one value at a time from text or JSON, taken back when a row turns out wrong.
//!
//! Arrow's own builders cannot be shortened, and a row that goes to quarantine must leave no trace; these can.
//! What text means which value stands here too, once, for reading and for finding types alike.

mod column;
mod decimals;
mod fill;
pub(crate) mod numbers;
pub(crate) mod times;
mod truth;

pub(crate) use column::{Cells, Column, Trust, public_field};
pub(crate) use fill::{Unfit, is_likely_null};
pub(crate) use truth::plain_truth;
