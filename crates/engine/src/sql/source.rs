//! The text a statement came from, and how the parser's spans become places in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bywash_core::Place;
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

/// A named text. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: Arc<PathBuf>,
    text: Arc<str>,
    /// Where each line begins: every token asks.
    lines: Arc<[usize]>,
    /// Whether a column is as many bytes as characters.
    is_ascii: bool,
}

impl Source {
    pub(crate) fn new(path: impl Into<PathBuf>, text: &str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path: Arc::new(path.into()), text: text.into(), lines, is_ascii: text.is_ascii() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// Where a span stands; the whole text when the parser kept no span.
    pub(crate) fn place(&self, span: Span) -> Place {
        if span.start.line == 0 {
            return self.whole();
        }
        let length =
            if span.end.line == span.start.line { span.end.column.saturating_sub(span.start.column) } else { 1 };
        Place::span(self.path(), Arc::clone(&self.text), span.start.line, span.start.column, length)
    }

    /// The text as a whole.
    pub(crate) fn whole(&self) -> Place {
        Place { text: Some(Arc::clone(&self.text)), ..Place::file(self.path()) }
    }

    /// The place of one point.
    pub(crate) fn point(&self, location: Location) -> Place {
        self.place(Span::new(location, location))
    }

    /// The text of a span.
    pub(crate) fn slice(&self, span: Span) -> &str {
        let (start, end) = (self.offset(span.start), self.offset(span.end));
        self.text.get(start..end).unwrap_or_default()
    }

    /// The place of the first word of the text that equals `word`, ignoring case and comments.
    pub(crate) fn find_word(&self, word: &str) -> Option<Place> {
        self.words(word).into_iter().next()
    }

    /// The place of the last such word: names are given after what they name.
    pub(crate) fn find_last_word(&self, word: &str) -> Option<Place> {
        self.words(word).pop()
    }

    fn words(&self, word: &str) -> Vec<Place> {
        let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
        let wanted: Vec<char> = word.to_lowercase().chars().collect();
        let mut places = Vec::new();
        for (line, text) in self.text.lines().enumerate() {
            let code = text.split("--").next().unwrap_or(text);
            let letters: Vec<char> = code.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
            for (start, window) in letters.windows(wanted.len().max(1)).enumerate() {
                let before = start.checked_sub(1).and_then(|at| letters.get(at)).is_some_and(is_part);
                let after = letters.get(start + wanted.len()).is_some_and(is_part);
                if window == wanted && !before && !after {
                    let (line, column) = (line as u64 + 1, start as u64 + 1);
                    places.push(Place::span(self.path(), Arc::clone(&self.text), line, column, wanted.len() as u64));
                }
            }
        }
        places
    }

    fn offset(&self, location: Location) -> usize {
        let line = usize::try_from(location.line.saturating_sub(1)).unwrap_or(usize::MAX);
        let column = usize::try_from(location.column.saturating_sub(1)).unwrap_or(usize::MAX);
        let start = self.lines.get(line).copied().unwrap_or(self.text.len());
        if self.is_ascii {
            return start.saturating_add(column).min(self.text.len());
        }
        self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
    }
}
