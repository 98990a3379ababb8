//! What differs from run to run, replaced by a word: folders, times, sizes, ids.

use std::path::Path;

use regex::Regex;

/// Replacements, applied in order.
#[derive(Clone, Debug)]
pub struct Filters(Vec<(Regex, String)>);

impl Filters {
    /// Those that every test wants. `folder` is shown as `[DIR]`.
    #[must_use]
    pub fn usual(folder: &Path) -> Self {
        let mut filters = Self(Vec::new());
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        for path in [folder, &real] {
            filters = filters.and(&regex::escape(&path.display().to_string()), "[DIR]");
        }
        filters
            .and(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "[TIME]")
            .and(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[UUID]")
            .and(r"\b[0-9a-f]{32}\b", "[ID]")
            .and(r"\b[0-9a-f]{12}\b", "[ID]")
            .and(r"\d+ m \d+ s\b|\d+(\.\d+)? m?s\b", "[DURATION]")
            .and(r"\d+(\.\d+)? (B|kB|MB|GB|TB)\b", "[SIZE]")
    }

    /// One more: a regular expression, and what stands in its place.
    ///
    /// # Panics
    /// The expression is not valid.
    #[must_use]
    pub fn and(mut self, pattern: &str, replacement: &str) -> Self {
        let pattern = Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        self.0.push((pattern, replacement.to_owned()));
        self
    }

    /// The text with everything replaced.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (pattern, replacement)| {
            pattern.replace_all(&text, replacement.as_str()).into_owned()
        })
    }
}
