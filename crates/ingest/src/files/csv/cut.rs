//! Where records end: the one place that knows when a line end is data.
//!
//! A quote opens a field only at its start, so most text is passed over by searching for quotes, and text without
//! any by looking for the last line end. The parser finds the end of a broken record by the same rules, so that
//! both always agree on where the next begins.

use memchr::{memchr, memchr2, memrchr};

use super::dialect::Dialect;

/// How far whole records reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The length of the text's longest beginning that ends with a record.
    pub(super) end: usize,
    /// Where a quoted field begins that does not end in the text.
    pub(super) open: Option<usize>,
}

/// How far whole records reach in `text`, which begins with a record.
pub(super) fn whole_records(text: &[u8], dialect: &Dialect) -> Cut {
    let Some(quote) = dialect.quote else {
        return Cut { end: memrchr(dialect.newline, text).map_or(0, |at| at + 1), open: None };
    };
    let (mut from, mut end) = (0, 0);
    loop {
        let found = memchr(quote, &text[from..]).map(|at| from + at);
        if let Some(at) = memrchr(dialect.newline, &text[from..found.unwrap_or(text.len())]) {
            end = from + at + 1;
        }
        let Some(at) = found else { return Cut { end, open: None } };
        if !opens(text, end, at, dialect) {
            from = at + 1;
            continue;
        }
        match closing_quote(text, at + 1, quote, dialect.escape) {
            Some((close, _)) => from = close + 1,
            None => return Cut { end, open: Some(at) },
        }
    }
}

/// Whether the quote at `at`, which is not inside a quoted field, opens one; its record begins at `record`.
fn opens(text: &[u8], record: usize, at: usize, dialect: &Dialect) -> bool {
    let starts = at == record || text[at - 1] == dialect.delimiter;
    starts && (dialect.comment.is_none() || text.get(record) != dialect.comment.as_ref())
}

/// Where the field ends whose content begins at `from`, and whether quotes or escapes in it must be undone.
pub(super) fn closing_quote(text: &[u8], mut from: usize, quote: u8, escape: Option<u8>) -> Option<(usize, bool)> {
    let mut escaped = false;
    loop {
        let at = from + memchr2(quote, escape.unwrap_or(quote), text.get(from..)?)?;
        if text[at] == quote && text.get(at + 1) != Some(&quote) {
            return Some((at, escaped));
        }
        (from, escaped) = (at + 2, true);
    }
}

/// Where the record that begins at `start` ends, behind its line end; `None` if it does not.
pub(super) fn record_end(text: &[u8], start: usize, dialect: &Dialect) -> Option<usize> {
    let quote = dialect.quote.unwrap_or(dialect.newline);
    let mut from = start;
    loop {
        let at = from + memchr2(dialect.newline, quote, text.get(from..)?)?;
        if text[at] == dialect.newline {
            return Some(at + 1);
        }
        from = match opens(text, start, at, dialect) {
            true => closing_quote(text, at + 1, quote, dialect.escape)?.0 + 1,
            false => at + 1,
        };
    }
}
