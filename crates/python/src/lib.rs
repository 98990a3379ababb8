//! Python functions, run in processes of their own: environments, Arrow hand-over, workers, isolation.
//!
//! Nothing here knows projects or tables: a [`Call`] says which function gets which rows and what it must return, and
//! [`Pool::call`] gives rows or an error that says whose fault it is. No interpreter ever runs inside this process, so
//! whatever a function does ends with its worker: a crash, a leak, a loop, a thousand processes.
//! [`syntax`] reads what files say about functions, without running any of it.

mod answer;
mod call;
mod environment;
mod handover;
mod isolation;
mod pool;
mod settings;
pub mod syntax;

pub use answer::{Answer, Output, Timings};
pub use call::{Argument, ArgumentValue, Call, Declared, Expected, Form, Level, Limits, LogLine, Stream};
pub use environment::{Environment, Environments, Lock, LockFile, Requirements};
pub use handover::{Batches, Handover, Sealed, normal_schema};
pub use pool::{Pool, Udf};
pub use settings::PoolSettings;
