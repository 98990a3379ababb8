//! Putting one value into a column, or saying why it does not fit.

use super::super::flaw::piece;
use super::column::{Cells, Column, Trust};
use super::decimals::{NoDecimal, decimal};
use super::numbers::{Real, loose_whole, plain_whole, real};
use super::times::{Moment, time_of_day};
use super::truth::{loose_truth, plain_truth};
use bywash_engine::TypeName;

/// Why a value does not fit a column.
#[derive(Debug)]
pub(crate) struct Unfit {
    /// What is wrong, with a piece of the value.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) hint: String,
}

/// Whether a text often stands for nothing.
pub(crate) fn is_likely_null(text: &[u8]) -> bool {
    LIKELY_NULLS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(text))
}

/// Texts that often stand for nothing.
const LIKELY_NULLS: [&str; 12] = ["na", "n/a", "null", "none", "nil", "-", "--", "?", ".", "\\n", "nan", "#n/a"];

impl Column {
    /// Adds a null.
    #[inline]
    pub(crate) fn push_null(&mut self) -> Result<(), Unfit> {
        if !self.nullable {
            return Err(self.missing());
        }
        match &mut self.cells {
            Cells::Undecided(count) => *count += 1,
            Cells::Boolean(values) => values.append(false),
            Cells::Int(values) | Cells::Date(values) => values.push(0),
            Cells::Long(values) | Cells::Time(values) | Cells::Timestamp(values, _) => values.push(0),
            Cells::Float(values) => values.push(0.0),
            Cells::Double(values) => values.push(0.0),
            Cells::Decimal(values, ..) => values.push(0),
            Cells::Text(strings) | Cells::Binary(strings) => strings.close(),
            Cells::Struct(columns) => {
                for column in columns {
                    column.push_hidden();
                }
            }
            Cells::List(offsets, item) => offsets.push(item.len() as i32),
        }
        self.nulls.append_null();
        Ok(())
    }

    /// Adds a null below a null, where even a required column has one.
    fn push_hidden(&mut self) {
        let nullable = std::mem::replace(&mut self.nullable, true);
        let pushed = self.push_null();
        self.nullable = nullable;
        debug_assert!(pushed.is_ok(), "a null fits a nullable column");
    }

    /// Adds the value that `text` stands for. Spaces around anything but text do not count.
    pub(crate) fn push_text(&mut self, text: &[u8]) -> Result<(), Unfit> {
        let fits = match &mut self.cells {
            Cells::Text(strings) | Cells::Binary(strings) => {
                strings.push(text);
                true
            }
            _ => self.push_typed(text.trim_ascii()),
        };
        if !fits {
            return Err(self.unfit(text));
        }
        self.nulls.append_non_null();
        Ok(())
    }

