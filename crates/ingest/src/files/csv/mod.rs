//! CSV: text cut into records, records into fields, fields into typed columns.
//!
//! Stricter than most readers, because what they pass over loses data: a quote that does not close, text behind a
//! closing quote and a record with too many or too few fields are errors with a line, or rejects. Quotes count
//! only at the start of a field; elsewhere they are letters. A blank line is no record.

mod cut;
mod dialect;
mod fields;
mod header;
mod infer;
mod parse;
mod source;

pub(crate) use dialect::{CsvLayout, CsvSettings, time_formats};
pub(crate) use header::HeaderRule;
pub(crate) use infer::CsvInfer;
pub(crate) use parse::CsvParse;
pub(crate) use source::{CsvSource, look};
