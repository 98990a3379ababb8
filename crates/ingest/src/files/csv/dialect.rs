//! Which bytes mean something in a CSV part, and finding out where the source does not say.

use bywash_core::{Code, Error, Result};
use encoding_rs::Encoding;

use super::super::columns::times::TimeFormats;
use super::super::options::{Character, QuotedEmpty, ReadOptions};
use super::super::raw::encoding_of;
use super::cut::record_end;
use super::fields::field;

/// The bytes with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    /// The byte that ends a record; a `\r` before `\n` belongs to it.
    pub(crate) newline: u8,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
}

/// What is known of a CSV part once its first record has been looked at.
#[derive(Debug)]
pub(crate) struct CsvLayout {
    pub(crate) dialect: Dialect,
    /// The names of its columns, in order.
    pub(crate) names: Vec<String>,
}

/// The options of a source in the form that reading needs.
#[derive(Clone, Debug)]
pub(crate) struct CsvSettings {
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
    pub(crate) skip_lines: u64,
    pub(crate) encoding: &'static Encoding,
    pub(crate) nulls: Nulls,
    pub(crate) formats: TimeFormats,
    /// The names of the fields, where there is no header.
    pub(crate) names: Vec<String>,
}

/// Which fields mean null.
#[derive(Clone, Debug)]
pub(crate) struct Nulls {
    tokens: Vec<Box<[u8]>>,
    length_max: usize,
    /// Whether an empty field in a text column means null.
    empty: bool,
    /// Whether it does so in quotes.
    quoted_empty: bool,
    /// Whether a number or a date is among them, so that even those must be held against the list.
    pub(crate) typed: bool,
}

impl Nulls {
    fn new(options: &ReadOptions) -> Self {
        let tokens = options.null_values.iter().filter(|token| !token.is_empty());
        let tokens: Vec<Box<[u8]>> = tokens.map(|token| token.as_bytes().into()).collect();
        let typed = |token: &[u8]| token.iter().any(u8::is_ascii_digit);
        let empty = options.null_values.iter().any(String::is_empty);
        Self {
            length_max: tokens.iter().map(|token| token.len()).max().unwrap_or(0),
            typed: tokens.iter().any(|token| typed(token)),
            tokens,
            empty,
            quoted_empty: empty && options.quoted_empty == QuotedEmpty::Null,
        }
    }

    /// Whether a field of a text column means null.
    #[inline]
    pub(crate) fn is_null_text(&self, value: &[u8], quoted: bool) -> bool {
        match value.len() {
            0 if quoted => self.quoted_empty,
            0 => self.empty,
            length => length <= self.length_max && self.tokens.iter().any(|token| **token == *value),
        }
    }

    /// Whether a field of any other column does. It does if it is blank: no such type has a blank value.
    #[inline]
    pub(crate) fn is_null_typed(&self, value: &[u8]) -> bool {
        let value = value.trim_ascii();
        value.is_empty() || self.is_null_text(value, false)
    }
}

impl CsvSettings {
    /// Checks the options that concern CSV.
    ///
    /// # Errors
    /// Two characters with a meaning are the same, or an encoding or format is none.
    pub(crate) fn new(options: &ReadOptions) -> Result<Self> {
        let byte = |character: Option<Character>| character.map(Character::byte);
        let settings = Self {
            delimiter: byte(options.delimiter),
            quote: byte(options.quote),
            escape: byte(options.escape).filter(|escape| Some(*escape) != byte(options.quote)),
            comment: byte(options.comment),
            skip_lines: options.skip_lines,
            encoding: encoding_of(&options.encoding)?,
            nulls: Nulls::new(options),
            formats: time_formats(options)?,
            names: options.names.clone(),
        };
        let chosen = [settings.delimiter, settings.quote, settings.escape, settings.comment];
        let given: Vec<u8> = chosen.into_iter().flatten().collect();
        for (place, byte) in given.iter().enumerate() {
            if given[..place].contains(byte) {
                let message = format!("`{}` cannot mean two things in one CSV file", char::from(*byte));
                return Err(Error::new(Code::InvalidSetting, message)
                    .hint("choose different characters for `delimiter`, `quote`, `escape` and `comment`"));
            }
        }
        Ok(settings)
    }

