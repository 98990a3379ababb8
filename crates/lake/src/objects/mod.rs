//! What the catalog keeps: commits, trees, entries and the sets inside them, each addressed by its content.

mod buffer;
mod commit;
mod entry;
mod hash_tree;
mod kept;
mod named;
mod project_files;

pub(crate) use buffer::KnownObjects;
pub use buffer::Objects;
pub use commit::Commit;
pub use entry::{Consumed, Entry, Produced, Reads, TableEntry, TableKind, TableRead, ViewEntry};
pub use hash_tree::HashTree;
pub(crate) use kept::kept_entries;
pub use named::Named;
pub use project_files::{Asked, FileContent};
