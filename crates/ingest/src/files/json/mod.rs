//! JSON: lines and documents, into typed columns, structs and lists.
//!
//! A row is an object. Strict about syntax (what is not JSON is an error with line and column), and nothing is lost:
//! a key that the table lacks, a key that stands twice and a number that the type cannot hold are errors too. A
//! place that holds values of several types becomes text: strings as they are, everything else as its JSON.

mod cursor;
mod document;
mod infer;
mod parse;
mod source;

pub(crate) use infer::JsonInfer;
pub(crate) use parse::JsonParse;
pub(crate) use source::JsonSource;