    /// The dialect of a part, of which `sample` is the beginning and `name` may tell the delimiter.
    pub(crate) fn dialect(&self, name: &str, sample: &[u8]) -> Dialect {
        let newline = newline(sample);
        let with =
            |delimiter| Dialect { delimiter, newline, quote: self.quote, escape: self.escape, comment: self.comment };
        with(self.delimiter.unwrap_or_else(|| guess_delimiter(name, sample, with)))
    }
}

/// The formats of dates and times that a source names.
///
/// # Errors
/// One is none.
pub(crate) fn time_formats(options: &ReadOptions) -> Result<TimeFormats> {
    TimeFormats::new(&options.timestamp_formats).map_err(|format| {
        Error::new(Code::InvalidSetting, format!("`{format}` is not a format of dates or times"))
            .hint("write it with the letters of strftime, such as `%d.%m.%Y %H:%M`")
    })
}

/// `\r` where lines end with it alone, as old spreadsheets write them.
fn newline(sample: &[u8]) -> u8 {
    match memchr::memchr2(b'\n', b'\r', sample) {
        Some(at) if sample[at] == b'\r' && memchr::memchr(b'\n', sample).is_none() => b'\r',
        _ => b'\n',
    }
}

/// How many records are looked at.
const SAMPLE_RECORDS_MAX: usize = 100;

/// The delimiter that parts the sample most evenly into more than one field.
fn guess_delimiter(name: &str, sample: &[u8], with: impl Fn(u8) -> Dialect) -> u8 {
    let name = name.to_ascii_lowercase();
    let candidates = match name.split('.').any(|end| matches!(end, "tsv" | "tab")) {
        true => [b'\t', b',', b';', b'|'],
        false => [b',', b';', b'\t', b'|'],
    };
    let mut best = (0, candidates[0]);
    for delimiter in candidates {
        let score = evenness(sample, &with(delimiter));
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

/// How many of a thousand records have as many fields as the first, if that is more than one.
fn evenness(sample: &[u8], dialect: &Dialect) -> usize {
    let counts = field_counts(sample, dialect);
    let Some(first) = counts.first().filter(|first| **first > 1) else { return 0 };
    counts.iter().filter(|count| *count == first).count() * 1_000 / counts.len()
}

fn field_counts(sample: &[u8], dialect: &Dialect) -> Vec<usize> {
    let (mut counts, mut at) = (Vec::new(), 0);
    while counts.len() < SAMPLE_RECORDS_MAX && at < sample.len() {
        if let Some(end) = skipped(sample, at, dialect) {
            at = end;
            continue;
        }
        let Some(end) = record_end(sample, at, dialect) else { break };
        counts.push(count_fields(&sample[..end], at, dialect));
        at = end;
    }
    counts
}

/// Where the line at `at` ends if it is blank or a comment, and so no record.
#[inline]
pub(super) fn skipped(text: &[u8], at: usize, dialect: &Dialect) -> Option<usize> {
    let first = text[at];
    if first == dialect.newline {
        Some(at + 1)
    } else if dialect.comment == Some(first) {
        Some(memchr::memchr(dialect.newline, &text[at..]).map_or(text.len(), |length| at + length + 1))
    } else if first == b'\r' && text.get(at + 1) == Some(&b'\n') {
        Some(at + 2)
    } else {
        None
    }
}

/// How many fields the record at `at`, which is whole, has; as far as they can be told apart.
pub(crate) fn count_fields(text: &[u8], mut at: usize, dialect: &Dialect) -> usize {
    let mut count = 0;
    while at < text.len() {
        count += 1;
        match field(text, at, dialect) {
            Ok(field) if !field.last => at = field.next,
            _ => break,
        }
    }
    count
}
