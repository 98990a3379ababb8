//! What users of the engine see: SQL in, rows, plans and errors out.

mod incremental;
mod sql;
