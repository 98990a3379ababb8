//! The kinds of values in each field, over every record of a chunk.
//!
//! Only records that would be read count: one that is wrong ends the search as it would end the load, or is passed
//! over where the load would set it aside.

use std::sync::Arc;

use super::super::columns::numbers::is_exact;
use super::super::flaw::piece;
use super::super::ordered::Work;
use super::super::text::{Chunk, Layout, Stop, TextPart};
use super::super::typing::{Kinds, Oddities, Oddity};
use super::dialect::{CsvLayout, CsvSettings, skipped};
use super::fields::{content, field};
use super::parse::{Record, check_count, check_letters, end_of_wrong, quick_whole};

/// Looks at the chunks of CSV files.
#[derive(Clone)]
pub(crate) struct CsvInfer {
    settings: Arc<CsvSettings>,
    quarantine: bool,
    clean: Vec<u8>,
    kinds: Vec<Kinds>,
    oddities: Vec<Oddities>,
    /// The kinds that the current record adds, until it is known to be whole.
    own: Vec<Kinds>,
    /// Its texts that are worth noting, likewise: of which column, where, and what.
    odd: Vec<(usize, usize, String)>,
}

/// What was seen in a chunk.
pub(crate) struct CsvFound {
    pub(crate) part: Arc<TextPart>,
    pub(crate) lines_before: u64,
    pub(crate) lines: u64,
    pub(crate) kinds: Vec<Kinds>,
    pub(crate) oddities: Vec<Oddities>,
    pub(crate) stop: Option<Stop>,
}

impl CsvInfer {
    /// Looks at values as `settings` say.
    pub(crate) fn new(settings: &Arc<CsvSettings>, quarantine: bool) -> Self {
        let settings = Arc::clone(settings);
        let (clean, kinds, oddities) = (Vec::new(), Vec::new(), Vec::new());
        Self { settings, quarantine, clean, kinds, oddities, own: Vec::new(), odd: Vec::new() }
    }

    fn look(&mut self, chunk: &Chunk, layout: &CsvLayout) -> Option<Stop> {
        let text = chunk.bytes();
        let sound = simdutf8::basic::from_utf8(text).is_ok();
        self.kinds = vec![Kinds::default(); layout.names.len()];
        self.oddities = vec![Oddities::default(); layout.names.len()];
        let mut at = 0;
        while at < text.len() {
            if let Some(end) = skipped(text, at, &layout.dialect) {
                at = end;
                continue;
            }
            let read = if sound { Ok(()) } else { check_letters(chunk, at, layout) };
            match read.and_then(|()| self.record(text, at, layout)) {
                Ok(Record::Row(next)) => {
                    self.note_odd(chunk);
                    self.kinds.iter_mut().zip(&self.own).for_each(|(all, own)| *all |= *own);
                    at = next;
                }
                Ok(Record::Blank(next)) => at = next,
                Err(_) if self.quarantine => at = end_of_wrong(text, at, &layout.dialect),
                Err(flaw) => {
                    let (line, character) = (chunk.line_at(flaw.at), chunk.character_at(flaw.at));
                    return Some(Stop::Flaw(flaw, line, character));
                }
            }
        }
        None
    }

    /// Keeps the texts of a record that is whole.
    fn note_odd(&mut self, chunk: &Chunk) {
        for (place, at, value) in self.odd.drain(..) {
            let (line, after_typed) = (chunk.line_at(at), self.kinds[place].is_typed());
            let oddity = Oddity { shown: String::new(), line, value, after_typed };
            self.oddities[place].note(self.own[place], oddity);
        }
    }

    fn record(&mut self, text: &[u8], mut at: usize, layout: &CsvLayout) -> Result<Record, super::super::flaw::Flaw> {
        let (start, fields, dialect) = (at, layout.names.len(), &layout.dialect);
        self.own.clear();
        self.odd.clear();
        let quick = !self.settings.nulls.typed && self.settings.formats.is_empty();
        for place in 0..fields {
            if quick
                && let Some((value, end)) = quick_whole(text, at)
                && let byte = text[end]
                && (byte == dialect.delimiter || byte == dialect.newline)
            {
                self.own.push(if is_exact(value) { Kinds::WHOLE } else { Kinds::WIDE });
                at = end + 1;
                if (byte != dialect.delimiter) != (place + 1 == fields) {
                    return check_count(text, start, layout);
                }
                continue;
            }
            let field =
                field(text, at, dialect).map_err(|flaw| flaw.in_column(&layout.names[place].as_str().into()))?;
            let known = self.kinds[place];
            self.own.push(Kinds::default());
            if !known.is_settled() {
                let value = content(text, &field, dialect, &mut self.clean);
                let nulls = &self.settings.nulls;
                if !nulls.is_null_typed(value) {
                    let own = Kinds::of(value, &self.settings.formats);
                    self.own[place] = own;
                    if self.oddities[place].wants(own) {
                        self.odd.push((place, at, piece(value)));
                    }
                }
            }
            at = field.next;
            if field.last != (place + 1 == fields) {
                return check_count(text, start, layout);
            }
        }
        Ok(Record::Row(at))
    }
}

impl Work for CsvInfer {
    type Output = CsvFound;

    fn work(&mut self, chunk: Chunk) -> CsvFound {
        let stop = match &chunk.part.layout {
            Layout::Csv(layout) => self.look(&chunk, layout),
            Layout::JsonLines | Layout::JsonValues => None,
        };
        let (kinds, oddities) = (std::mem::take(&mut self.kinds), std::mem::take(&mut self.oddities));
        let (part, lines) = (Arc::clone(&chunk.part), chunk.lines());
        CsvFound { part, lines_before: chunk.lines_before, lines, kinds, oddities, stop }
    }
}
