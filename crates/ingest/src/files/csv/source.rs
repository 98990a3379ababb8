//! The chunks of CSV files: parts opened one after another, their first record read, the rest cut at records.

use std::sync::Arc;

use bywash_core::{Code, Error, Place, Result, format_bytes};

use super::super::find::FoundFile;
use super::super::flaw::{Flaw, no_letter};
use super::super::format::Format;
use super::super::limits::{CHUNK_BYTES, COLUMNS_MAX, RECORD_BYTES_MAX, read_bytes};
use super::super::options::ReadOptions;
use super::super::raw::{Decoded, Parts};
use super::super::text::{Chunk, Layout, Source, Text, TextPart};
use super::cut::whole_records;
use super::dialect::{CsvLayout, CsvSettings, Dialect, skipped};
use super::fields::{content, field};
use super::header::{HeaderRule, clean_names, numbered};

/// How many records are looked at to tell names from values.
const LOOK_RECORDS_MAX: usize = 100;

/// The chunks of one file.
pub(crate) struct CsvSource {
    settings: Arc<CsvSettings>,
    header: HeaderRule,
    parts: Parts,
    current: Option<Open>,
    warnings: Vec<String>,
    /// Stop after about this much text of each part.
    head_bytes: Option<usize>,
    cut: bool,
}

/// A part being cut.
struct Open {
    text: Decoded,
    part: Arc<TextPart>,
    dialect: Dialect,
    /// Text that is read and not cut yet.
    waiting: Vec<u8>,
    /// Whether there is more to read behind it.
    more: bool,
    /// Whether `waiting` is to be cut before more is read.
    fresh: bool,
    lines_before: u64,
    offset: u64,
    line: u64,
    /// Whether a chunk has been given: a part with names gives one even without rows.
    given: bool,
}

impl CsvSource {
    /// The chunks of `file`; only of its beginning where `head_bytes` is given.
    pub(crate) fn new(
        file: &FoundFile,
        options: &ReadOptions,
        settings: &Arc<CsvSettings>,
        header: HeaderRule,
        head_bytes: Option<usize>,
    ) -> Result<Self> {
        let parts = Parts::of(file, Format::Csv, options.max_expansion_ratio)?;
        let settings = Arc::clone(settings);
        Ok(Self { settings, header, parts, current: None, warnings: Vec::new(), head_bytes, cut: false })
    }

    /// Opens a part and reads its first record.
    fn start(&mut self, text: Decoded) -> Result<Open> {
        let mut first = First { text, waiting: Vec::new(), more: true };
        let mut at = first.skip_lines(self.settings.skip_lines)?;
        first.read_more(CHUNK_BYTES)?;
        let mut dialect = self.settings.dialect(first.text.shown(), &first.waiting[at..]);
        while whole_records(&first.waiting[at..], &dialect).end == 0 && first.more {
            first.check_length(&first.waiting[at..], self.settings.skip_lines)?;
            let bytes = read_bytes(first.waiting.len());
            first.read_more(bytes)?;
            dialect = self.settings.dialect(first.text.shown(), &first.waiting[at..]);
        }
        if !first.more && first.waiting.last().is_some_and(|last| *last != dialect.newline) {
            first.waiting.push(dialect.newline);
        }
        let records = first_records(&first.waiting[at..], &dialect).map_err(|flaw| {
            let line = memchr::memchr_iter(dialect.newline, &first.waiting[..at + flaw.at]).count() as u64;
            flaw.into_error(first.text.shown(), line + 1, None)
        })?;
        let named = self.header.decide(&records.texts, &self.settings.nulls, &self.settings.formats);
        let names = self.names(first.text.shown(), records.texts.first(), named)?;
        if named {
            check_letters(&first, at, records.first_end)?;
            at += records.first_end;
        }
        let part_is_empty = names.is_empty();
        let lines_before = memchr::memchr_iter(dialect.newline, &first.waiting[..at]).count() as u64;
        let part = Arc::new(TextPart {
            shown: first.text.shown().to_owned(),
            layout: Layout::Csv(CsvLayout { dialect, names }),
        });
        first.waiting.drain(..at);
        let First { text, waiting, more } = first;
        let offset = at as u64 + text.mark_bytes();
        let (line, given) = (lines_before, part_is_empty);
        Ok(Open { text, part, dialect, waiting, more, fresh: true, lines_before, offset, line, given })
    }

