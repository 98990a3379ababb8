//! Where the rows stand in a document.
//!
//! A document is a list of objects, one object or several one after another, or holds its rows deeper inside, where
//! `records_path` says. Separators are checked here, so that the parser need not.

use bywash_core::{Code, suggestion};

use super::super::flaw::Flaw;
use super::cursor::{Cursor, quick_end};

/// Rows still to be found in a document.
pub(super) struct Elements {
    /// Where the next row, or the end, is looked for.
    at: usize,
    /// Whether the rows are the items of a list.
    listed: bool,
    /// Whether anything but blanks may stand behind the rows: they are inside something.
    inside: bool,
    ended: bool,
    /// Whether no row has been found yet.
    first: bool,
}

impl Elements {
    /// No rows at all.
    pub(super) fn none() -> Self {
        Self { at: 0, listed: false, inside: false, ended: true, first: true }
    }

    /// Whether every row has been found.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Finds the rows of a document.
    pub(super) fn find(text: &[u8], path: Option<&str>) -> Result<Self, Flaw> {
        let mut cursor = Cursor::new(text, 0);
        let Some(first) = cursor.peek() else {
            return Ok(Self::none());
        };
        if let Some(path) = path {
            return inside(text, cursor.at, path);
        }
        match first {
            b'[' => {
                whole(text, cursor.at)?;
                Ok(Self { at: cursor.at + 1, listed: true, inside: false, ended: false, first: true })
            }
            b'{' => Ok(Self { at: cursor.at, listed: false, inside: false, ended: false, first: true }),
            _ => Err(cursor.wrong("a list or an object")),
        }
    }

    /// The stretch with the next rows, of about `bytes`; `None` behind the last.
    pub(super) fn next(&mut self, text: &[u8], bytes: usize) -> Result<Option<std::ops::Range<usize>>, Flaw> {
        let mut start = None;
        let mut end = self.at;
        while !self.ended && end - start.unwrap_or(end) < bytes {
            let mut cursor = Cursor::new(text, self.at);
            match cursor.peek() {
                None => {
                    self.ended = true;
                    break;
                }
                Some(b']') if self.listed && self.first => {
                    self.end_list(text, cursor.at)?;
                    break;
                }
                Some(b']' | b'}' | b',') => return Err(cursor.wrong("a row")),
                Some(_) => {}
            }
            self.first = false;
            start.get_or_insert(cursor.at);
            end = whole(text, cursor.at)?;
            self.at = end;
            self.separator(text)?;
        }
        Ok(start.map(|start| start..end))
    }

    /// Passes over the comma between the items of a list, or ends it.
    fn separator(&mut self, text: &[u8]) -> Result<(), Flaw> {
        if !self.listed {
            self.ended = self.inside;
            return Ok(());
        }
        let mut cursor = Cursor::new(text, self.at);
        if cursor.more(b']')? {
            self.at = cursor.at;
            return Ok(());
        }
        self.end_list(text, cursor.at - 1)
    }

    fn end_list(&mut self, text: &[u8], at: usize) -> Result<(), Flaw> {
        self.ended = true;
        let mut cursor = Cursor::new(text, at + 1);
        if self.inside || cursor.peek().is_none() { Ok(()) } else { Err(cursor.wrong("the end of the document")) }
    }
}

/// The end of the value at `at`, which must have one.
fn whole(text: &[u8], at: usize) -> Result<usize, Flaw> {
    quick_end(text, at).ok_or_else(|| {
        Flaw::new(Code::InvalidJson, at, "a value begins here and does not end before the file does")
            .hint("copy or download the file again if it was cut")
    })
}

/// Goes down the path, whose names are parted by points.
fn inside(text: &[u8], start: usize, path: &str) -> Result<Elements, Flaw> {
    let end = whole(text, start)?;
    let mut rest = Cursor::new(text, end);
    if rest.peek().is_some() {
        return Err(rest.wrong("the end of the document"));
    }
    let mut at = start;
    for name in path.split('.') {
        at = field(text, at, name, path)?;
    }
    match text.get(at) {
        Some(b'[') => Ok(Elements { at: at + 1, listed: true, inside: true, ended: false, first: true }),
        // One object is one row; what stands behind it is none.
        Some(b'{') => Ok(Elements { at, listed: false, inside: true, ended: false, first: true }),
        _ => Err(Cursor::new(text, at).wrong(&format!("the list that `records_path: {path}` names"))),
    }
}

/// Where the value of a field begins.
fn field(text: &[u8], at: usize, name: &str, path: &str) -> Result<usize, Flaw> {
    let mut cursor = Cursor::new(text, at);
    if cursor.peek() != Some(b'{') {
        return Err(cursor.wrong(&format!("an object with `{name}`, as `records_path: {path}` says,")));
    }
    cursor.at += 1;
    let mut known = Vec::new();
    if !cursor.pass(b'}') {
        loop {
            let key = cursor.key()?;
            let mut clean = Vec::new();
            cursor.unescape(&key, &mut clean)?;
            if cursor.peek().is_some() && clean == name.as_bytes() {
                return Ok(cursor.at);
            }
            known.push(String::from_utf8_lossy(&clean).into_owned());
            cursor.at = whole(text, cursor.at)?;
            if !cursor.more(b'}')? {
                break;
            }
        }
    }
    let flaw =
        Flaw::new(Code::InvalidJson, at, format!("there is no `{name}` here, which `records_path: {path}` names"));
    Err(match suggestion(name, known.iter().map(String::as_str)) {
        Some(near) => flaw.hint(near),
        None => {
            flaw.hint(format!("the keys here are {}", known.iter().take(8).cloned().collect::<Vec<_>>().join(", ")))
        }
    })
}
