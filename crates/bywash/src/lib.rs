//! The parts of the `bywash` binary: words of the shell → settings → one file for each verb → output.
//!
//! Nothing here decides about data; the crates below do. Only this crate prints.

pub mod arguments;
pub mod commands;
pub mod context;
pub mod embedded;
pub mod interrupt;
pub mod panics;
pub mod reference;
pub mod render;
pub mod shell;
mod source_entry;
pub mod workspace;
