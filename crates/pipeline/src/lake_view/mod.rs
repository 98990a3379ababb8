//! The lake as SQL sees it: a tree under work, the resolver that finds tables in it, the system tables, and Iceberg
//! tables that lie outside.

mod foreign;
mod orphans;
mod resolver;
mod system_tables;
mod time_travel;
mod working_tree;

pub use foreign::{iceberg_table, is_iceberg_table};
pub use orphans::orphans;
pub use resolver::{FileOpener, LakeResolver, NoFiles, lake_table};
pub use system_tables::kind_word;
pub use time_travel::{Moment, at_snapshot, moment};
pub use working_tree::WorkingTree;
