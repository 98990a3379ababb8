//! `bywash explain [CODE]`: the page of an error code, or all codes by what their reader does next.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use bywash_core::{Code, Error, Kind, Result, suggestion};

use crate::arguments::ExplainArguments;
use crate::context::Context;
use crate::embedded;

/// Prints the page, or the list.
pub async fn run(context: &Context, arguments: ExplainArguments) -> Result<()> {
    let text = match arguments.code {
        Some(code) => page(&code)?.to_owned(),
        None => list(),
    };
    let mut stdout = context.stdout.clone();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .map_err(|error| Error::io("write", Path::new("standard output"), &error))?;
    Ok(())
}

/// The page of a code, however it was copied: `unknown-table`, `[unknown-table]`, `error[unknown-table]`.
fn page(typed: &str) -> Result<&'static str> {
    let name = typed.trim().trim_start_matches("error").trim_matches(['[', ']', ':']).to_lowercase();
    let found = Code::parse(&name).and_then(embedded::error_page);
    found.ok_or_else(|| {
        Error::new(Code::UnknownCode, format!("there is no error code `{name}`"))
            .maybe_hint(suggestion(&name, Code::ALL.iter().map(|code| code.as_str())))
            .hint("`bywash explain` lists all codes")
    })
}

fn list() -> String {
    let width = Code::ALL.iter().map(|code| code.as_str().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (kind, advice) in KINDS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{advice}");
        for code in Code::ALL.iter().filter(|code| code.kind() == *kind) {
            let summary = embedded::error_page(*code).and_then(summary).unwrap_or_default();
            let _ = writeln!(text, "  {:<width$}  {summary}", code.as_str());
        }
        text.push('\n');
    }
    text.push_str("bywash explain CODE shows the page of one\n");
    text
}

/// The first sentence behind the title of a page.
fn summary(page: &'static str) -> Option<&'static str> {
    page.lines().skip(1).find(|line| !line.trim().is_empty())
}

const KINDS: &[(Kind, &str)] = &[
    (Kind::Usage, "Correct the command line"),
    (Kind::Project, "Correct a file of the project"),
    (Kind::Data, "Correct the data"),
    (Kind::Conflict, "Look at both sides and choose"),
    (Kind::NotFound, "Name something that exists"),
    (Kind::Refused, "Do it another way"),
    (Kind::Resource, "Give memory, disk, permission or time"),
    (Kind::Corrupt, "Repair the lake"),
    (Kind::Interrupted, "Nothing went wrong"),
    (Kind::Internal, "Report it"),
];
