//! The values that make a column of numbers or times one of texts, so that a person can be told which they are.
//!
//! A column that begins with texts is meant as text and none is noted; one that begins with numbers and then has a
//! word is worth a warning, and so is one whose only texts are `NA` and their like.

use super::kinds::Kinds;

/// A value with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oddity {
    /// The file, or the member of an archive; empty within a chunk.
    pub(crate) shown: String,
    /// The line: from 0 within a chunk, from 1 within a file.
    pub(crate) line: u64,
    /// A piece of the value.
    pub(crate) value: String,
    /// Whether numbers or times stood before it.
    pub(crate) after_typed: bool,
}

/// The first text of a column, and the first that likely stands for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Oddities {
    word: Option<Oddity>,
    placeholder: Option<Oddity>,
}

impl Oddities {
    /// Whether the first value of these kinds is still to be noted.
    pub(crate) fn wants(&self, kinds: Kinds) -> bool {
        (self.word.is_none() && kinds.is_word()) || (self.placeholder.is_none() && kinds.is_placeholder())
    }

    /// Notes a value of these kinds, unless there was one before.
    pub(crate) fn note(&mut self, kinds: Kinds, oddity: Oddity) {
        let place = if kinds.is_word() { &mut self.word } else { &mut self.placeholder };
        place.get_or_insert(oddity);
    }

    /// Adds those of the next chunk, which is of `shown` and begins behind `base` lines, to what was `known` before.
    pub(crate) fn join(&mut self, next: Self, known: Kinds, shown: &str, base: u64) {
        let placed = |oddity: Oddity| Oddity {
            shown: shown.to_owned(),
            line: base + oddity.line + 1,
            after_typed: oddity.after_typed || known.is_typed(),
            ..oddity
        };
        self.word = self.word.take().or_else(|| next.word.map(placed));
        self.placeholder = self.placeholder.take().or_else(|| next.placeholder.map(placed));
    }

    /// Why a column with these kinds of values became text, if it was not meant as one.
    pub(crate) fn reason(&self, name: &str, kinds: Kinds) -> Option<String> {
        if !kinds.is_typed() {
            return None;
        }
        if kinds.is_word() {
            let Oddity { shown, line, value, .. } = self.word.as_ref().filter(|word| word.after_typed)?;
            return Some(format!(
                "column `{name}` is read as text because of `{value}` at {shown}:{line}; for another type correct \
                 the value, or declare the type and set such rows aside: `on_error: quarantine`"
            ));
        }
        let Oddity { shown, line, value, .. } = self.placeholder.as_ref()?;
        Some(format!(
            "column `{name}` is read as text because of `{value}` at {shown}:{line}; if that means null, say so in \
             the source: `null_values: [\"\", \"{value}\"]`"
        ))
    }
}
