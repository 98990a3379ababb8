//! The lake: git's object model over Iceberg tables.
//!
//! `storage` makes files durable; `tables` writes and reads Iceberg tables in them; `changes` says what a table
//! holds (rule T4); `objects` are commits, trees and entries; `store` keeps objects and refs; `lake` is the door:
//! refs, history, commits; `merge` and `revert` make new trees from old ones; `gc` deletes what nothing reaches, while a
//! `lease` keeps what a command reads and writes; `doctor` looks for what is wrong.

mod ancestors;
mod author;
pub mod changes;
mod copy_catalog;
mod doctor;
mod evolve;
pub mod gc;
mod history;
mod ids;
mod lake;
mod lease;
mod leftovers;
mod lost_catalog;
mod merge;
pub mod objects;
mod place;
mod publish;
mod relocate;
mod revert;
pub mod storage;
pub mod store;
pub mod tables;

pub use copy_catalog::copy_catalog;
pub use doctor::{Checkup, Finding};
pub use evolve::Remade;
pub use ids::TableIds;
pub use lake::{Head, Lake};
pub use leftovers::Leftovers;
pub use merge::{MergedTree, Resolutions, Side, TableMerge};
pub use place::LakePlace;
pub use publish::{Draft, TableShape};
pub use relocate::ForeignTable;
pub use revert::RevertedTree;
