//! Reading JSON text token by token, with the place of everything that is wrong.

use std::ops::Range;

use bywash_core::Code;
use memchr::memchr2;

use super::super::flaw::{Flaw, piece};
use super::super::limits::DEPTH_MAX;

/// A place in a text.
pub(super) struct Cursor<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
}

/// Where the content of a string stands, and whether escapes in it must be undone.
pub(super) struct Quoted {
    pub(super) range: Range<usize>,
    pub(super) escaped: bool,
}

impl<'a> Cursor<'a> {
    /// A cursor at a place.
    pub(super) fn new(text: &'a [u8], at: usize) -> Self {
        Self { text, at }
    }

    /// The next byte that is no blank.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Passes over `byte` if it is next.
    #[inline]
    pub(super) fn pass(&mut self, byte: u8) -> bool {
        let passes = self.peek() == Some(byte);
        self.at += usize::from(passes);
        passes
    }

    /// What is wrong here.
    #[cold]
    pub(super) fn wrong(&self, wanted: &str) -> Flaw {
        let rest = &self.text[self.at.min(self.text.len())..];
        let found = match rest.is_empty() {
            true => "the text ends".to_owned(),
            false => format!("`{}` stands", piece(&rest[..rest.len().min(12)])),
        };
        Flaw::new(Code::InvalidJson, self.at, format!("{found} where {wanted} should be"))
    }

    /// Passes over a word.
    pub(super) fn word(&mut self, word: &str) -> Result<(), Flaw> {
        if self.text[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.wrong("a value"))
    }

