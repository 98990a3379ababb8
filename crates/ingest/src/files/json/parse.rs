//! Objects into columns.

use bywash_core::{Code, suggestion};

use super::super::columns::numbers::{Real, plain_whole, real};
use super::super::columns::{Cells, Column, Trust};
use super::super::flaw::{Flaw, no_letter_in};
use super::super::ordered::Work;
use super::super::rows::Rows;
use super::super::text::{Chunk, Layout, Parsed, Stop};
use super::cursor::{Cursor, Quoted, quick_end};

/// Parses the chunks of JSON files into one schema.
pub(crate) struct JsonParse {
    rows: Rows,
    clean: Vec<u8>,
}

impl JsonParse {
    /// Fills `rows`.
    pub(crate) fn new(rows: Rows) -> Self {
        Self { rows, clean: Vec::new() }
    }

    fn parse(&mut self, chunk: &Chunk, lines: bool) -> Result<(), Box<Stop>> {
        let text = chunk.bytes();
        let sound = !lines || simdutf8::basic::from_utf8(text).is_ok();
        let mut at = 0;
        while let Some((start, end)) = next_record(text, at, lines) {
            at = end;
            let record = &text[..end];
            let read = if sound { Ok(()) } else { check_letters(chunk, start, end) };
            match read.and_then(|()| self.record(record, start, lines)) {
                Ok(()) => self.rows.count += 1,
                Err(flaw) => self.rows.wrong(chunk, start, end, flaw)?,
            }
        }
        Ok(())
    }

    fn record(&mut self, record: &[u8], start: usize, lines: bool) -> Result<(), Flaw> {
        let mut cursor = Cursor::new(record, start);
        let mut filler = Filler { clean: &mut self.clean };
        filler.row(&mut cursor, &mut self.rows.columns, self.rows.count)?;
        end_of_record(&mut cursor, lines)
    }
}

impl Work for JsonParse {
    type Output = Parsed;

    fn work(&mut self, chunk: Chunk) -> Parsed {
        let lines = matches!(chunk.part.layout, Layout::JsonLines);
        let stop = self.parse(&chunk, lines).err();
        self.rows.finish(&chunk, stop)
    }
}

/// Where the next record begins and ends.
pub(super) fn next_record(text: &[u8], at: usize, lines: bool) -> Option<(usize, usize)> {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || (!lines && *byte == b',');
    let start = at + text.get(at..)?.iter().position(|byte| !blank(byte))?;
    let end = match lines {
        true => memchr::memchr(b'\n', &text[start..]).map(|length| start + length),
        false => quick_end(text, start),
    };
    Some((start, end.unwrap_or(text.len())))
}

/// Nothing may stand behind the object on its line.
pub(super) fn end_of_record(cursor: &mut Cursor<'_>, lines: bool) -> Result<(), Flaw> {
    match cursor.peek() {
        Some(_) if lines => Err(cursor.wrong("the end of the line").hint("write one object a line")),
        _ => Ok(()),
    }
}

/// Refuses a byte that is no letter in a record.
pub(super) fn check_letters(chunk: &Chunk, start: usize, end: usize) -> Result<(), Flaw> {
    match std::str::from_utf8(&chunk.bytes()[start..end]) {
        Ok(_) => Ok(()),
        Err(error) => Err(no_letter_in(chunk, start + error.valid_up_to())),
    }
}

/// The flaw of a row that is no object.
pub(super) fn no_object(cursor: &Cursor<'_>) -> Flaw {
    match cursor.text.get(cursor.at) {
        Some(b'[') => cursor.wrong("an object").hint("if the file is one document, say so: `format: json`"),
        _ => cursor.wrong("an object").hint("a row is an object: `{\"name\": value, …}`"),
    }
}

/// Puts values into columns.
struct Filler<'a> {
    clean: &'a mut Vec<u8>,
}

