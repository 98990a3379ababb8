//! What users of the engine see: SQL in, rows, plans and errors out.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as loudly as tests")]

mod columns;
mod errors;
mod fixture;
mod incremental;
mod memory;
mod plans;
mod pruning;
mod slt;
mod sql;
mod views;
