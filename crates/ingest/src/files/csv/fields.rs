//! Telling the fields of a record apart.

use bywash_core::Code;
use memchr::memchr2;

use super::super::flaw::{Flaw, piece};
use super::cut::closing_quote;
use super::dialect::Dialect;

/// Where a field stands. Its text ends with a line end, so the byte at `stop` always exists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    /// Its content, without quotes.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// Whether quotes or escapes inside must be undone.
    pub(super) escaped: bool,
    /// Where the next field, or the next record, begins.
    pub(super) next: usize,
    /// Whether the record ends with it.
    pub(super) last: bool,
}

/// The field at `at`.
#[inline]
pub(super) fn field(text: &[u8], at: usize, dialect: &Dialect) -> Result<Field, Flaw> {
    if dialect.quote.is_some() && text.get(at) == dialect.quote.as_ref() {
        return quoted(text, at, dialect);
    }
    let stop = stop(text, at, dialect);
    Ok(unquoted(text, at, stop, dialect))
}

/// Where the unquoted text at `at` stops: at a delimiter or a line end.
#[inline]
pub(super) fn stop(text: &[u8], at: usize, dialect: &Dialect) -> usize {
    // Most fields are short, and a search has a price of its own.
    const SHORT: usize = 16;
    let near = &text[at..(at + SHORT).min(text.len())];
    let found = near.iter().position(|byte| *byte == dialect.delimiter || *byte == dialect.newline);
    if let Some(length) = found {
        return at + length;
    }
    let far = at + near.len();
    far + memchr2(dialect.delimiter, dialect.newline, &text[far..]).unwrap_or(text.len() - far)
}

/// The field from `at` to the delimiter or line end at `stop`.
#[inline]
pub(super) fn unquoted(text: &[u8], at: usize, stop: usize, dialect: &Dialect) -> Field {
    let last = text.get(stop) != Some(&dialect.delimiter);
    let returned = last && dialect.newline == b'\n' && stop > at && text[stop - 1] == b'\r';
    let end = stop - usize::from(returned);
    Field { start: at, end, quoted: false, escaped: false, next: stop + 1, last }
}

#[cold]
fn unclosed(at: usize) -> Flaw {
    Flaw::new(Code::CsvQuote, at, "a quoted field begins here and does not end")
        .hint("close the quote, or tell the source that quotes mean nothing: `quote: \"\"`")
}

fn quoted(text: &[u8], at: usize, dialect: &Dialect) -> Result<Field, Flaw> {
    let quote = dialect.quote.unwrap_or_default();
    let (close, escaped) = closing_quote(text, at + 1, quote, dialect.escape).ok_or_else(|| unclosed(at))?;
    let field = |stop: usize| {
        let last = text.get(stop) != Some(&dialect.delimiter);
        Field { start: at + 1, end: close, quoted: true, escaped, next: stop + 1, last }
    };
    match text.get(close + 1) {
        None => Err(unclosed(at)),
        Some(byte) if *byte == dialect.delimiter || *byte == dialect.newline => Ok(field(close + 1)),
        Some(b'\r') if text.get(close + 2) == Some(&b'\n') => Ok(field(close + 2)),
        Some(_) => Err(behind(text, at, close, dialect)),
    }
}

#[cold]
fn behind(text: &[u8], at: usize, close: usize, dialect: &Dialect) -> Flaw {
    let end = stop(text, close + 1, dialect);
    let (content, rest) = (piece(&text[at + 1..close]), piece(&text[close + 1..end]));
    let hint = match content.ends_with('\\') {
        true => "if the file escapes quotes with a backslash, tell the source: `escape: \"\\\\\"`",
        false => "double the quotes inside a quoted field, or tell the source that they mean nothing: `quote: \"\"`",
    };
    Flaw::new(Code::CsvQuote, at, format!("`{rest}` stands behind the closing quote of `{content}`")).hint(hint)
}

/// The content of a field, written to `clean` if quotes or escapes must be undone.
#[inline]
pub(super) fn content<'a>(text: &'a [u8], field: &Field, dialect: &Dialect, clean: &'a mut Vec<u8>) -> &'a [u8] {
    let raw = &text[field.start..field.end];
    if !field.escaped {
        return raw;
    }
    clean.clear();
    unescape(raw, dialect, clean);
    clean
}

fn unescape(raw: &[u8], dialect: &Dialect, clean: &mut Vec<u8>) {
    let quote = dialect.quote.unwrap_or_default();
    let escape = dialect.escape.unwrap_or(quote);
    let mut from = 0;
    while let Some(at) = memchr2(quote, escape, &raw[from..]).map(|at| from + at) {
        clean.extend_from_slice(&raw[from..at]);
        clean.extend(raw.get(at + 1));
        from = at + 2;
        if from > raw.len() {
            return;
        }
    }
    clean.extend_from_slice(&raw[from..]);
}
