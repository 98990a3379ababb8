//! A text file of the project and the places in it.
//!
//! Every value read from a file remembers its [`Span`]; a [`Document`] turns it into the [`Place`] that an error
//! shows. Paths are relative to the project's root, so that messages are the same on every machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bywash_core::Place;

/// A stretch of characters on one line; lines and columns count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// How many characters, at least 1.
    pub length: usize,
}

impl Span {
    /// The span of these bytes of a text, cut at the end of its first line.
    #[must_use]
    pub fn of_bytes(text: &str, bytes: std::ops::Range<usize>) -> Self {
        let start = text.floor_char_boundary(bytes.start);
        let (before, after) = text.split_at(start);
        let (covered, _) = after.split_at(after.floor_char_boundary(bytes.end.saturating_sub(start)));
        let line_before = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line_before.chars().count() + 1,
            length: covered.lines().next().unwrap_or_default().chars().count().max(1),
        }
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub span: Span,
}

/// A text file: its path relative to the project's root, and its text.
#[derive(Clone, Debug)]
pub struct Document {
    path: PathBuf,
    text: Arc<str>,
}

impl Document {
    /// A file that has been read.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), text: text.into() }
    }

    /// Its path, relative to the project's root.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// A stretch of it.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let (line, column, length) = (span.line as u64, span.column as u64, span.length as u64);
        Place::span(&self.path, Arc::clone(&self.text), line, column, length)
    }

    /// The file as a whole.
    #[must_use]
    pub fn whole(&self) -> Place {
        Place::file(&self.path)
    }
}
