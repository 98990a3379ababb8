//! Front matter: YAML inside the comments at the top of an SQL file, between two lines `-- ---`.
//!
//! The YAML is read from a copy of the file in which everything else is blank, so that every place that the parser
//! reports is a place of the SQL file itself.

use bywash_core::{Code, Error, Result};

use super::document::{Document, Span};
use super::tree::Node;
use super::yaml;

const FENCE: &str = "---";

/// Reads the front matter of an SQL file; `None` if it has none.
///
/// # Errors
/// Front matter that is not closed, has a line that is no comment, or holds broken YAML.
pub fn parse(document: &Document) -> Result<Option<Node>> {
    match blanked(document)? {
        Some(text) => yaml::parse(document, &text, Code::InvalidFrontMatter),
        None => Ok(None),
    }
}

/// What follows the front matter, or the whole text of a file that has none.
#[must_use]
pub fn body(text: &str) -> &str {
    let is_fence = |line: &str| line.trim_start().strip_prefix("--").is_some_and(|comment| comment.trim() == FENCE);
    let mut fences = 0;
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        if is_fence(line) {
            fences += 1;
        } else if fences == 0 && !line.trim_start().starts_with("--") && !line.trim().is_empty() {
            return text;
        }
        if fences == 2 {
            return text.get(end..).unwrap_or_default();
        }
    }
    text
}

/// The front matter with its comment signs, and what stands before it, replaced by blanks.
fn blanked(document: &Document) -> Result<Option<String>> {
    let text = document.text();
    let mut yaml = String::new();
    let mut opened = None;
    for (number, line) in text.lines().enumerate() {
        let comment = line.trim_start().strip_prefix("--");
        let is_fence = comment.is_some_and(|comment| comment.trim() == FENCE);
        match (opened, comment) {
            (None, _) if is_fence => {
                opened = Some(number);
                yaml.push('\n');
            }
            (None, Some(_)) => yaml.push('\n'),
            (None, None) if line.trim().is_empty() => yaml.push('\n'),
            (None, None) => return Ok(None),
            (Some(_), _) if is_fence => return Ok(Some(yaml)),
            (Some(_), Some(comment)) => {
                yaml.extend(std::iter::repeat_n(' ', line.chars().count() - comment.chars().count()));
                yaml.push_str(comment);
                yaml.push('\n');
            }
            (Some(_), None) if line.trim().is_empty() => yaml.push('\n'),
            (Some(opened), None) => return Err(unclosed(document, opened)),
        }
    }
    opened.map_or(Ok(None), |opened| Err(unclosed(document, opened)))
}

fn unclosed(document: &Document, opened: usize) -> Error {
    let span = Span { line: opened + 1, column: 1, length: 6 };
    Error::new(Code::InvalidFrontMatter, "front matter begins here and does not end")
        .at(document.place(span))
        .hint("end it with a line `-- ---`, and begin every line of it with `--`")
}
