//! What a partition value says about the column behind it.

use bywash_iceberg_spec::{Datum, Transform, Type};

use super::calendar::{DAY, HOUR, first_of_month, first_of_month_since_1970};

/// The least and the greatest value that a column of type `source` can have where the partition value is `value`.
///
/// `None` where the value says nothing: buckets, dropped fields, NaN, texts beyond which there is no next text.
#[must_use]
pub fn range_of(transform: Transform, value: &Datum, source: &Type) -> Option<(Datum, Datum)> {
    match transform {
        Transform::Identity => same(value),
        Transform::Truncate(width) => truncated(value, width),
        Transform::Year | Transform::Month | Transform::Day | Transform::Hour => temporal(transform, value, source),
        Transform::Bucket(_) | Transform::Void => None,
    }
}

/// Zero has two signs that SQL does not tell apart.
fn same(value: &Datum) -> Option<(Datum, Datum)> {
    match value {
        _ if value.is_nan() => None,
        Datum::Float(zero) if *zero == 0.0 => Some((Datum::Float(-0.0), Datum::Float(0.0))),
        Datum::Double(zero) if *zero == 0.0 => Some((Datum::Double(-0.0), Datum::Double(0.0))),
        _ => Some((value.clone(), value.clone())),
    }
}

fn truncated(value: &Datum, width: u32) -> Option<(Datum, Datum)> {
    let upper = match value {
        // A value that is no multiple came from an overflow at the end of the type: it says nothing.
        Datum::Int(low) => {
            let whole = low.rem_euclid(i32::try_from(width).ok()?) == 0;
            whole.then(|| Datum::Int(low.saturating_add_unsigned(width - 1)))?
        }
        Datum::Long(low) => {
            let whole = low.rem_euclid(i64::from(width)) == 0;
            whole.then(|| Datum::Long(low.saturating_add_unsigned(u64::from(width) - 1)))?
        }
        Datum::Decimal { unscaled, precision, scale } => {
            let whole = unscaled.rem_euclid(i128::from(width)) == 0;
            let upper = whole.then(|| unscaled.saturating_add(i128::from(width) - 1))?;
            Datum::Decimal { unscaled: upper, precision: *precision, scale: *scale }
        }
        Datum::String(text) if text.chars().count() < width as usize => value.clone(),
        Datum::String(text) => Datum::String(next_text(text)?),
        Datum::Binary(bytes) if bytes.len() < width as usize => value.clone(),
        Datum::Binary(bytes) => Datum::Binary(next_bytes(bytes)?),
        _ => return None,
    };
    Some((value.clone(), upper))
}

/// The least text that is greater than every text beginning with this one.
pub(super) fn next_text(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        let next = match last {
            // Between these two no character exists.
            '\u{d7ff}' => Some('\u{e000}'),
            _ => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

/// The least bytes that are greater than all that begin with these.
pub(super) fn next_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    while let Some(last) = bytes.pop() {
        if let Some(next) = last.checked_add(1) {
            bytes.push(next);
            return Some(bytes);
        }
    }
    None
}

fn temporal(transform: Transform, value: &Datum, source: &Type) -> Option<(Datum, Datum)> {
    let number = match value {
        Datum::Int(number) | Datum::Date(number) => i64::from(*number),
        _ => return None,
    };
    let (first, last) = match transform {
        Transform::Year => (first_of_month(1970 + number, 1), first_of_month(1971 + number, 1) - 1),
        Transform::Month => (first_of_month_since_1970(number), first_of_month_since_1970(number + 1) - 1),
        Transform::Day => (number, number),
        _ if number == i64::from(i32::MIN) || number == i64::from(i32::MAX) => return None,
        _ => return micros(number * HOUR, (number + 1) * HOUR - 1, source),
    };
    match source {
        Type::Date => {
            let saturate = |days: i64| i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX });
            Some((Datum::Date(saturate(first)), Datum::Date(saturate(last))))
        }
        // Days of the calendar that no timestamp reaches are cut off at the ends.
        _ => micros(first.saturating_mul(DAY), last.saturating_add(1).saturating_mul(DAY).saturating_sub(1), source),
    }
}

fn micros(first: i64, last: i64, source: &Type) -> Option<(Datum, Datum)> {
    match source {
        Type::Timestamp => Some((Datum::Timestamp(first), Datum::Timestamp(last))),
        Type::Timestamptz => Some((Datum::Timestamptz(first), Datum::Timestamptz(last))),
        _ => None,
    }
}
