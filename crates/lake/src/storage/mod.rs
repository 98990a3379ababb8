//! Where a lake's files lie, and how they become durable.
//!
//! A warehouse is a folder, or a prefix in an object store. Inside Bywash a file is named by its path relative to it;
//! Iceberg metadata records whole locations, `file://…` or `s3://…`, because other readers need them.
//! [`Warehouse::relative`] is the one place where a recorded location is mapped to the warehouse as it is now, so a lake
//! can be moved or copied (rule T9).

mod counting;
mod durable;
mod errors;
pub mod faults;
mod folders;
mod remote;
mod staged;
mod warehouse;

pub use counting::{CountingStore, Reads};
pub use durable::DurableStore;
pub use errors::storage_error;
pub use remote::{RemotePlace, settle_uploads};
pub use staged::StagedFiles;
pub use warehouse::Warehouse;
pub(crate) use warehouse::below_warehouse;
