//! Dates and times in text: ISO 8601 as machines write it, and the formats that a source names.

use std::sync::Arc;

use chrono::format::{Fixed, Item, Numeric, Parsed, StrftimeItems, parse};
use chrono::{Datelike, NaiveDate, NaiveTime};

const MICROS_A_SECOND: i64 = 1_000_000;
const SECONDS_A_DAY: i64 = 86_400;

/// A point in time as a text tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Microseconds since 1970, in UTC where a zone is told.
    pub(crate) micros: i64,
    /// Whether a zone is told.
    pub(crate) zoned: bool,
    /// Whether the text tells more than microseconds.
    pub(crate) finer: bool,
}

/// What a text is as a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// A day: days since 1970.
    Day(i32),
    /// A day with a time.
    Stamp(Stamp),
}

/// Days since 1970 of a day of the proleptic Gregorian calendar, if there is such a day.
#[inline]
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if !(1..=12).contains(&month) || day < 1 || year < 1 {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if day > LENGTHS[month as usize] + i64::from(month == 2 && leap) {
        return None;
    }
    // Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[inline]
fn pair(text: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (text.get(at)?.wrapping_sub(b'0'), text.get(at + 1)?.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then_some(i64::from(tens * 10 + ones))
}

/// The day at the start of `text`: `2013-01-31`.
#[inline]
fn leading_day(text: &[u8]) -> Option<i64> {
    if text.len() < 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    days(pair(text, 0)? * 100 + pair(text, 2)?, pair(text, 5)?, pair(text, 8)?)
}

/// The time of day at the start of `text`: microseconds, the length read, whether it tells more.
#[inline]
fn leading_time(text: &[u8]) -> Option<(i64, usize, bool)> {
    if text.len() < 5 || text[2] != b':' {
        return None;
    }
    let (hour, minute) = (pair(text, 0)?, pair(text, 3)?);
    let (second, mut at) = if text.get(5) == Some(&b':') { (pair(text, 6)?, 8) } else { (0, 5) };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (mut fraction, mut finer) = (0, false);
    if at == 8 && matches!(text.get(at), Some(b'.' | b',')) {
        let start = at + 1;
        at = start;
        while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
            let digit = i64::from(digit - b'0');
            match at - start {
                place @ 0..6 => fraction += digit * 10_i64.pow(5 - place as u32),
                6..9 => finer |= digit != 0,
                _ => return None,
            }
            at += 1;
        }
        if at == start {
            return None;
        }
    }
    Some((((hour * 60 + minute) * 60 + second) * MICROS_A_SECOND + fraction, at, finer))
}

/// Seconds east of UTC told by a zone that is the whole of `text`; `None` inside if nothing is told.
#[inline]
fn zone(text: &[u8]) -> Option<Option<i64>> {
    let seconds = |hours: i64, minutes: i64, sign: u8| {
        let east = (hours * 60 + minutes) * 60;
        (hours <= 18 && minutes <= 59).then_some(Some(if sign == b'-' { -east } else { east }))
    };
    match text {
        [] => Some(None),
        [b'Z' | b'z'] => Some(Some(0)),
        [b' ', rest @ ..] if !rest.is_empty() && rest[0] != b' ' => zone(rest),
        [sign @ (b'+' | b'-'), rest @ ..] => match rest.len() {
            2 => seconds(pair(rest, 0)?, 0, *sign),
            4 => seconds(pair(rest, 0)?, pair(rest, 2)?, *sign),
            5 if rest[2] == b':' => seconds(pair(rest, 0)?, pair(rest, 3)?, *sign),
            _ => None,
        },
        _ if text.eq_ignore_ascii_case(b"utc") => Some(Some(0)),
        _ => None,
    }
}

/// What `text` is by ISO 8601.
#[inline]
pub(crate) fn iso(text: &[u8]) -> Option<Moment> {
    let day = leading_day(text)?;
    if text.len() == 10 {
        return Some(Moment::Day(day as i32));
    }
    if !matches!(text[10], b'T' | b't' | b' ') {
        return None;
    }
    let (time, length, finer) = leading_time(&text[11..])?;
    let east = zone(&text[11 + length..])?;
    let micros = (day * SECONDS_A_DAY - east.unwrap_or(0)) * MICROS_A_SECOND + time;
    Some(Moment::Stamp(Stamp { micros, zoned: east.is_some(), finer }))
}

/// The time of day that is the whole of `text`: microseconds, and whether it tells more.
pub(crate) fn time_of_day(text: &[u8]) -> Option<(i64, bool)> {
    let (micros, length, finer) = leading_time(text)?;
    (length == text.len()).then_some((micros, finer))
}

/// Formats that a source names, in the order named.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeFormats(Arc<[Named]>);

#[derive(Debug)]
struct Named {
    items: Vec<Item<'static>>,
    timed: bool,
    zoned: bool,
}

impl TimeFormats {
    /// Reads the formats; the first that is none is given back.
    pub(crate) fn new(formats: &[String]) -> Result<Self, String> {
        let named = formats.iter().map(|format| {
            let items = StrftimeItems::new(format).parse_to_owned().map_err(|_| format.clone())?;
            let has = |wanted: fn(&Item) -> bool| items.iter().any(wanted);
            let timed =
                has(|item| matches!(item, Item::Numeric(Numeric::Hour | Numeric::Hour12 | Numeric::Timestamp, _)));
            let zoned = has(|item| {
                use Fixed::{RFC2822, RFC3339, TimezoneOffset, TimezoneOffsetColon, TimezoneOffsetColonZ};
                use Fixed::{TimezoneOffsetDoubleColon, TimezoneOffsetTripleColon, TimezoneOffsetZ};
                matches!(
                    item,
                    Item::Fixed(
                        TimezoneOffset
                            | TimezoneOffsetColon
                            | TimezoneOffsetColonZ
                            | TimezoneOffsetDoubleColon
                            | TimezoneOffsetTripleColon
                            | TimezoneOffsetZ
                            | RFC2822
                            | RFC3339
                    ) | Item::Numeric(Numeric::Timestamp, _)
                )
            });
            Ok(Named { items, timed, zoned })
        });
        Ok(Self(named.collect::<Result<Vec<_>, String>>()?.into()))
    }

    /// Whether none is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What `text` is by ISO 8601 or by the first format that fits.
    #[inline]
    pub(crate) fn moment(&self, text: &[u8]) -> Option<Moment> {
        iso(text).or_else(|| self.named(text))
    }

    fn named(&self, text: &[u8]) -> Option<Moment> {
        if self.0.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        self.0.iter().find_map(|format| format.moment(text))
    }
}

impl Named {
    fn moment(&self, text: &str) -> Option<Moment> {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).ok()?;
        if self.zoned {
            let moment = parsed.to_datetime().ok()?;
            return Some(stamp(moment.timestamp(), moment.timestamp_subsec_nanos(), true));
        }
        let day = parsed.to_naive_date().ok()?;
        if !self.timed {
            return Some(Moment::Day(days_of(day)));
        }
        let time: NaiveTime = parsed.to_naive_time().ok()?;
        let moment = day.and_time(time).and_utc();
        Some(stamp(moment.timestamp(), moment.timestamp_subsec_nanos(), false))
    }
}

fn stamp(seconds: i64, nanos: u32, zoned: bool) -> Moment {
    let micros = seconds * MICROS_A_SECOND + i64::from(nanos / 1_000);
    Moment::Stamp(Stamp { micros, zoned, finer: !nanos.is_multiple_of(1_000) })
}

fn days_of(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - 719_163
}
