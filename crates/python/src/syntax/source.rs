//! A file of Python and the places in it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bywash_core::{Code, Error, Place};

use super::tree::Wrong;

/// A file: its path relative to the project, and its text.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: PathBuf,
    text: Arc<str>,
}

impl Source {
    pub(crate) fn new(path: &Path, text: &Arc<str>) -> Self {
        Self { path: path.to_owned(), text: Arc::clone(text) }
    }

    /// A stretch of bytes of the file, cut at the end of its first line.
    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.floor_char_boundary(span.end.max(start));
        let (before, covered) = (&self.text[..start], &self.text[start..end]);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u64 + 1;
        let length = covered.lines().next().unwrap_or_default().chars().count() as u64;
        Place::span(&self.path, Arc::clone(&self.text), line, column, length)
    }

    /// Something here that cannot be read without running it, or that means nothing.
    pub(crate) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> Error {
        Error::new(Code::InvalidPython, message).at(self.place(span))
    }

    /// What is no Python.
    pub(crate) fn syntax_error(&self, wrong: &Wrong) -> Error {
        self.error(&wrong.span, format!("not Python: {}", wrong.message))
    }
}