    fn names(&mut self, shown: &str, first: Option<&Vec<String>>, named: bool) -> Result<Vec<String>> {
        let Some(first) = first else { return Ok(Vec::new()) };
        if first.len() > COLUMNS_MAX {
            let message = format!("the first record has {} fields, more than {COLUMNS_MAX}", first.len());
            return Err(Error::new(Code::UnreadableFile, message)
                .at(Place::line(shown, 1))
                .hint("is the delimiter right? say it in the source: `delimiter: \";\"`"));
        }
        if !named || !self.settings.names.is_empty() {
            return given_names(&self.settings, shown, first.len());
        }
        if first.iter().any(|name| name.contains('\0')) {
            return Err(Error::new(
                Code::InvalidEncoding,
                format!("the names of columns in `{shown}` hold zero bytes"),
            )
            .at(Place::line(shown, 1))
            .hint("if the file is UTF-16, say so in the source: `encoding: utf-16le`"));
        }
        let (names, warnings) = clean_names(first, shown);
        self.warnings.extend(warnings);
        Ok(names)
    }
}

/// The names of fields without a header.
fn given_names(settings: &CsvSettings, shown: &str, count: usize) -> Result<Vec<String>> {
    let given = settings.names.len();
    if given == 0 {
        return Ok((0..count).map(numbered).collect());
    }
    if given == count {
        return Ok(settings.names.clone());
    }
    let message = format!("the first record has {count} fields, and the source names {given}");
    Err(Error::new(Code::CsvFieldCount, message)
        .at(Place::line(shown, 1))
        .hint("give a name to every field in `names`, or leave it out: `column_1`, `column_2`, …"))
}

/// Refuses names with a byte that is no letter. Elsewhere the parser does, which knows the columns.
fn check_letters(first: &First, at: usize, length: usize) -> Result<()> {
    let Err(error) = std::str::from_utf8(&first.waiting[at..at + length]) else { return Ok(()) };
    let wrong = at + error.valid_up_to();
    let line = memchr::memchr_iter(b'\n', &first.waiting[..wrong]).count() as u64 + 1;
    let flaw = no_letter(first.waiting[wrong], first.text.mark_bytes() + wrong as u64, wrong);
    Err(flaw.into_error(first.text.shown(), line, None))
}

/// The beginning of a part, as far as it is needed to understand the rest.
struct First {
    text: Decoded,
    waiting: Vec<u8>,
    more: bool,
}

impl First {
    fn read_more(&mut self, bytes: usize) -> Result<()> {
        if self.more {
            self.more = self.text.append(&mut self.waiting, bytes)?;
        }
        Ok(())
    }

    /// Where the line behind the first `count` begins.
    fn skip_lines(&mut self, count: u64) -> Result<usize> {
        let mut at = 0;
        for _ in 0..count {
            loop {
                if let Some(length) = memchr::memchr(b'\n', &self.waiting[at..]) {
                    at += length + 1;
                    break;
                }
                if !self.more {
                    return Ok(self.waiting.len());
                }
                self.check_length(&self.waiting[at..], 0)?;
                self.read_more(CHUNK_BYTES)?;
            }
        }
        Ok(at)
    }

    fn check_length(&self, record: &[u8], line: u64) -> Result<()> {
        if record.len() > RECORD_BYTES_MAX { Err(too_long(self.text.shown(), line + 1, None)) } else { Ok(()) }
    }
}

/// The first records of a part, and where the first of them ends.
struct FirstRecords {
    texts: Vec<Vec<String>>,
    first_end: usize,
}

/// The flaw of the first record is the part's: without it nothing is known of the others.
fn first_records(text: &[u8], dialect: &Dialect) -> Result<FirstRecords, Flaw> {
    let (mut texts, mut first_end, mut at) = (Vec::new(), 0, 0);
    while texts.len() < LOOK_RECORDS_MAX && at < text.len() {
        if let Some(end) = skipped(text, at, dialect) {
            at = end;
            continue;
        }
        match texts_of(text, at, dialect) {
            Ok((fields, end)) => {
                texts.push(fields);
                at = end;
            }
            Err(flaw) if texts.is_empty() => return Err(flaw),
            Err(_) => break,
        }
        if texts.len() == 1 {
            first_end = at;
        }
    }
    Ok(FirstRecords { texts, first_end })
}

/// The fields of the record at `at`, and where it ends.
fn texts_of(text: &[u8], mut at: usize, dialect: &Dialect) -> Result<(Vec<String>, usize), Flaw> {
    let (mut fields, mut clean) = (Vec::new(), Vec::new());
    while at < text.len() {
        let field = field(text, at, dialect)?;
        let bytes = content(text, &field, dialect, &mut clean);
        fields.push(String::from_utf8_lossy(bytes).into_owned());
        at = field.next;
        if field.last {
            break;
        }
    }
    Ok((fields, at))
}

