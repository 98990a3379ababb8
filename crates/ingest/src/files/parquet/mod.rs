//! Parquet: the schema is in the file, and its values become those of our types.
//!
//! Integers are widened until they are signed, times become microseconds and moments UTC; where that cuts digits,
//! a warning says how many values lost some. A file that ends too early or is none is told from its ends, before
//! anything of it is believed.

mod adapt;
mod kinds;
mod merge;
mod open;
mod read;
mod soundness;

pub(crate) use merge::fields;
pub(crate) use read::ParquetReader;
