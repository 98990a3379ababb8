//! The only door to DataFusion: SQL in, planned and checked statements and their rows out.
//!
//! [`sql`] reads text without a session, and [`incremental`] says which queries may be computed from new rows only.
//! An [`Engine`] holds what all sessions share; a [`Session`] finds tables through a [`TableResolver`] and plans a
//! statement; a [`Planned`] statement gives [`Rows`]. No type of DataFusion stands in a public signature.

mod engine;
mod errors;
mod functions;
pub mod incremental;
mod lineage;
mod memory;
mod optimizer;
mod scan;
mod session;
mod settings;
mod spill_folder;
pub mod sql;
mod type_name;
mod type_text;

pub use engine::Engine;
pub use functions::ForeignFunction;
pub use lineage::{Origin, Origins};
pub use scan::{RowSet, deleted_rows};
pub use session::{
    ChangedRows, ColumnsRead, LakeTable, Measured, Planned, Resolved, Rows, Session, StreamTable, TableResolver,
};
pub use settings::{EngineSettings, available_memory};
pub use type_name::{TypeName, UTC};
pub use type_text::{parse_type, type_parts, type_text};
