//! Finding the types of columns, over everything or from the heads of the files.
//!
//! What has been seen of a column is a set that only grows and that can be joined in any order, so chunks and
//! files are looked at by any thread. Everything a type cannot hold without loss makes the column text.

mod found;
mod kinds;
mod oddity;
mod shape;
mod united;

pub use found::{Typing, guess, infer};
pub(crate) use kinds::Kinds;
pub(crate) use oddity::{Oddities, Oddity};
pub(crate) use shape::Shape;
pub(crate) use united::add_undeclared;
