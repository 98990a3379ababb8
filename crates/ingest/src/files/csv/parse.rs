//! Records into columns: the loop that every byte of a CSV file passes through.
//!
//! Each field goes straight from the chunk into its column. The two commonest cases, a plain whole number and
//! text without quotes, are done without looking for the field's end first.

use std::sync::Arc;

use bywash_core::{Code, counted, suggestion};

use super::super::columns::{Cells, Column};
use super::super::flaw::{Flaw, piece};
use super::super::ordered::Work;
use super::super::rows::Rows;
use super::super::text::{Chunk, Layout, Parsed, Stop, TextPart};
use super::cut::record_end;
use super::dialect::{CsvLayout, CsvSettings, Dialect, Nulls, count_fields, skipped};
use super::fields::{content, field, stop, unquoted};

/// Parses the chunks of CSV files into one schema.
pub(crate) struct CsvParse {
    settings: Arc<CsvSettings>,
    rows: Rows,
    /// Where the fields of the part being read go.
    plan: Option<Plan>,
    clean: Vec<u8>,
}

/// Which field goes into which column, for one part.
struct Plan {
    part: Arc<TextPart>,
    /// The column of each field.
    columns: Vec<usize>,
    /// The columns that no field fills.
    absent: Vec<usize>,
}

/// A record that is read.
pub(super) enum Record {
    /// It is a row, and the next begins here.
    Row(usize),
    /// It is nothing: blanks only.
    Blank(usize),
}

impl CsvParse {
    /// Fills `rows`.
    pub(crate) fn new(settings: &Arc<CsvSettings>, rows: Rows) -> Self {
        Self { settings: Arc::clone(settings), rows, plan: None, clean: Vec::new() }
    }

    fn parse(&mut self, chunk: &Chunk, layout: &CsvLayout) -> Result<(), Box<Stop>> {
        self.plan_part(chunk, layout)?;
        let text = chunk.bytes();
        let sound = simdutf8::basic::from_utf8(text).is_ok();
        let dialect = &layout.dialect;
        let mut at = 0;
        while at < text.len() {
            if let Some(end) = skipped(text, at, dialect) {
                at = end;
                continue;
            }
            let read = if sound { Ok(()) } else { check_letters(chunk, at, layout) };
            match read.and_then(|()| self.record(text, at, layout)) {
                Ok(Record::Row(next)) => {
                    self.rows.count += 1;
                    at = next;
                }
                Ok(Record::Blank(next)) => {
                    self.rows.undo();
                    at = next;
                }
                Err(flaw) => {
                    let end = end_of_wrong(text, at, dialect);
                    let flaw = root_cause(text, at, layout, flaw);
                    self.rows.wrong(chunk, at, end, flaw)?;
                    at = end;
                }
            }
        }
        Ok(())
    }

    /// Finds out which field goes where when a new part begins.
    fn plan_part(&mut self, chunk: &Chunk, layout: &CsvLayout) -> Result<(), Box<Stop>> {
        if self.plan.as_ref().is_some_and(|plan| Arc::ptr_eq(&plan.part, &chunk.part)) {
            return Ok(());
        }
        let mut columns = Vec::new();
        for name in &layout.names {
            let folded = name.to_lowercase();
            let exact = self.rows.columns.iter().position(|column| *column.name == **name);
            let place =
                exact.or_else(|| self.rows.columns.iter().position(|column| column.name.to_lowercase() == folded));
            match place {
                Some(place) => columns.push(place),
                None => {
                    let flaw = unknown_column(name, &self.rows.columns);
                    return self.rows.wrong_part(chunk, flaw);
                }
            }
        }
        let absent: Vec<usize> = (0..self.rows.columns.len()).filter(|place| !columns.contains(place)).collect();
        self.plan = Some(Plan { part: Arc::clone(&chunk.part), columns, absent });
        Ok(())
    }

    /// Reads the record at `at` into the columns.
    fn record(&mut self, text: &[u8], mut at: usize, layout: &CsvLayout) -> Result<Record, Flaw> {
        let Some(plan) = &self.plan else { return Err(Flaw::new(Code::Bug, at, "a part has no plan")) };
        let (dialect, nulls) = (&layout.dialect, &self.settings.nulls);
        let (start, fields) = (at, plan.columns.len());
        for (place, column) in plan.columns.iter().enumerate() {
            let (next, last) = take(text, at, &mut self.rows.columns[*column], dialect, nulls, &mut self.clean)?;
            at = next;
            if last != (place + 1 == fields) {
                return check_count(text, start, layout);
            }
        }
        for column in &plan.absent {
            let column = &mut self.rows.columns[*column];
            column.push_null().map_err(|unfit| Flaw::unfit(start, &column.name, unfit))?;
        }
        Ok(Record::Row(at))
    }
}

impl Work for CsvParse {
    type Output = Parsed;

    fn work(&mut self, chunk: Chunk) -> Parsed {
        let part = Arc::clone(&chunk.part);
        let stop = match &part.layout {
            Layout::Csv(layout) => self.parse(&chunk, layout).err(),
            Layout::JsonLines | Layout::JsonValues => None,
        };
        self.rows.finish(&chunk, stop)
    }
}

