//! What has been seen in a column of text: a set of kinds of values, and the one type that holds them all.

use std::ops::{BitOr, BitOrAssign};

use arrow::datatypes::{DataType, TimeUnit};

use super::super::columns::numbers::{Real, is_exact, plain_whole, real};
use super::super::columns::times::{Moment, TimeFormats};
use super::super::columns::{is_likely_null, plain_truth};
use bywash_engine::UTC;

/// A set of kinds of values. The empty set means that nothing but nulls has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    pub(crate) const BOOLEAN: Self = Self(1);
    pub(crate) const WHOLE: Self = Self(1 << 1);
    /// A whole number that a double does not hold exactly.
    pub(crate) const WIDE: Self = Self(1 << 2);
    pub(crate) const REAL: Self = Self(1 << 3);
    /// `NaN` or an infinity.
    pub(crate) const SPECIAL: Self = Self(1 << 4);
    pub(crate) const DAY: Self = Self(1 << 5);
    pub(crate) const STAMP: Self = Self(1 << 6);
    pub(crate) const ZONED: Self = Self(1 << 7);
    pub(crate) const TEXT: Self = Self(1 << 8);
    /// A number with more digits than any of our number types hold.
    pub(crate) const LOSSY: Self = Self(1 << 9);
    /// A text that often stands for nothing, such as `NA`.
    pub(crate) const PLACEHOLDER: Self = Self(1 << 10);

    /// The kind of one text that is not null.
    pub(crate) fn of(text: &[u8], formats: &TimeFormats) -> Self {
        let text = text.trim_ascii();
        match text.first() {
            Some(b'0'..=b'9' | b'-' | b'.') => Self::of_number(text, formats),
            _ => match formats.moment(text) {
                Some(moment) => Self::of_moment(moment),
                None if plain_truth(text).is_some() => Self::BOOLEAN,
                None if matches!(real(text, true), Real::Special(_)) => Self::SPECIAL,
                None => Self::of_word(text),
            },
        }
    }

    fn of_number(text: &[u8], formats: &TimeFormats) -> Self {
        if let Some(moment) = formats.moment(text) {
            return Self::of_moment(moment);
        }
        if let Some(value) = plain_whole(text) {
            return if is_exact(value) { Self::WHOLE } else { Self::WIDE };
        }
        match real(text, true) {
            Real::Number(_) => Self::REAL,
            Real::Special(_) => Self::SPECIAL,
            Real::Lossy => Self::LOSSY,
            Real::None => Self::of_word(text),
        }
    }

    fn of_word(text: &[u8]) -> Self {
        if is_likely_null(text) { Self::PLACEHOLDER } else { Self::TEXT }
    }

    fn of_moment(moment: Moment) -> Self {
        match moment {
            Moment::Day(_) => Self::DAY,
            Moment::Stamp(stamp) if stamp.zoned => Self::ZONED,
            Moment::Stamp(_) => Self::STAMP,
        }
    }

    /// Whether only nulls have been seen.
    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether nothing that is still to come can make it anything but text.
    #[inline]
    pub(crate) fn is_text(self) -> bool {
        self.0 & (Self::TEXT.0 | Self::LOSSY.0 | Self::PLACEHOLDER.0) != 0
    }

    /// Whether it is text for good: one of placeholders alone would have a type without them.
    #[inline]
    pub(crate) fn is_settled(self) -> bool {
        self.0 & (Self::TEXT.0 | Self::LOSSY.0) != 0
    }

    /// Whether there are texts that are no placeholders.
    pub(crate) fn is_word(self) -> bool {
        self.has(Self::TEXT)
    }

    /// Whether there are placeholders.
    pub(crate) fn is_placeholder(self) -> bool {
        self.has(Self::PLACEHOLDER)
    }

    /// Whether there are values that are more than texts; `NaN` alone may be a name.
    pub(crate) fn is_typed(self) -> bool {
        self.0 & !(Self::TEXT.0 | Self::PLACEHOLDER.0 | Self::SPECIAL.0) != 0
    }

    /// What values of several types a column holds that has become text without any text in it.
    pub(crate) fn mixture(self) -> Option<String> {
        if self.is_text() || self.kind() != DataType::Utf8 || self.loss().is_some() {
            return None;
        }
        let words = [
            (&[Self::BOOLEAN][..], "truth values"),
            (&[Self::WHOLE, Self::WIDE, Self::REAL, Self::SPECIAL], "numbers"),
            (&[Self::DAY], "dates"),
            (&[Self::STAMP], "times without a zone"),
            (&[Self::ZONED], "times with a zone"),
        ];
        let there = words.iter().filter(|(kinds, _)| kinds.iter().any(|kind| self.has(*kind)));
        Some(there.map(|(_, word)| *word).collect::<Vec<_>>().join(" and "))
    }

    fn within(self, all: &[Self]) -> bool {
        self.0 & !all.iter().fold(0, |bits, kind| bits | kind.0) == 0
    }

    fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }

    /// The type that holds everything seen without loss; `Null` if that cannot be said yet.
    pub(crate) fn kind(self) -> DataType {
        let timestamp = |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
        if self.within(&[Self::SPECIAL]) {
            DataType::Null
        } else if self == Self::BOOLEAN {
            DataType::Boolean
        } else if self.within(&[Self::WHOLE, Self::WIDE]) {
            DataType::Int64
        } else if self.within(&[Self::WHOLE, Self::REAL, Self::SPECIAL]) {
            DataType::Float64
        } else if self == Self::DAY {
            DataType::Date32
        } else if self.within(&[Self::DAY, Self::STAMP]) {
            timestamp(None)
        } else if self == Self::ZONED {
            timestamp(Some(UTC))
        } else {
            DataType::Utf8
        }
    }

    /// Why a column of numbers had to become text, if that is what it is.
    pub(crate) fn loss(self) -> Option<&'static str> {
        let numbers = [Self::WHOLE, Self::WIDE, Self::REAL, Self::SPECIAL, Self::LOSSY];
        if !self.within(&numbers) || self.kind() != DataType::Utf8 {
            return None;
        }
        Some(match self.has(Self::LOSSY) {
            true => "some of its numbers have more digits than a long or a double holds",
            false => "it has fractions and whole numbers that a double does not hold",
        })
    }
}

impl BitOr for Kinds {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Kinds {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}
