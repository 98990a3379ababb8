//! The lake as SQL sees it: a tree under work, the resolver that finds tables in it, and the system tables.

mod orphans;
mod resolver;
mod system_tables;
mod time_travel;
mod working_tree;

pub use orphans::orphans;
pub use resolver::{FileOpener, LakeResolver, NoFiles, lake_table};
pub use system_tables::kind_word;
pub use time_travel::{Moment, at_snapshot, moment};
pub use working_tree::WorkingTree;
