//! An error as a person reads it: every problem with its code, places and hints, and a count when there are several.

use std::fmt::{self, Write};
use std::path::Path;

use bywash_core::{Code, Error, Place};

use super::style::{Paint, Style};
use super::text;
use super::{error_json, frame};
use crate::context::Verbosity;

/// How an error is printed.
#[derive(Clone, Copy, Debug)]
pub struct ErrorStyle {
    /// Colours.
    pub paint: Paint,
    /// `Verbose` adds what libraries said.
    pub verbosity: Verbosity,
    /// One JSON object on a line of its own follows, for programs.
    pub json: bool,
}

/// The whole text of an error, ending with a line end.
#[must_use]
pub fn render(error: &Error, style: ErrorStyle) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut out, error, style);
    if style.json {
        out.push_str(&error_json::render(error));
        out.push('\n');
    }
    out
}

fn write_all(out: &mut impl Write, error: &Error, style: ErrorStyle) -> fmt::Result {
    let problems = error.each();
    for (index, problem) in problems.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_one(out, problem, style)?;
    }
    if problems.len() > 1 {
        writeln!(out, "\n{}", style.paint.text(Style::Strong, format_args!("{} problems", problems.len())))?;
    }
    if let Some(code) = problems.iter().map(|problem| problem.code()).find(|code| has_more_to_say(*code)) {
        writeln!(out, "{}", style.paint.text(Style::Faint, format_args!("for more: bywash explain {code}")))?;
    }
    Ok(())
}

fn write_one(out: &mut impl Write, problem: &Error, style: ErrorStyle) -> fmt::Result {
    let title = style.paint.text(Style::Error, format!("error[{}]", problem.code()));
    writeln!(out, "{title}: {}", text::many_lines(problem.message()))?;
    for place in problem.places() {
        frame::write(out, &relative(place), style.paint)?;
    }
    if let Some(cause) = problem.cause().filter(|_| style.verbosity == Verbosity::Verbose) {
        writeln!(out, "{} {}", style.paint.text(Style::Faint, "cause:"), text::many_lines(cause))?;
    }
    for hint in problem.hints() {
        writeln!(out, "{} {}", style.paint.text(Style::Hint, "hint:"), text::many_lines(hint))?;
    }
    Ok(())
}

/// The place with its path as seen from the current folder, which is shorter and can be clicked.
fn relative(place: &Place) -> Place {
    let here = std::env::current_dir().unwrap_or_default();
    let path = place.path.strip_prefix(&here).unwrap_or(&place.path);
    let path = if path == Path::new("") { place.path.as_path() } else { path };
    Place { path: path.to_owned(), ..place.clone() }
}

/// Usage errors name the help already, and nobody wants a page about Ctrl-C.
const fn has_more_to_say(code: Code) -> bool {
    !matches!(code, Code::WrongUsage | Code::UnknownCode | Code::Cancelled | Code::Bug)
}
