//! The shape of rows, over every record of a chunk.

use std::sync::Arc;

use super::super::columns::numbers::{Real, is_exact, plain_whole, real};
use super::super::flaw::Flaw;
use super::super::ordered::Work;
use super::super::text::{Chunk, Layout, Stop, TextPart};
use super::super::typing::{Kinds, Shape};
use super::cursor::Cursor;
use super::parse::{check_letters, end_of_record, next_record, no_object};

/// Looks at the chunks of JSON files.
#[derive(Clone)]
pub(crate) struct JsonInfer {
    quarantine: bool,
    /// Top-level keys whose type is declared, so that what is in them does not matter.
    declared: Arc<[String]>,
}

/// What was seen in a chunk.
pub(crate) struct JsonFound {
    pub(crate) part: Arc<TextPart>,
    pub(crate) lines_before: u64,
    pub(crate) lines: u64,
    pub(crate) shape: Shape,
    pub(crate) stop: Option<Stop>,
}

impl JsonInfer {
    /// Looks at everything but what is declared.
    pub(crate) fn new(declared: Arc<[String]>, quarantine: bool) -> Self {
        Self { quarantine, declared }
    }

    fn look(&self, chunk: &Chunk, lines: bool, shape: &mut Shape) -> Option<Stop> {
        let text = chunk.bytes();
        let sound = !lines || simdutf8::basic::from_utf8(text).is_ok();
        let mut at = 0;
        while let Some((start, end)) = next_record(text, at, lines) {
            at = end;
            let mut cursor = Cursor::new(&text[..end], start);
            let mut read = if sound { Ok(()) } else { check_letters(chunk, start, end) };
            if self.quarantine && read.is_ok() {
                // A record that will be set aside must leave no trace in the types, so it is checked before.
                read = cursor.value(0).map(|_| ()).and_then(|()| end_of_record(&mut cursor, lines));
                cursor.at = start;
            }
            let looked =
                read.and_then(|()| self.row(&mut cursor, shape)).and_then(|()| end_of_record(&mut cursor, lines));
            if let Some(flaw) = looked.err().filter(|_| !self.quarantine) {
                let (line, character) = (chunk.line_at(flaw.at), chunk.character_at(flaw.at));
                return Some(Stop::Flaw(flaw, line, character));
            }
        }
        None
    }

    fn row(&self, cursor: &mut Cursor<'_>, shape: &mut Shape) -> Result<(), Flaw> {
        if cursor.peek() != Some(b'{') {
            return Err(no_object(cursor));
        }
        self.object(cursor, shape, 0)
    }

    fn object(&self, cursor: &mut Cursor<'_>, shape: &mut Shape, depth: usize) -> Result<(), Flaw> {
        cursor.check_depth(depth)?;
        cursor.at += 1;
        shape.object();
        if cursor.pass(b'}') {
            return Ok(());
        }
        let (mut expected, mut clean) = (0, Vec::new());
        loop {
            let key = cursor.key()?;
            let mut name = &cursor.text[key.range.clone()];
            if key.escaped {
                clean.clear();
                cursor.unescape(&key, &mut clean)?;
                name = &clean;
            }
            let name = String::from_utf8_lossy(name);
            let (field, place) = shape.field(&name, expected);
            if depth == 0 && self.declared.iter().any(|declared| **declared == *name) {
                cursor.value(depth + 1)?;
            } else {
                self.value(cursor, field, depth + 1)?;
            }
            expected = place + 1;
            if !cursor.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn value(&self, cursor: &mut Cursor<'_>, shape: &mut Shape, depth: usize) -> Result<(), Flaw> {
        let Some(first) = cursor.peek() else { return Err(cursor.wrong("a value")) };
        match first {
            b'{' => self.object(cursor, shape, depth),
            b'[' => self.array(cursor, shape, depth),
            b'-' | b'0'..=b'9' => {
                shape.kinds |= number_kind(cursor.number()?);
                Ok(())
            }
            _ => {
                cursor.value(depth)?;
                shape.kinds |= match first {
                    b'n' => Kinds::default(),
                    b't' | b'f' => Kinds::BOOLEAN,
                    _ => Kinds::TEXT,
                };
                Ok(())
            }
        }
    }

    fn array(&self, cursor: &mut Cursor<'_>, shape: &mut Shape, depth: usize) -> Result<(), Flaw> {
        cursor.check_depth(depth)?;
        cursor.at += 1;
        let item = shape.item();
        if cursor.pass(b']') {
            return Ok(());
        }
        loop {
            self.value(cursor, item, depth + 1)?;
            if !cursor.more(b']')? {
                return Ok(());
            }
        }
    }
}

fn number_kind(text: &[u8]) -> Kinds {
    match plain_whole(text) {
        Some(value) if is_exact(value) => Kinds::WHOLE,
        Some(_) => Kinds::WIDE,
        None => match real(text, true) {
            Real::Number(_) => Kinds::REAL,
            _ => Kinds::LOSSY,
        },
    }
}

impl Work for JsonInfer {
    type Output = JsonFound;

    fn work(&mut self, chunk: Chunk) -> JsonFound {
        let lines = matches!(chunk.part.layout, Layout::JsonLines);
        let mut shape = Shape::default();
        shape.object();
        let stop = self.look(&chunk, lines, &mut shape);
        let part = Arc::clone(&chunk.part);
        JsonFound { part, lines_before: chunk.lines_before, lines: chunk.lines(), shape, stop }
    }
}