    /// Passes over the string that begins here.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Quoted, Flaw> {
        let start = self.at + 1;
        let (mut from, mut escaped) = (start, false);
        loop {
            let rest = self.text.get(from..).unwrap_or_default();
            let Some(at) = memchr2(b'"', b'\\', rest).map(|length| from + length) else {
                return Err(Flaw::new(Code::InvalidJson, self.at, "a string begins here and does not end"));
            };
            if self.text[at] == b'"' {
                self.at = at + 1;
                return self.check_string(start..at, escaped);
            }
            (from, escaped) = (at + 2, true);
        }
    }

    fn check_string(&self, range: Range<usize>, escaped: bool) -> Result<Quoted, Flaw> {
        let control = self.text[range.clone()].iter().position(|byte| *byte < 0x20);
        if let Some(place) = control {
            let at = range.start + place;
            let reason = format!("a string holds the control character 0x{:02x}", self.text[at]);
            return Err(Flaw::new(Code::InvalidJson, at, reason).hint("write it as an escape, such as `\\n` or `\\t`"));
        }
        Ok(Quoted { range, escaped })
    }

    /// Passes over the number that begins here.
    #[inline]
    pub(super) fn number(&mut self) -> Result<&'a [u8], Flaw> {
        let start = self.at;
        let digits = |cursor: &mut Self| {
            let from = cursor.at;
            while cursor.text.get(cursor.at).is_some_and(u8::is_ascii_digit) {
                cursor.at += 1;
            }
            cursor.at > from
        };
        self.at += usize::from(self.text[self.at] == b'-');
        let zero = self.text.get(self.at) == Some(&b'0');
        let first = self.at;
        if !digits(self) || (zero && self.at - first > 1) {
            self.at = start;
            return Err(self.wrong("a number"));
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !digits(self) {
                return Err(self.wrong("a digit"));
            }
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            if !digits(self) {
                return Err(self.wrong("a digit"));
            }
        }
        Ok(&self.text[start..self.at])
    }

    /// Passes over the value that begins here, checking all of it; gives where it stands.
    pub(super) fn value(&mut self, depth: usize) -> Result<Range<usize>, Flaw> {
        let Some(first) = self.peek() else { return Err(self.wrong("a value")) };
        let start = self.at;
        match first {
            b'"' => {
                let quoted = self.string()?;
                if quoted.escaped {
                    self.unescape(&quoted, &mut Vec::new())?;
                }
            }
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            b'-' | b'0'..=b'9' => {
                self.number()?;
            }
            _ => return Err(self.wrong("a value")),
        }
        Ok(start..self.at)
    }

    fn object(&mut self, depth: usize) -> Result<(), Flaw> {
        self.check_depth(depth)?;
        self.at += 1;
        if self.pass(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            if key.escaped {
                self.unescape(&key, &mut Vec::new())?;
            }
            self.value(depth + 1)?;
            if !self.more(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Flaw> {
        self.check_depth(depth)?;
        self.at += 1;
        if self.pass(b']') {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if !self.more(b']')? {
                return Ok(());
            }
        }
    }

    /// Passes over a key and its colon.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Quoted, Flaw> {
        if self.peek() != Some(b'"') {
            return Err(self.wrong("a key in quotes"));
        }
        let key = self.string()?;
        if !self.pass(b':') {
            return Err(self.wrong("a colon"));
        }
        Ok(key)
    }

    /// Passes over a comma, which means more, or over the end.
    #[inline]
    pub(super) fn more(&mut self, end: u8) -> Result<bool, Flaw> {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                Ok(true)
            }
            Some(byte) if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.wrong(if end == b'}' { "a comma or `}`" } else { "a comma or `]`" })),
        }
    }

    /// Refuses what is nested too deep.
    #[inline]
    pub(super) fn check_depth(&self, depth: usize) -> Result<(), Flaw> {
        if depth < DEPTH_MAX {
            return Ok(());
        }
        Err(Flaw::new(Code::InvalidJson, self.at, format!("values are nested deeper than {DEPTH_MAX}")))
    }

    /// Appends the content of a string to `clean`, escapes undone.
    pub(super) fn unescape(&self, quoted: &Quoted, clean: &mut Vec<u8>) -> Result<(), Flaw> {
        let end = quoted.range.end;
        let mut from = quoted.range.start;
        while let Some(at) = memchr::memchr(b'\\', &self.text[from..end]).map(|length| from + length) {
            clean.extend_from_slice(&self.text[from..at]);
            from = self.escape(at, clean)?;
        }
        clean.extend_from_slice(&self.text[from..end]);
        Ok(())
    }

    /// Appends what the escape at `at` stands for; where the text goes on.
    fn escape(&self, at: usize, clean: &mut Vec<u8>) -> Result<usize, Flaw> {
        let wrong = || Flaw::new(Code::InvalidJson, at, "this escape means nothing in a string");
        let letter = match self.text.get(at + 1) {
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => return self.unicode(at, clean).ok_or_else(wrong),
            _ => return Err(wrong()),
        };
        clean.push(letter);
        Ok(at + 2)
    }

    /// `\u0041`, or two of them for a letter beyond the first 65,536.
    fn unicode(&self, at: usize, clean: &mut Vec<u8>) -> Option<usize> {
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6).filter(|text| text.starts_with(b"\\u"))?;
            let digits = std::str::from_utf8(&digits[2..]).ok()?;
            digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
        };
        let first = unit(at)?;
        let (code, next) = match first {
            0xd800..0xdc00 => {
                let second = unit(at + 6).filter(|unit| (0xdc00..0xe000).contains(unit))?;
                (0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00), at + 12)
            }
            _ => (first, at + 6),
        };
        let letter = char::from_u32(code)?;
        clean.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        Some(next)
    }
}

/// Where the value at `at` ends, judged by brackets and quotes alone; `None` if it does not.
pub(super) fn quick_end(text: &[u8], at: usize) -> Option<usize> {
    let (mut at, mut depth) = (at, 0_usize);
    loop {
        match *text.get(at)? {
            b'"' => {
                at += 1;
                loop {
                    at += memchr2(b'"', b'\\', text.get(at..)?)?;
                    if text[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ if depth == 0 => return Some(scalar_end(text, at)),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

fn scalar_end(text: &[u8], at: usize) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b']' | b'}' | b'"' | b'[' | b'{');
    text[at..].iter().skip(1).position(ends).map_or(text.len(), |length| at + 1 + length)
}
