//! The shell of `bywash query`: statements over several lines until `;`, commands that begin with a dot, history and
//! completion. An error is shown and the shell goes on; Ctrl-C stops the line or the statement, Ctrl-D leaves.
//!
//! What runs the SQL stands behind [`SqlRunner`]; the shell knows words and lines only.

mod completion;
mod dot_command;
mod editor;
mod runner;
mod script;
mod session;
mod statements;

pub use runner::{Answer, KnownTable, SqlRunner};
pub use script::run_script;
pub use session::run_shell;