/// Reads the field at `at` into `column`; where the next begins, and whether the record is over.
#[inline]
fn take(
    text: &[u8],
    at: usize,
    column: &mut Column,
    dialect: &Dialect,
    nulls: &Nulls,
    clean: &mut Vec<u8>,
) -> Result<(usize, bool), Flaw> {
    match &mut column.cells {
        Cells::Long(values) if !nulls.typed => {
            if let Some((value, end)) = quick_whole(text, at)
                && let byte = text[end]
                && (byte == dialect.delimiter || byte == dialect.newline)
            {
                values.push(value);
                column.nulls.append_non_null();
                return Ok((end + 1, byte != dialect.delimiter));
            }
        }
        Cells::Text(strings) if dialect.quote != Some(text[at]) => {
            let field = unquoted(text, at, stop(text, at, dialect), dialect);
            let value = &text[field.start..field.end];
            if !nulls.is_null_text(value, false) {
                strings.push(value);
                column.nulls.append_non_null();
                return Ok((field.next, field.last));
            }
        }
        _ => {}
    }
    let field = field(text, at, dialect).map_err(|flaw| flaw.in_column(&column.name))?;
    let value = content(text, &field, dialect, clean);
    // A column without a type may still become text, so it is asked like one.
    let null = match column.is_text() || matches!(column.cells, Cells::Undecided(_)) {
        true => nulls.is_null_text(value, field.quoted),
        false => nulls.is_null_typed(value),
    };
    let pushed = if null { column.push_null() } else { column.push_text(value) };
    pushed.map_err(|unfit| Flaw::unfit(at, &column.name, unfit))?;
    Ok((field.next, field.last))
}

/// The plain whole number at `at` of up to 18 digits, and where it ends.
#[inline]
pub(super) fn quick_whole(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = text[at] == b'-';
    let start = at + usize::from(negative);
    let (mut end, mut value) = (start, 0_i64);
    while let Some(digit) = text.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit <= 9) {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        end += 1;
    }
    let plain = match end - start {
        1 => !(negative && value == 0),
        2..=18 => text[start] != b'0',
        _ => false,
    };
    (plain && end < text.len()).then_some((if negative { -value } else { value }, end))
}

/// Whether the record has as many fields as there are columns; one of only blanks is none.
#[cold]
pub(super) fn check_count(text: &[u8], start: usize, layout: &CsvLayout) -> Result<Record, Flaw> {
    let (dialect, expected) = (&layout.dialect, layout.names.len());
    let end = record_end(text, start, dialect).unwrap_or(text.len());
    let record = &text[start..end];
    let found = count_fields(&text[..end], start, dialect);
    if found == expected {
        return Ok(Record::Row(end));
    }
    if found < expected && record.iter().all(u8::is_ascii_whitespace) {
        return Ok(Record::Blank(end));
    }
    let record = piece(record.trim_ascii_end());
    if found > expected {
        let message = format!("{} where {expected} are expected, in `{record}`", counted(found as u64, "field"));
        return Err(Flaw::new(Code::CsvFieldCount, start, message)
            .hint("put fields that hold the delimiter in quotes, or set such rows aside with `on_error: quarantine`"));
    }
    let missing = layout.names.get(found).map_or("", String::as_str);
    let found = counted(found as u64, "field");
    let message = format!("{found} where {expected} are expected: `{missing}` is missing, in `{record}`");
    let flaw = Flaw::new(Code::CsvFieldCount, start, message);
    Err(match end == text.len() {
        true => flaw.hint("a file that was cut ends like this; or the delimiter is not the right one"),
        false => flaw.hint("correct the record, or set such rows aside with `on_error: quarantine`"),
    })
}

/// A value in the wrong place is the fault of a delimiter too many or too few, not of the value.
#[cold]
fn root_cause(text: &[u8], at: usize, layout: &CsvLayout, flaw: Flaw) -> Flaw {
    if flaw.code != Code::InvalidValue {
        return flaw;
    }
    match check_count(text, at, layout) {
        Ok(_) => flaw,
        Err(miscount) => miscount,
    }
}

/// Where a wrong record ends. If a quote in it never closes, only its first line is given up.
#[cold]
pub(super) fn end_of_wrong(text: &[u8], at: usize, dialect: &Dialect) -> usize {
    record_end(text, at, dialect)
        .or_else(|| memchr::memchr(dialect.newline, &text[at..]).map(|length| at + length + 1))
        .unwrap_or(text.len())
}

/// Finds the byte that is no letter in the record at `at`, if it is in this one.
#[cold]
pub(super) fn check_letters(chunk: &Chunk, at: usize, layout: &CsvLayout) -> Result<(), Flaw> {
    let text = chunk.bytes();
    let end = end_of_wrong(text, at, &layout.dialect);
    let Err(error) = std::str::from_utf8(&text[at..end]) else { return Ok(()) };
    let wrong = at + error.valid_up_to();
    let flaw = super::super::flaw::no_letter_in(chunk, wrong);
    let mut place = 0;
    let mut from = at;
    while let Ok(field) = field(&text[..end], from, &layout.dialect) {
        if field.last || field.next > wrong {
            break;
        }
        (from, place) = (field.next, place + 1);
    }
    Err(match layout.names.get(place) {
        Some(name) => flaw.in_column(&name.as_str().into()),
        None => flaw,
    })
}

fn unknown_column(name: &str, columns: &[Column]) -> Flaw {
    let flaw = Flaw::new(Code::SchemaChange, 0, format!("the file has a column `{name}` that the table lacks"));
    match suggestion(name, columns.iter().map(|column| &*column.name)) {
        Some(near) => flaw.hint(near),
        None => flaw.hint("remove the column from the file, or load it into another table"),
    }
}
