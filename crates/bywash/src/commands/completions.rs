//! `bywash completions SHELL`: the script that completes verbs, flags and values.

use std::io::Write;
use std::path::Path;

use bywash_core::{Error, Result};
use clap::CommandFactory;

use crate::arguments::{Arguments, CompletionsArguments};
use crate::context::Context;

/// Prints the script.
pub async fn run(context: &Context, arguments: CompletionsArguments) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "bywash", &mut script);
    let mut stdout = context.stdout.clone();
    stdout
        .write_all(&script)
        .and_then(|()| stdout.flush())
        .map_err(|error| Error::io("write", Path::new("standard output"), &error))
}
