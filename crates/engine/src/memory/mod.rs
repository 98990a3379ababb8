//! Who may hold how much memory: one pool that all queries share, and what one query holds of it.

mod of_query;
mod shared;

pub(crate) use of_query::QueryMemory;
pub(crate) use shared::SharedMemory;
