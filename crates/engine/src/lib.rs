//! The only door to DataFusion: SQL in, planned and checked queries and their rows out.
//!
//! [`sql`] reads text without a session. Nothing outside this crate builds a DataFusion session.

pub mod incremental;
pub mod sql;