fn too_long(shown: &str, line: u64, open: Option<u64>) -> Error {
    let limit = format_bytes(RECORD_BYTES_MAX as u64);
    match open {
        Some(open) => {
            let message = format!("a quoted field begins here and does not end within {limit}");
            Error::new(Code::CsvQuote, message)
                .at(Place::line(shown, open))
                .hint("close the quote, or tell the source that quotes mean nothing: `quote: \"\"`")
        }
        None => Error::new(Code::UnreadableFile, format!("a record is longer than {limit}"))
            .at(Place::line(shown, line))
            .hint("is the file CSV? if not, say its format in the source: `format: json`"),
    }
}

impl Open {
    /// The next chunk of the part.
    fn chunk(&mut self) -> Result<Option<Chunk>> {
        loop {
            if !self.fresh {
                let bytes = read_bytes(self.waiting.len());
                self.more = self.text.append(&mut self.waiting, bytes)?;
            }
            if !self.more {
                self.fresh = true;
                if self.waiting.last().is_some_and(|last| *last != self.dialect.newline) {
                    self.waiting.push(self.dialect.newline);
                }
                let rest = std::mem::take(&mut self.waiting);
                return Ok((!rest.is_empty() || !self.given).then(|| self.give(rest)));
            }
            self.fresh = false;
            let cut = whole_records(&self.waiting, &self.dialect);
            if cut.end > 0 {
                let mut next = Vec::with_capacity(self.waiting.len() - cut.end + CHUNK_BYTES + 1);
                next.extend_from_slice(&self.waiting[cut.end..]);
                self.waiting.truncate(cut.end);
                let whole = std::mem::replace(&mut self.waiting, next);
                return Ok(Some(self.give(whole)));
            }
            if self.waiting.len() > RECORD_BYTES_MAX {
                return Err(self.too_long(cut.open));
            }
        }
    }

    fn give(&mut self, text: Vec<u8>) -> Chunk {
        let lines_before = std::mem::take(&mut self.lines_before);
        let offset = self.offset;
        self.offset += text.len() as u64;
        self.given = true;
        Chunk { part: Arc::clone(&self.part), text: Text::Own(text), lines_before, offset }
    }

    /// Lines are not counted while cutting, so the error names the line where it is known.
    fn too_long(&self, open: Option<usize>) -> Error {
        let newlines = |text: &[u8]| memchr::memchr_iter(self.dialect.newline, text).count() as u64;
        let line = self.line + 1;
        too_long(&self.part.shown, line, open.map(|open| line + newlines(&self.waiting[..open])))
    }
}

impl Source for CsvSource {
    fn next(&mut self) -> Result<Option<Chunk>> {
        loop {
            if let Some(open) = &mut self.current {
                if let Some(chunk) = open.chunk()? {
                    open.line += memchr::memchr_iter(open.dialect.newline, chunk.bytes()).count() as u64;
                    if self.head_bytes.is_some_and(|head_bytes| open.offset >= head_bytes as u64) {
                        self.cut |= open.more || !open.waiting.is_empty();
                        self.current = None;
                    }
                    return Ok(Some(chunk));
                }
                self.current = None;
            }
            let Some(bytes) = self.parts.next()? else { return Ok(None) };
            let text = Decoded::new(bytes, self.settings.encoding)?;
            self.current = Some(self.start(text)?);
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn was_cut(&self) -> bool {
        self.cut
    }
}

/// The first record of a file's first part, and whether it seems to hold names.
pub(crate) struct Look {
    pub(crate) first: Option<Vec<String>>,
    pub(crate) named: bool,
}

/// Looks at the beginning of a file.
pub(crate) fn look(file: &FoundFile, options: &ReadOptions, settings: &Arc<CsvSettings>) -> Result<Look> {
    let mut source = CsvSource::new(file, options, settings, HeaderRule::Known(false), None)?;
    let Some(bytes) = source.parts.next()? else { return Ok(Look { first: None, named: true }) };
    let open = source.start(Decoded::new(bytes, settings.encoding)?)?;
    // The part was opened, so its first record is right.
    let records = first_records(&open.waiting, &open.dialect).map_or_else(|_| Vec::new(), |records| records.texts);
    let named = HeaderRule::Look.decide(&records, &settings.nulls, &settings.formats);
    Ok(Look { first: records.into_iter().next(), named })
}
