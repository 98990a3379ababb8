//! One file for each verb. A verb gets the [`Context`] and its own arguments, writes its result, and returns.
//!
//! Adding a verb: a variant in `arguments`, a file here with `run`, a line in [`run`].

mod answer;
mod branch;
mod check;
mod checkout;
mod clean;
mod compile;
mod completions;
mod diff;
mod doctor;
mod explain;
mod gc;
mod infer;
mod init;
mod lineage;
mod list;
mod load;
mod log;
mod maintain;
mod merge;
mod orphans;
mod plan;
mod query;
mod rerun;
mod revert;
mod run;
mod select;
mod show;
mod table;
mod tag;

use std::io::IsTerminal;

use bywash_core::Result;

use crate::arguments::Command;
use crate::context::Context;
use crate::interrupt::stop_on_ctrl_c;

/// Does what was asked for.
///
/// # Errors
/// Those of the verb.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    let is_shell = matches!(&command, Command::Query(arguments) if arguments.sql.is_none());
    if is_shell && std::io::stdin().is_terminal() {
        // There Ctrl-C stops a line or a statement.
        return dispatch(context, command).await;
    }
    Box::pin(stop_on_ctrl_c(dispatch(context, command))).await
}

async fn dispatch(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Init(arguments) => init::run(context, arguments).await,
        Command::Run(arguments) => run::run(context, arguments).await,
        Command::Check(arguments) => check::run(context, arguments).await,
        Command::Plan(arguments) => plan::run(context, arguments).await,
        Command::Lineage(arguments) => lineage::run(context, arguments).await,
        Command::Query(arguments) => query::run(context, arguments).await,
        Command::Show(arguments) => show::run(context, arguments).await,
        Command::Compile(arguments) => compile::run(context, arguments).await,
        Command::Infer(arguments) => infer::run(context, arguments).await,
        Command::Ls(arguments) => list::run(context, arguments).await,
        Command::Load(arguments) => load::run(context, arguments).await,
        Command::Branch(command) => branch::run(context, command).await,
        Command::Checkout(arguments) => checkout::run(context, arguments).await,
        Command::Merge(arguments) => merge::run(context, arguments).await,
        Command::Diff(arguments) => diff::run(context, arguments).await,
        Command::Log(arguments) => log::run(context, arguments).await,
        Command::Tag(command) => tag::run(context, command).await,
        Command::Rerun(arguments) => rerun::run(context, arguments).await,
        Command::Revert(arguments) => revert::run(context, arguments).await,
        Command::Table(command) => table::run(context, command).await,
        Command::Gc(arguments) => gc::run(context, arguments).await,
        Command::Doctor(arguments) => doctor::run(context, arguments).await,
        Command::Clean(arguments) => clean::run(context, arguments).await,
        Command::Explain(arguments) => explain::run(context, arguments).await,
        Command::Completions(arguments) => completions::run(context, arguments).await,
    }
}
