//! What users of the pipeline see: projects read, graphs built.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests may fail loudly")]

mod graph;
mod project;
mod python;
mod sandbox;
mod scaffold;
mod selection;
mod settings;
