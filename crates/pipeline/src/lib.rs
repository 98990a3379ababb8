
//! Project to graph to run to publish.

pub mod events;
pub mod graph;
pub mod project;
