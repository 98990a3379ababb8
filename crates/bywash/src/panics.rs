//! A panic is a bug of ours: it is told in one clear sentence with a place in our code, never as a backtrace unless
//! asked for.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

use bywash_core::{Code, Error, is_guarded};

use crate::render::error::{ErrorStyle, render};

/// Tells every panic of this process this way from now on, but for those that are a damaged file's fault.
pub fn install(style: ErrorStyle) {
    std::panic::set_hook(Box::new(move |panic| {
        if is_guarded() {
            tracing::debug!("a parser gave up: {}", explain(panic).message());
            return;
        }
        let mut text = render(&explain(panic), style);
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            text.push_str(&backtrace.to_string());
        }
        // There is nobody else to tell.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }));
}

fn explain(panic: &PanicHookInfo<'_>) -> Error {
    let said = panic.payload_as_str().unwrap_or("no reason was given");
    let place =
        panic.location().map(|place| format!(" ({}:{})", short(place.file()), place.line())).unwrap_or_default();
    Error::new(Code::Bug, format!("Bywash stopped in the middle of its work: {said}{place}"))
        .hint(
            "this is a bug in Bywash, not in your project: please report it with this line, the command you ran \
             and what `bywash --version` prints",
        )
        .hint("`RUST_BACKTRACE=1` before the command shows where it happened")
}

/// The file inside the repository or the package, without the folders of the machine that built it.
fn short(file: &str) -> &str {
    let registry = file.split_once("/registry/src/").and_then(|(_, inside)| inside.split_once('/'));
    registry.map_or(file, |(_, inside)| inside)
}