    /// Whether an empty or blank text is null here: it is nothing that the type could hold.
    #[inline]
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.cells, Cells::Text(_) | Cells::Binary(_))
    }

    fn push_typed(&mut self, text: &[u8]) -> bool {
        let loose = self.trust == Trust::Loose;
        let whole = |text: &[u8]| if loose { loose_whole(text) } else { plain_whole(text) };
        let number = |text: &[u8]| match real(text, !loose) {
            Real::Number(value) | Real::Special(value) => Some(value),
            Real::Lossy if loose => {
                let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
                value.filter(|value| value.is_finite())
            }
            Real::Lossy | Real::None => None,
        };
        match &mut self.cells {
            Cells::Boolean(values) => {
                let value = if loose { loose_truth(text) } else { plain_truth(text) };
                value.map(|value| values.append(value)).is_some()
            }
            Cells::Int(values) => {
                let value = whole(text).and_then(|value| i32::try_from(value).ok());
                value.map(|value| values.push(value)).is_some()
            }
            Cells::Long(values) => whole(text).map(|value| values.push(value)).is_some(),
            Cells::Double(values) => number(text).map(|value| values.push(value)).is_some(),
            Cells::Float(values) => {
                let value = number(text).map(|value| (value, value as f32));
                let value = value.filter(|(wide, value)| value.is_finite() || !wide.is_finite());
                value.map(|(_, value)| values.push(value)).is_some()
            }
            Cells::Decimal(values, precision, scale) => {
                let value = decimal(text, *precision, *scale, !loose).ok();
                value.map(|value| values.push(value)).is_some()
            }
            _ => self.push_moment(text),
        }
    }

    fn push_moment(&mut self, text: &[u8]) -> bool {
        let loose = self.trust == Trust::Loose;
        match &mut self.cells {
            Cells::Time(values) => match time_of_day(text) {
                Some((micros, finer)) => {
                    values.push(micros);
                    self.finer += u64::from(finer);
                    true
                }
                None => false,
            },
            Cells::Date(values) => match self.formats.moment(text) {
                Some(Moment::Day(days)) => {
                    values.push(days);
                    true
                }
                _ => false,
            },
            Cells::Timestamp(values, zoned) => match self.formats.moment(text) {
                // A declared moment without a zone is one in UTC; nothing else may lose or gain a zone.
                Some(Moment::Stamp(stamp)) if stamp.zoned == *zoned || (*zoned && loose) => {
                    values.push(stamp.micros);
                    self.finer += u64::from(stamp.finer);
                    true
                }
                Some(Moment::Day(days)) if !*zoned || loose => {
                    values.push(i64::from(days) * 86_400_000_000);
                    true
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Why this text does not fit.
    pub(crate) fn unfit(&self, text: &[u8]) -> Unfit {
        let shown = piece(text);
        Unfit { reason: format!("`{shown}` {}", self.complaint(text.trim_ascii())), hint: self.advice(text) }
    }

    fn missing(&self) -> Unfit {
        Unfit {
            reason: "a value is missing, and the column must have one".to_owned(),
            hint: "set such rows aside with `on_error: quarantine`".to_owned(),
        }
    }

    fn complaint(&self, text: &[u8]) -> String {
        let loose = self.trust == Trust::Loose;
        match &self.cells {
            Cells::Undecided(_) => "is the first value of a column that was empty so far".to_owned(),
            Cells::Boolean(_) => "is neither `true` nor `false`".to_owned(),
            Cells::Int(_) if loose_whole(text).is_some_and(|value| i32::try_from(value).is_err()) => {
                "is too large for an int of 32 bits".to_owned()
            }
            Cells::Int(_) | Cells::Long(_) => "is not a whole number".to_owned(),
            Cells::Float(_) | Cells::Double(_) => match real(text, !loose) {
                Real::None => "is not a number".to_owned(),
                _ => "has more digits than the type holds".to_owned(),
            },
            Cells::Decimal(_, precision, scale) => {
                let kind = TypeName::Decimal(*precision, *scale);
                match decimal(text, *precision, *scale, !loose) {
                    Err(NoDecimal::Large) => format!("is too large for {kind}"),
                    Err(NoDecimal::Fraction) => format!("has more digits behind the point than {kind}"),
                    _ => "is not a number".to_owned(),
                }
            }
            Cells::Date(_) => "is not a date like 2024-01-31".to_owned(),
            Cells::Time(_) => "is not a time like 23:59:59".to_owned(),
            Cells::Timestamp(_, zoned) => match self.formats.moment(text) {
                Some(Moment::Stamp(stamp)) if stamp.zoned && !zoned => "has a zone, and the column has none".to_owned(),
                Some(_) => "has no zone, and the column has one".to_owned(),
                None => "is not a time like 2024-01-31 23:59:59".to_owned(),
            },
            _ => format!("is not a {}", TypeName::word(self.target())),
        }
    }

    fn advice(&self, text: &[u8]) -> String {
        let name = self.name.split('.').next().unwrap_or_default();
        let text = String::from_utf8_lossy(text.trim_ascii());
        if is_likely_null(text.as_bytes()) {
            return format!("if `{text}` means null, say so in the source: `null_values: [\"\", \"{text}\"]`");
        }
        if let Cells::Timestamp(_, zoned) = &self.cells
            && matches!(self.formats.moment(text.as_bytes()), Some(Moment::Stamp(stamp)) if stamp.zoned != *zoned)
        {
            let kind = if *zoned { "timestamp" } else { "timestamptz" };
            return format!("declare the other type in the source: `columns: {{{name}: {kind}}}`");
        }
        format!(
            "correct the value, declare another type in the source (`columns: {{{name}: string}}`), \
             or set such rows aside with `on_error: quarantine`"
        )
    }
}
