//! For tests only: a folder of its own for each test, the real binary run in it, and filters that take out what
//! differs from run to run; and servers that a test starts.
//!
//! ```no_run
//! let sandbox = bywash_testkit::Sandbox::new("/path/of/the/binary");
//! sandbox.write("models/a.sql", "select 1 as one");
//! let output = sandbox.run(["check"]);
//! assert_eq!(output.code, 0, "{output}");
//! ```
#![allow(clippy::expect_used, clippy::panic, reason = "what fails here fails a test, which says so by panicking")]

mod dice;
mod filters;
mod object_stores;
mod output;
mod postgres;
mod sandbox;
mod server;
mod unreliable;

pub use dice::Dice;
pub use filters::Filters;
pub use object_stores::ObjectStore;
pub use output::Output;
pub use postgres::Postgres;
pub use sandbox::{Invocation, Sandbox};
