//! Text on its way to the parsers: chunks of whole records, and what becomes of a chunk.
//!
//! A source cuts a part into chunks, so that any thread can parse any chunk without knowing the others. Lines are
//! counted within a chunk and added up where the chunks come together again, in order.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use bywash_core::{Error, Result};

use super::csv::CsvLayout;
use super::flaw::{Flaw, Reject};
use super::reader::Misfit;

/// What is known of the part that a chunk is from.
#[derive(Debug)]
pub(crate) struct TextPart {
    /// The part's name.
    pub(crate) shown: String,
    /// How its records are written.
    pub(crate) layout: Layout,
}

/// How records are written.
#[derive(Debug)]
pub(crate) enum Layout {
    Csv(CsvLayout),
    /// One JSON object a line.
    JsonLines,
    /// JSON values one after another, with blanks or commas between.
    JsonValues,
}

/// A stretch of a part that holds whole records.
pub(crate) struct Chunk {
    pub(crate) part: Arc<TextPart>,
    pub(crate) text: Text,
    /// Lines of the part between the previous chunk and this one, such as the header.
    pub(crate) lines_before: u64,
    /// Where the chunk begins in the part's text.
    pub(crate) offset: u64,
}

/// The text of a chunk.
pub(crate) enum Text {
    /// Its own, ending with a line end.
    Own(Vec<u8>),
    /// A range of a document that is in memory as a whole.
    Shared(Arc<Vec<u8>>, Range<usize>),
}

impl Chunk {
    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.text {
            Text::Own(bytes) => bytes,
            Text::Shared(bytes, range) => &bytes[range.clone()],
        }
    }

    /// The byte that ends a line.
    fn newline(&self) -> u8 {
        match &self.part.layout {
            Layout::Csv(layout) => layout.dialect.newline,
            Layout::JsonLines | Layout::JsonValues => b'\n',
        }
    }

    /// The line of a place, from 0 at the start of the chunk (of the document, for a shared one).
    pub(crate) fn line_at(&self, at: usize) -> u64 {
        memchr::memchr_iter(self.newline(), self.up_to(at)).count() as u64
    }

    /// How many lines end between two places.
    pub(crate) fn lines_between(&self, from: usize, to: usize) -> u64 {
        memchr::memchr_iter(self.newline(), &self.bytes()[from..to]).count() as u64
    }

    /// How many characters stand before a place on its line.
    pub(crate) fn character_at(&self, at: usize) -> u64 {
        let before = self.up_to(at);
        let start = memchr::memrchr(self.newline(), before).map_or(0, |end| end + 1);
        String::from_utf8_lossy(&before[start..]).chars().count() as u64
    }

    /// How many lines end in the chunk; none for a shared one, whose places count from the document's start.
    pub(crate) fn lines(&self) -> u64 {
        match &self.text {
            Text::Own(bytes) => memchr::memchr_iter(self.newline(), bytes).count() as u64,
            Text::Shared(..) => 0,
        }
    }

    fn up_to(&self, at: usize) -> &[u8] {
        match &self.text {
            Text::Own(bytes) => &bytes[..at.min(bytes.len())],
            Text::Shared(bytes, range) => &bytes[..(range.start + at).min(range.end)],
        }
    }
}

/// Where chunks come from, in order.
pub(crate) trait Source: Send {
    /// The next chunk; `None` at the end.
    fn next(&mut self) -> Result<Option<Chunk>>;

    /// What was noticed so far that a person should know.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether there was more than what a look at the beginning gave.
    fn was_cut(&self) -> bool;
}

/// What a chunk became. Lines count from 0 at its start.
pub(crate) struct Parsed {
    pub(crate) part: Arc<TextPart>,
    pub(crate) lines_before: u64,
    pub(crate) lines: u64,
    pub(crate) batch: Option<RecordBatch>,
    pub(crate) rejects: Vec<Reject>,
    /// Values that were cut to microseconds.
    pub(crate) finer: u64,
    pub(crate) stop: Option<Stop>,
}

/// Why a chunk was not parsed to its end.
pub(crate) enum Stop {
    /// A record is wrong, on this line, at this character.
    Flaw(Flaw, u64, u64),
    /// The guessed types do not hold.
    Misfit(Misfit),
    /// Something else.
    Failed(Error),
}
