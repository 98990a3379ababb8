//! The frame around a place: path and position, the line, carets under what is meant, and a label.
//!
//! ```text
//!   --> models/marts/delays.sql:3:6
//!    |
//!  3 | from raw.flihgts
//!    |      ^^^^^^^^^^^ no such table
//! ```

use std::fmt::{self, Write};

use bywash_core::Place;

use super::style::{Paint, Style};
use super::text;

const TAB: &str = "    ";
/// A longer line is shown around its carets only.
const LONGEST_LINE: usize = 160;
const KEPT_BEFORE: usize = 40;

/// Writes one place.
pub fn write(out: &mut impl Write, place: &Place, paint: Paint) -> fmt::Result {
    let shown = text::one_line(&place.to_string()).into_owned();
    let source = place.line.and_then(|line| {
        let text = place.text.as_ref()?.lines().nth(usize::try_from(line.checked_sub(1)?).ok()?)?;
        Some((line, text.to_owned()))
    });
    let margin = source.as_ref().map_or(1, |(line, _)| line.to_string().len());
    let label = place.label.as_deref().map(text::one_line);
    write!(out, "{:margin$}{} {shown}", "", paint.text(Style::Faint, "-->"))?;
    let Some((line, text)) = source else {
        // Without a line to point at, the label stands behind the place.
        let label = label.map(|label| format!(": {label}")).unwrap_or_default();
        return writeln!(out, "{label}");
    };
    let bar = paint.text(Style::Faint, "|");
    writeln!(out, "\n{:margin$} {bar}", "")?;
    let pointed = Pointed::new(&text, place.column, place.length);
    writeln!(out, "{} {bar} {}", paint.text(Style::Faint, line), pointed.line)?;
    match (pointed.carets, label) {
        (Some((start, length)), label) => {
            let carets = "^".repeat(length);
            let label = label.map(|label| format!(" {label}")).unwrap_or_default();
            writeln!(out, "{:margin$} {bar} {:start$}{}", "", "", paint.text(Style::Error, carets + &label))
        }
        (None, Some(label)) => writeln!(out, "{:margin$} {bar} {}", "", paint.text(Style::Error, label)),
        (None, None) => Ok(()),
    }
}

/// A line as it is printed, and where its carets begin and how many there are, in columns of the terminal.
struct Pointed {
    line: String,
    carets: Option<(usize, usize)>,
}

impl Pointed {
    /// `column` counts characters from 1; a column behind the end points just behind the line.
    fn new(source: &str, column: Option<u64>, length: u64) -> Self {
        let letters: Vec<char> = source.trim_end().chars().collect();
        let Some(column) = column else {
            let first: String = letters.iter().collect();
            return Self { line: text::cut(&printed(&first), LONGEST_LINE).into_owned(), carets: None };
        };
        let to_index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let start = to_index(column.saturating_sub(1)).min(letters.len());
        let end = start.saturating_add(to_index(length)).min(letters.len());
        let from = if letters.len() > LONGEST_LINE { start.saturating_sub(KEPT_BEFORE) } else { 0 };
        let until = letters.len().min(from + LONGEST_LINE);
        let piece = |range: std::ops::Range<usize>| printed(&letters[range].iter().collect::<String>());
        let before = if from > 0 { format!("…{}", piece(from..start)) } else { piece(from..start) };
        let meant = piece(start..end.min(until));
        let after = piece(end.min(until)..until);
        let more = if until < letters.len() { "…" } else { "" };
        let carets = (text::width(&before), text::width(&meant).max(1));
        Self { line: format!("{before}{meant}{after}{more}"), carets: Some(carets) }
    }
}

fn printed(source: &str) -> String {
    text::one_line(&source.replace('\t', TAB)).into_owned()
}
