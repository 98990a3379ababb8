//! A run: from a head of a branch to the next, or to nothing at all.
//!
//! The life of a run: it opens a tree on the target's head (`attempt`), loads sources (`load`), checks every model
//! that is to run before the first one runs (`check`), computes models (`model`, `incremental`, `upsert`), volatile views once
//! for all who read them (`frozen`, rule R10), functions in worker processes (`python_model`, `functions`), adds up the rows
//! that it writes as their readers see them (`projections`, rule R4), tests the tree (`tests`) and publishes it in one swap
//! (`publish`, rule R1). Each finished node is committed under
//! `refs/runs/<id>` with its key (`keys`, rule R3), so a killed run's work is found again by its keys (rule R2).

mod arrivals;
mod attempt;
mod check;
mod contract;
mod expiry;
mod frozen;
mod function_lineage;
mod functions;
mod incremental;
mod inputs;
mod keys;
mod known_plans;
mod lineage;
mod load;
mod load_file;
mod log;
mod model;
mod new_columns;
mod plan;
mod plan_key;
mod preview;
mod project_files;
mod projections;
mod publish;
mod python_inputs;
mod python_model;
mod python_preview;
mod rejects;
mod report;
mod runner;
mod sql_functions;
mod tests;
mod upsert;
mod write;

pub use check::{Checked, Given, check_models};
pub use expiry::{expired_runs, sweep_runs};
pub use functions::{FunctionSettings, Functions};
pub use inputs::Input;
pub(crate) use keys::Recipe;
pub use known_plans::KnownPlans;
pub use lineage::{Column, Lineage, Link};
pub use log::{new_run_id, run_ref, shown_status};
pub use model::is_modified;
pub use plan::{Action, Past, PlannedNode};
pub use preview::LoadPreview;
pub use python_preview::FunctionCall;
pub use report::{NodeReport, RunReport, RunStatus, TestReport};
pub use runner::{BeforePublish, KEEP_RUNS, RunOptions, Runner, Start};
pub use write::{Meter, RowWriter, Written, write_query};
pub(crate) use write::{all_rows, sorted};
