//! What is wrong with one record: an error for the one who stops at it, a reject for the one who goes on.

use std::sync::Arc;

use bywash_core::{Code, Error, Place};

use super::columns::Unfit;
use super::limits::RAW_BYTES_MAX;
use super::text::Chunk;

/// How much of a value a message shows.
const PIECE_CHARACTERS_MAX: usize = 40;

/// A record that could not be read, kept with its place and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file, or the member of an archive.
    pub file: String,
    /// The line on which the record begins, from 1.
    pub line: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// What is wrong, as the error would have said.
    pub reason: String,
    /// The record as it stands in the file, cut at 64 kB; bytes that are no text are shown as U+FFFD.
    pub raw: String,
}

/// What is wrong with a record of a chunk. Lines count from 0 at the start of the chunk until it is placed.
#[derive(Clone, Debug)]
pub(crate) struct Flaw {
    pub(crate) code: Code,
    pub(crate) reason: String,
    pub(crate) hint: Option<String>,
    pub(crate) column: Option<Arc<str>>,
    /// Where in the chunk it shows.
    pub(crate) at: usize,
}

impl Flaw {
    pub(crate) fn new(code: Code, at: usize, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into(), hint: None, column: None, at }
    }

    /// A value that does not fit its column.
    pub(crate) fn unfit(at: usize, column: &Arc<str>, unfit: Unfit) -> Self {
        let flaw = Self::new(Code::InvalidValue, at, unfit.reason).hint(unfit.hint);
        Self { column: Some(Arc::clone(column)), ..flaw }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(crate) fn in_column(mut self, column: &Arc<str>) -> Self {
        self.column.get_or_insert_with(|| Arc::clone(column));
        self
    }

    /// The reason with the column's name before it.
    fn sentence(&self) -> String {
        match &self.column {
            Some(column) => format!("column `{column}`: {}", self.reason),
            None => self.reason.clone(),
        }
    }

    /// The error, at its line and, where known, its column in characters.
    pub(crate) fn into_error(self, file: &str, line: u64, character: Option<u64>) -> Error {
        let place = Place { column: character, ..Place::line(file, line) };
        Error::new(self.code, self.sentence()).at(place).maybe_hint(self.hint)
    }

    /// The reject, for a record that begins on `line`.
    pub(crate) fn into_reject(self, file: &str, line: u64, raw: &[u8]) -> Reject {
        Reject {
            file: file.to_owned(),
            line,
            column: self.column.as_deref().map(str::to_owned),
            reason: self.reason,
            raw: String::from_utf8_lossy(cut(raw)).into_owned(),
        }
    }
}

/// The flaw of a byte of a chunk that is no letter in UTF-8.
pub(crate) fn no_letter_in(chunk: &Chunk, at: usize) -> Flaw {
    no_letter(chunk.bytes()[at], chunk.offset + at as u64, at)
}

/// The flaw of a byte that is no letter in UTF-8.
pub(crate) fn no_letter(byte: u8, offset: u64, at: usize) -> Flaw {
    Flaw::new(Code::InvalidEncoding, at, format!("the byte 0x{byte:02x} at offset {offset} is no letter in UTF-8"))
        .hint("name the file's encoding in the source, such as `encoding: latin1`")
}

/// At most 64 kB of a record, not ending inside a letter.
fn cut(raw: &[u8]) -> &[u8] {
    let mut end = raw.len().min(RAW_BYTES_MAX);
    if end < raw.len() {
        while end > 0 && raw[end] & 0xc0 == 0x80 {
            end -= 1;
        }
    }
    &raw[..end]
}

/// A piece of a value for a message: short, on one line.
pub(crate) fn piece(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(&value[..value.len().min(4 * PIECE_CHARACTERS_MAX)]);
    let mut shown: String = text.chars().take(PIECE_CHARACTERS_MAX).flat_map(visible).collect();
    if text.chars().nth(PIECE_CHARACTERS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

fn visible(letter: char) -> Vec<char> {
    if letter.is_control() { letter.escape_default().collect() } else { vec![letter] }
}
