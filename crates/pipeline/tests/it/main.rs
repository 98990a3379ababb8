//! What users of the pipeline see: projects read, graphs built.

mod graph;
mod project;
mod sandbox;
mod scaffold;
mod selection;
mod settings;
