//! Functions run by real interpreters: what they get, what they may return, how they fail, what is left of them.

mod environments;
mod failures;
mod isolation;
mod project;
mod rows;

use project::Project;
