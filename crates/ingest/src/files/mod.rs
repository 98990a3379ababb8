//! Files as they come: CSV, JSON and Parquet, packed or not, into Arrow batches.
//!
//! The way of a load: [`find`] lists the files, [`content_hash`] tells whether one is new, [`guess`] reads types
//! from the heads (or [`infer`] from everything), [`open`] gives the batches of one file. A guess that turns out
//! wrong ends in [`Stopped::Misfit`]; the caller then infers and starts again, so that the usual file is read once.
//!
//! What always holds: rows read = rows in batches + rejects (rule R9), where a row is a record that is neither
//! blank nor a comment nor the header; lines count from 1 in the file as it is after unpacking; the same files
//! and options give the same batches whatever the number of threads, and a guess that held gives what inference
//! over everything gives.

mod columns;
mod content;
mod csv;
mod find;
mod flaw;
mod format;
mod json;
mod limits;
mod open;
mod options;
mod ordered;
mod parquet;
mod raw;
mod reader;
mod rows;
mod text;

mod typing;

pub use bywash_engine::TypeName;
pub use content::content_hash;
pub use find::{FoundFile, find};
pub use flaw::Reject;
pub use format::{Compression, Format};
pub use open::open;
pub use options::{Character, DeclaredColumns, OnError, QuotedEmpty, ReadOptions};
pub use reader::{Batch, Counts, FileReader, Misfit, Stopped};
pub use typing::{Typing, guess, infer};
