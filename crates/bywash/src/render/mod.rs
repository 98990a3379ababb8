//! How results, errors and progress look.
//!
//! Data goes to standard output or a file, all else to standard error; colours only where a person looks.

pub mod destination;
pub mod error;
mod error_json;
mod frame;
pub mod listing;
pub mod other_readers;
pub mod progress;
pub mod rows;
pub mod stdout;
pub mod style;
pub mod terminal;
pub mod text;
pub mod text_output;
pub mod unfinished;
