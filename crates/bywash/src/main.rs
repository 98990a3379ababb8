//! The program: read the words, do what they ask, tell what went wrong.
//!
//! Exit codes: 0 for success (also when the reader of a pipe went away), 1 for failure, 2 for wrong usage, 130 after
//! Ctrl-C.

use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use bywash_cli::arguments::{Arguments, Parsed, color_choice, parse, wants_json};
use bywash_cli::context::{Context, Verbosity};
use bywash_cli::render::error::{ErrorStyle, render};
use bywash_cli::render::style::Paint;
use bywash_cli::render::terminal::Terminal;
use bywash_cli::{commands, interrupt, panics};
use bywash_core::{Code, Error, Kind, Result};
use bywash_lake::storage::settle_uploads;
use bywash_lake::store::close_catalogs;
use clap::builder::StyledStr;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long threads that still work may take to end after the command has; what they do is not published.
const PATIENCE: Duration = Duration::from_secs(1);
/// Plans of deep queries recurse.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let terminal = Terminal::detect(color_choice(&words));
    let json = wants_json(&words);
    let style = ErrorStyle { paint: terminal.stderr_paint, verbosity: Verbosity::Normal, json };
    panics::install(style);
    match parse(words) {
        Ok(Parsed::Arguments(arguments)) => {
            catch_unwind(AssertUnwindSafe(|| work(*arguments, style))).unwrap_or(ExitCode::FAILURE)
        }
        Ok(Parsed::Print(text)) => {
            // A reader that went away has read enough.
            let _ = write!(std::io::stdout().lock(), "{}", shown(&text, terminal.stdout_paint));
            ExitCode::SUCCESS
        }
        Ok(Parsed::Nothing(text)) => {
            let _ = write!(std::io::stderr().lock(), "{}", shown(&text, terminal.stderr_paint));
            ExitCode::from(2)
        }
        Err(error) => fail(&error, style),
    }
}

/// Runs a verb and makes its result an exit code.
fn work(arguments: Arguments, style: ErrorStyle) -> ExitCode {
    let context = Context::new(&arguments.common);
    let style = ErrorStyle { verbosity: context.verbosity, ..style };
    interrupt::install(style);
    let runtime = match enter(&context).and_then(|()| threads()) {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, style),
    };
    let exit = match runtime.block_on(commands::run(&context, arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if context.stdout.closed() => ExitCode::SUCCESS,
        Err(error) if error.code() == Code::Cancelled => {
            interrupt::tell(&error);
            ExitCode::from(interrupt::INTERRUPTED)
        }
        Err(error) => fail(&error, style),
    };
    // Work that was stopped may still hold a connection; then the log of the catalog is tidied up by the next command.
    // Parts of uploads that stay belong to no file.
    let ending = async { tokio::join!(close_catalogs(), settle_uploads()) };
    let _ = runtime.block_on(async { tokio::time::timeout(PATIENCE, ending).await });
    runtime.shutdown_timeout(PATIENCE);
    exit
}

/// `-C DIR` must be a folder; it travels in the context.
fn enter(context: &Context) -> Result<()> {
    std::fs::read_dir(&context.folder).map(drop).map_err(|error| Error::io("enter", &context.folder, &error))
}

fn threads() -> Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(|error| Error::bug("cannot start threads").caused_by(error))
}

fn shown(text: &StyledStr, paint: Paint) -> String {
    if paint.on { text.ansi().to_string() } else { text.to_string() }
}

fn fail(error: &Error, style: ErrorStyle) -> ExitCode {
    // There is nobody else to tell.
    let _ = std::io::stderr().lock().write_all(render(error, style).as_bytes());
    if error.kind() == Kind::Usage { ExitCode::from(2) } else { ExitCode::FAILURE }
}
