//! Project to graph to run to publish.
//!
//! `project` reads files, `graph` puts nodes together, `lake_view` shows SQL a tree of the lake, `source` asks for rows
//! from outside, `run` brings nodes up to date and publishes, `statement` changes tables by hand, `maintenance` writes
//! the same rows into better files, `comparison` says how two tables differ, `events` tell.

mod blocking;
pub mod comparison;
pub mod events;
pub mod graph;
pub mod lake_view;
pub mod maintenance;
pub mod project;
pub mod rerun;
pub mod run;
pub mod source;
pub mod statement;
