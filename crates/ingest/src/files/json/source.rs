//! The chunks of JSON files: lines cut at line ends, documents cut between rows.
//!
//! A document is held in memory as a whole, because where its rows end is known only by reading it; what is too
//! large for that is written as JSON lines.

use std::sync::Arc;

use bywash_core::{Code, Error, Place, Result, format_bytes};
use encoding_rs::Encoding;

use super::super::find::FoundFile;
use super::super::flaw::{Flaw, no_letter_in};
use super::super::format::Format;
use super::super::limits::{CHUNK_BYTES, IN_MEMORY_BYTES_MAX, RECORD_BYTES_MAX, read_bytes};
use super::super::options::ReadOptions;
use super::super::raw::{Decoded, Parts, encoding_of};
use super::super::text::{Chunk, Layout, Source, Text, TextPart};
use super::document::Elements;

/// The chunks of one file.
pub(crate) struct JsonSource {
    format: Format,
    encoding: &'static Encoding,
    records_path: Option<String>,
    parts: Parts,
    current: Option<Open>,
    head_bytes: Option<usize>,
    cut: bool,
}

enum Open {
    Lines(Box<Lines>),
    Document(Document),
}

/// A part with a row a line.
struct Lines {
    text: Decoded,
    part: Arc<TextPart>,
    waiting: Vec<u8>,
    offset: u64,
    line: u64,
    ended: bool,
}

/// A part that is a document, read as a whole.
struct Document {
    text: Arc<Vec<u8>>,
    part: Arc<TextPart>,
    elements: Elements,
    mark_bytes: u64,
}

impl JsonSource {
    /// The chunks of `file`; only of its beginning where `head_bytes` is given.
    pub(crate) fn new(
        file: &FoundFile,
        format: Format,
        options: &ReadOptions,
        head_bytes: Option<usize>,
    ) -> Result<Self> {
        let parts = Parts::of(file, format, options.max_expansion_ratio)?;
        let (encoding, records_path) = (encoding_of(&options.encoding)?, options.records_path.clone());
        Ok(Self { format, encoding, records_path, parts, current: None, head_bytes, cut: false })
    }

    fn open(&self, text: Decoded) -> Result<Open> {
        if self.format == Format::JsonLines {
            let part = Arc::new(TextPart { shown: text.shown().to_owned(), layout: Layout::JsonLines });
            let offset = text.mark_bytes();
            let lines = Lines { text, part, waiting: Vec::new(), offset, line: 0, ended: false };
            return Ok(Open::Lines(Box::new(lines)));
        }
        let part = Arc::new(TextPart { shown: text.shown().to_owned(), layout: Layout::JsonValues });
        let mark_bytes = text.mark_bytes();
        let text = Arc::new(read_whole(text)?);
        let document = |elements| Document { text: Arc::clone(&text), part: Arc::clone(&part), elements, mark_bytes };
        let nothing = document(Elements::none());
        if let Err(error) = simdutf8::compat::from_utf8(&text) {
            return Err(nothing.placed(no_letter_in(&nothing.chunk(0..text.len()), error.valid_up_to())));
        }
        match Elements::find(&text, self.records_path.as_deref()) {
            Ok(elements) => Ok(Open::Document(document(elements))),
            Err(flaw) => Err(nothing.placed(flaw)),
        }
    }
}

fn read_whole(mut text: Decoded) -> Result<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let bytes = CHUNK_BYTES.max(whole.len());
        if !text.append(&mut whole, bytes)? {
            return Ok(whole);
        }
        if whole.len() > IN_MEMORY_BYTES_MAX {
            let limit = format_bytes(IN_MEMORY_BYTES_MAX as u64);
            let message = format!("the document `{}` is larger than {limit}", text.shown());
            return Err(Error::new(Code::UnreadableFile, message).at(Place::file(text.shown())).hint(
                "write its rows as JSON lines; if they already are, say so in the source: `format: json_lines`",
            ));
        }
    }
}

impl Open {
    /// Whether there are rows behind those given; a document that seems to have none may have blanks.
    fn has_more(&self) -> bool {
        match self {
            Self::Lines(lines) => !lines.ended || !lines.waiting.is_empty(),
            Self::Document(document) => !document.elements.ended(),
        }
    }
}

impl Lines {
    fn chunk(&mut self) -> Result<Option<Chunk>> {
        while !self.ended {
            let bytes = read_bytes(self.waiting.len());
            self.ended = !self.text.append(&mut self.waiting, bytes)?;
            if self.ended {
                break;
            }
            if let Some(last) = memchr::memrchr(b'\n', &self.waiting) {
                let mut next = Vec::with_capacity(self.waiting.len() - last + CHUNK_BYTES);
                next.extend_from_slice(&self.waiting[last + 1..]);
                self.waiting.truncate(last + 1);
                let whole = std::mem::replace(&mut self.waiting, next);
                return Ok(Some(self.give(whole)));
            }
            if self.waiting.len() > RECORD_BYTES_MAX {
                let limit = format_bytes(RECORD_BYTES_MAX as u64);
                return Err(Error::new(Code::UnreadableFile, format!("a line is longer than {limit}"))
                    .at(Place::line(&self.part.shown, self.line + 1))
                    .hint("if the file is one document, say so in the source: `format: json`"));
            }
        }
        let mut rest = std::mem::take(&mut self.waiting);
        if rest.last().is_some_and(|last| *last != b'\n') {
            rest.push(b'\n');
        }
        Ok((!rest.is_empty()).then(|| self.give(rest)))
    }

    fn give(&mut self, text: Vec<u8>) -> Chunk {
        let offset = self.offset;
        self.offset += text.len() as u64;
        self.line += memchr::memchr_iter(b'\n', &text).count() as u64;
        Chunk { part: Arc::clone(&self.part), text: Text::Own(text), lines_before: 0, offset }
    }
}

impl Document {
    fn next(&mut self) -> Result<Option<Chunk>> {
        let range = match self.elements.next(&self.text, CHUNK_BYTES) {
            Ok(range) => range,
            Err(flaw) => return Err(self.placed(flaw)),
        };
        Ok(range.map(|range| self.chunk(range)))
    }

    fn chunk(&self, range: std::ops::Range<usize>) -> Chunk {
        let offset = self.mark_bytes + range.start as u64;
        let text = Text::Shared(Arc::clone(&self.text), range);
        Chunk { part: Arc::clone(&self.part), text, lines_before: 0, offset }
    }

    /// The error for what is wrong with the document as a whole.
    fn placed(&self, flaw: Flaw) -> Error {
        let whole = self.chunk(0..self.text.len());
        let (line, character) = (whole.line_at(flaw.at) + 1, whole.character_at(flaw.at) + 1);
        flaw.into_error(&self.part.shown, line, Some(character))
    }
}

impl Source for JsonSource {
    fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            let chunk = match &mut self.current {
                Some(Open::Lines(lines)) => lines.chunk()?,
                Some(Open::Document(document)) => document.next()?,
                None => None,
            };
            if let Some(chunk) = chunk {
                let end = chunk.offset + chunk.bytes().len() as u64;
                if self.head_bytes.is_some_and(|head_bytes| end >= head_bytes as u64) {
                    self.cut |= self.current.as_ref().is_some_and(Open::has_more);
                    self.current = None;
                }
                return Ok(Some(chunk));
            }
            let Some(bytes) = self.parts.next()? else { return Ok(None) };
            self.current = Some(self.open(Decoded::new(bytes, self.encoding)?)?);
        }
    }

    fn was_cut(&self) -> bool {
        self.cut
    }
}
