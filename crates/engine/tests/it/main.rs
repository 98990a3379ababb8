//! What users of the engine see: SQL in, rows, plans and errors out.

mod errors;
mod fixture;
mod incremental;
mod memory;
mod plans;
mod pruning;
mod slt;
mod sql;
mod views;
