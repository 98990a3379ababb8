//! The binary as its users meet it: words in, exit code, standard output and standard error out.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as loudly as tests")]

mod alter;
mod bad_input;
mod check;
mod concurrent;
mod crash;
mod diff;
mod error_pages;
mod errors;
mod explain;
mod gc;
mod gc_beside_writers;
mod help;
mod init;
mod interrupt;
mod killing;
mod known_plans;
mod lineage;
mod load;
mod maintenance;
mod moving;
mod orphans;
mod output;
mod panics;
mod plan;
mod progress;
mod python;
mod python_incremental;
mod python_sql;
mod reference;
mod remote;
mod rerun;
mod resolving;
mod reuse;
mod row_changes;
mod rules;
mod settings;
mod shell;
mod shop;
mod team;
mod torture;
mod usage;
mod words;

use bywash_testkit::Sandbox;

/// A new folder with the binary under test.
fn sandbox() -> Sandbox {
    Sandbox::new(env!("CARGO_BIN_EXE_bywash"))
}
