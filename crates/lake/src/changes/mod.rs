//! Rule T4: a table is a set of changes, and merging is union.
//!
//! A change is *live* when no live change takes it back. What a table holds follows from its set alone: each live
//! append as the live rewrites that went over it left it. A set is *sound*, or it is a conflict; every load,
//! statement, revert and merge adds changes and asks just that. There is no merge base.
//!
//! `model/change_sets.py` of the design executes the same rules; the names here are its names.

mod change;
mod columns;
mod layout;
mod remarks;
mod set;
mod table_state;
mod tile;

pub use change::{Change, ChangeKind, Pair, SourceKey};
pub use columns::{ColumnChange, Created, FieldChange, NewField, new_fields};
pub use layout::{Layout, LayoutChange, LayoutTerm};
pub use remarks::Remark;
pub use set::{ChangeSet, Unsound};
pub use table_state::{Edit, LoadContent, TableState};
pub use tile::Tile;
