//! Functions run by real interpreters: what they get, what they may return, how they fail, what is left of them.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as loudly as tests")]

mod environments;
mod failures;
mod isolation;
mod project;
mod rows;

use project::Project;
