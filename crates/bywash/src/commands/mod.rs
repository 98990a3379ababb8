//! One file for each verb. A verb gets the [`Context`] and its own arguments, writes its result, and returns.
//!
//! Adding a verb: a variant in `arguments`, a file here with `run`, a line in [`run`].

mod completions;
mod explain;
mod init;

use bywash_core::{Code, Error, Result};

use crate::arguments::Command;
use crate::context::Context;
use crate::interrupt::stop_on_ctrl_c;

/// Does what was asked for.
///
/// # Errors
/// Those of the verb.
pub async fn run(context: &Context, command: Command) -> Result<()> {
    stop_on_ctrl_c(dispatch(context, command)).await
}

async fn dispatch(context: &Context, command: Command) -> Result<()> {
    match command {
        Command::Init(arguments) => init::run(context, arguments).await,
        Command::Explain(arguments) => explain::run(context, arguments).await,
        Command::Completions(arguments) => completions::run(context, arguments).await,
        other => Err(Error::new(Code::NotYetSupported, format!("`bywash {}` does not work yet", other.name()))),
    }
}
