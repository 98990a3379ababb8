//! Rows between this process and a function, both ways: an Arrow IPC file without compression that the other side maps
//! into its memory.
//!
//! The file has no name, so nothing is left of it whatever happens, and is sealed before anybody maps it: no process has
//! it open for writing any more. Nobody can then change or shorten what was validated.

mod mapped;
mod normal_form;
mod seal;
mod writer;

pub use mapped::Batches;
pub use normal_form::normal_schema;
pub use seal::Sealed;
pub use writer::Handover;

pub(crate) use mapped::{Mapped, has_columns};
pub(crate) use seal::Unsealed;