impl Filler<'_> {
    fn row(&mut self, cursor: &mut Cursor<'_>, columns: &mut [Column], rows: usize) -> Result<(), Flaw> {
        if cursor.peek() != Some(b'{') {
            return Err(no_object(cursor));
        }
        let at = cursor.at;
        self.object(cursor, columns, rows, 0).map_err(|flaw| match flaw.code {
            Code::InvalidJson if flaw.hint.is_none() && cursor.at >= cursor.text.len() => {
                flaw.hint("an object over several lines is read with `format: json`")
            }
            _ => flaw,
        })?;
        fill_missing(columns, rows, at)
    }

    /// Puts the fields of the object that begins here into columns that have `rows` rows so far.
    fn object(
        &mut self,
        cursor: &mut Cursor<'_>,
        columns: &mut [Column],
        rows: usize,
        depth: usize,
    ) -> Result<(), Flaw> {
        cursor.check_depth(depth)?;
        cursor.at += 1;
        if cursor.pass(b'}') {
            return Ok(());
        }
        let mut expected = 0;
        loop {
            cursor.peek();
            let at = cursor.at;
            let key = cursor.key()?;
            let place = self.place(cursor, &key, columns, expected, at)?;
            let column = &mut columns[place];
            if column.len() > rows {
                let reason = format!("the key `{}` stands twice in one object", column.key);
                return Err(Flaw::new(Code::InvalidJson, at, reason).in_column(&column.name));
            }
            self.value(cursor, column, depth + 1)?;
            expected = place + 1;
            if !cursor.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// The column with this key, which is likely the expected one.
    fn place(
        &mut self,
        cursor: &Cursor<'_>,
        key: &Quoted,
        columns: &[Column],
        expected: usize,
        at: usize,
    ) -> Result<usize, Flaw> {
        let mut name = &cursor.text[key.range.clone()];
        if key.escaped {
            self.clean.clear();
            cursor.unescape(key, self.clean)?;
            name = self.clean;
        }
        let is = |column: &Column| column.key.as_bytes() == name;
        if columns.get(expected).is_some_and(is) {
            return Ok(expected);
        }
        columns.iter().position(is).ok_or_else(|| unknown_key(&String::from_utf8_lossy(name), columns, at))
    }

    fn value(&mut self, cursor: &mut Cursor<'_>, column: &mut Column, depth: usize) -> Result<(), Flaw> {
        let Some(first) = cursor.peek() else { return Err(cursor.wrong("a value")) };
        let at = cursor.at;
        match (first, &mut column.cells) {
            (b'n', _) => {
                cursor.word("null")?;
                column.push_null().map_err(|unfit| Flaw::unfit(at, &column.name, unfit))
            }
            (b'"', _) => self.string(cursor, column),
            (b't' | b'f', Cells::Boolean(values)) => {
                cursor.word(if first == b't' { "true" } else { "false" })?;
                values.append(first == b't');
                column.nulls.append_non_null();
                Ok(())
            }
            (b'-' | b'0'..=b'9', _) => number(cursor, column),
            (b'{', Cells::Struct(columns)) => {
                let rows = column.nulls.len();
                self.object(cursor, columns, rows, depth)?;
                fill_missing(columns, rows, at)?;
                column.nulls.append_non_null();
                Ok(())
            }
            (b'[', Cells::List(..)) => self.list(cursor, column, depth),
            _ => raw(cursor, column, depth),
        }
    }

    fn list(&mut self, cursor: &mut Cursor<'_>, column: &mut Column, depth: usize) -> Result<(), Flaw> {
        cursor.check_depth(depth)?;
        let Cells::List(offsets, item) = &mut column.cells else { return Err(cursor.wrong("a list")) };
        cursor.at += 1;
        if !cursor.pass(b']') {
            loop {
                self.value(cursor, item, depth + 1)?;
                if !cursor.more(b']')? {
                    break;
                }
            }
        }
        offsets.push(item.len() as i32);
        column.nulls.append_non_null();
        Ok(())
    }

    /// A string is text, or, for a type that JSON has no value of, what it spells.
    fn string(&mut self, cursor: &mut Cursor<'_>, column: &mut Column) -> Result<(), Flaw> {
        let at = cursor.at;
        let quoted = cursor.string()?;
        let raw = &cursor.text[quoted.range.clone()];
        if let Cells::Text(strings) | Cells::Binary(strings) = &mut column.cells {
            match quoted.escaped {
                false => strings.push(raw),
                true => {
                    cursor.unescape(&quoted, strings.open())?;
                    strings.close();
                }
            }
            column.nulls.append_non_null();
            return Ok(());
        }
        self.clean.clear();
        cursor.unescape(&quoted, self.clean)?;
        let has_own = matches!(
            column.cells,
            Cells::Boolean(_)
                | Cells::Int(_)
                | Cells::Long(_)
                | Cells::Float(_)
                | Cells::Double(_)
                | Cells::Undecided(_)
                | Cells::Struct(_)
                | Cells::List(..)
        );
        let pushed = match has_own && column.trust == Trust::Plain {
            true => Err(column.unfit(&cursor.text[at..cursor.at])),
            false => column.push_text(self.clean),
        };
        pushed.map_err(|unfit| Flaw::unfit(at, &column.name, unfit))
    }
}

/// Null for every column that the object did not name.
fn fill_missing(columns: &mut [Column], rows: usize, at: usize) -> Result<(), Flaw> {
    for column in columns.iter_mut().filter(|column| column.len() == rows) {
        column.push_null().map_err(|unfit| Flaw::unfit(at, &column.name, unfit))?;
    }
    Ok(())
}

fn number(cursor: &mut Cursor<'_>, column: &mut Column) -> Result<(), Flaw> {
    let at = cursor.at;
    let text = cursor.number()?;
    let fits = match &mut column.cells {
        Cells::Long(values) => plain_whole(text).map(|value| values.push(value)).is_some(),
        Cells::Double(values) if column.trust == Trust::Plain => match real(text, true) {
            Real::Number(value) => {
                values.push(value);
                true
            }
            _ => false,
        },
        Cells::Text(strings) => {
            strings.push(text);
            true
        }
        Cells::Int(_) | Cells::Float(_) | Cells::Double(_) | Cells::Decimal(..) => {
            return column.push_text(text).map_err(|unfit| Flaw::unfit(at, &column.name, unfit));
        }
        _ => false,
    };
    if !fits {
        return Err(Flaw::unfit(at, &column.name, column.unfit(text)));
    }
    column.nulls.append_non_null();
    Ok(())
}

/// A value as its own JSON text, in a column of text.
fn raw(cursor: &mut Cursor<'_>, column: &mut Column, depth: usize) -> Result<(), Flaw> {
    let at = cursor.at;
    let range = cursor.value(depth)?;
    let text = &cursor.text[range];
    match &mut column.cells {
        Cells::Text(strings) => {
            strings.push(text);
            column.nulls.append_non_null();
            Ok(())
        }
        _ => Err(Flaw::unfit(at, &column.name, column.unfit(text))),
    }
}

#[cold]
fn unknown_key(name: &str, columns: &[Column], at: usize) -> Flaw {
    let above = columns.first().and_then(|column| column.name.strip_suffix(&*column.key)).unwrap_or_default();
    let flaw = Flaw::new(Code::SchemaChange, at, format!("the object has a key `{above}{name}` that the table lacks"));
    match suggestion(name, columns.iter().map(|column| &*column.key)) {
        Some(near) => flaw.hint(near),
        None => {
            flaw.hint("remove the key, load into another table, or set such rows aside with `on_error: quarantine`")
        }
    }
}
