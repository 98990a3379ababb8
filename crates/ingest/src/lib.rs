//! Sources to lake: reading what others wrote, whatever they wrote.
//!
//! This crate turns bytes into Arrow batches and never loses one in silence: every row read is in a batch or is
//! a reject with its place and reason.

mod file_readers;
pub mod files;
mod quoted_files;

pub use file_readers::FileReaders;
pub use quoted_files::QuotedFiles;
