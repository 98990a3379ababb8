//! One typed value: a bound of a column, or the value of a partition.
//!
//! The binary form is Iceberg's single-value serialisation. Comparison is defined within one type only; floats are
//! ordered as IEEE 754 orders all of them, so that equality, hashing and order agree.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use bywash_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::schema::Type;

/// One value, never null.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "(String, String)", into = "(String, String)")]
pub enum Datum {
    /// True or false.
    Boolean(bool),
    /// 32 bits.
    Int(i32),
    /// 64 bits.
    Long(i64),
    /// 32-bit floating point.
    Float(f32),
    /// 64-bit floating point.
    Double(f64),
    /// The digits as a whole number, and where the point stands.
    Decimal {
        /// All digits.
        unscaled: i128,
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970, without a zone.
    Timestamp(i64),
    /// Microseconds since 1970, UTC.
    Timestamptz(i64),
    /// Text.
    String(String),
    /// 16 bytes.
    Uuid(Uuid),
    /// So many bytes.
    Fixed(Vec<u8>),
    /// Any bytes.
    Binary(Vec<u8>),
}

impl Datum {
    /// The type.
    #[must_use]
    pub fn kind(&self) -> Type {
        match self {
            Self::Boolean(_) => Type::Boolean,
            Self::Int(_) => Type::Int,
            Self::Long(_) => Type::Long,
            Self::Float(_) => Type::Float,
            Self::Double(_) => Type::Double,
            Self::Decimal { precision, scale, .. } => Type::Decimal { precision: *precision, scale: *scale },
            Self::Date(_) => Type::Date,
            Self::Time(_) => Type::Time,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Timestamptz(_) => Type::Timestamptz,
            Self::String(_) => Type::String,
            Self::Uuid(_) => Type::Uuid,
            Self::Fixed(bytes) => Type::Fixed(bytes.len() as u64),
            Self::Binary(_) => Type::Binary,
        }
    }

    /// The value as one of a wider type; as it is, if the type is no wider one.
    #[must_use]
    pub fn promoted(self, kind: &Type) -> Self {
        match (self, kind) {
            (Self::Int(value), Type::Long) => Self::Long(i64::from(value)),
            (Self::Float(value), Type::Double) => Self::Double(f64::from(value)),
            (Self::Decimal { unscaled, scale, precision }, Type::Decimal { precision: wider, scale: same })
                if scale == *same && precision <= *wider =>
            {
                Self::Decimal { unscaled, precision: *wider, scale }
            }
            (value, _) => value,
        }
    }

    /// Iceberg's binary form of a single value.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Boolean(value) => vec![u8::from(*value)],
            Self::Int(value) | Self::Date(value) => value.to_le_bytes().to_vec(),
            Self::Long(value) | Self::Time(value) | Self::Timestamp(value) | Self::Timestamptz(value) => {
                value.to_le_bytes().to_vec()
            }
            Self::Float(value) => value.to_le_bytes().to_vec(),
            Self::Double(value) => value.to_le_bytes().to_vec(),
            Self::Decimal { unscaled, .. } => shortest_big_endian(*unscaled),
            Self::String(value) => value.as_bytes().to_vec(),
            Self::Uuid(value) => value.as_bytes().to_vec(),
            Self::Fixed(value) | Self::Binary(value) => value.clone(),
        }
    }

    /// Reads the binary form; a column that was widened may hold the shorter form of its former type.
    ///
    /// # Errors
    /// Bytes that are no value of the type, or a nested type.
    pub fn from_bytes(kind: &Type, bytes: &[u8]) -> Result<Self> {
        let wrong =
            || Error::new(Code::TableCorrupt, format!("{} bytes are not a single value of type `{kind}`", bytes.len()));
        let four = || bytes.try_into().map(i32::from_le_bytes).ok();
        let eight = || bytes.try_into().map(i64::from_le_bytes).ok();
        let value = match kind {
            Type::Boolean => (bytes.len() == 1).then(|| Self::Boolean(bytes[0] != 0)),
            Type::Int => four().map(Self::Int),
            Type::Date => four().map(Self::Date),
            Type::Long => eight().or_else(|| four().map(i64::from)).map(Self::Long),
            Type::Time => eight().map(Self::Time),
            Type::Timestamp => eight().map(Self::Timestamp),
            Type::Timestamptz => eight().map(Self::Timestamptz),
            Type::Float => bytes.try_into().map(f32::from_le_bytes).ok().map(Self::Float),
            Type::Double => {
                let short = || bytes.try_into().map(f32::from_le_bytes).ok().map(f64::from);
                bytes.try_into().map(f64::from_le_bytes).ok().or_else(short).map(Self::Double)
            }
            Type::Decimal { precision, scale } => {
                from_big_endian(bytes).map(|unscaled| Self::Decimal { unscaled, precision: *precision, scale: *scale })
            }
            Type::String => String::from_utf8(bytes.to_vec()).ok().map(Self::String),
            Type::Uuid => Uuid::from_slice(bytes).ok().map(Self::Uuid),
            Type::Fixed(length) => (bytes.len() as u64 == *length).then(|| Self::Fixed(bytes.to_vec())),
            Type::Binary => Some(Self::Binary(bytes.to_vec())),
            Type::Struct(_) | Type::List(_) | Type::Map(..) => None,
        };
        value.ok_or_else(wrong)
    }

    /// Whether this is a floating-point "not a number".
    #[must_use]
    pub fn is_nan(&self) -> bool {
        match self {
            Self::Float(value) => value.is_nan(),
            Self::Double(value) => value.is_nan(),
            _ => false,
        }
    }
}

/// The shortest two's complement, most significant byte first; at least one byte.
fn shortest_big_endian(value: i128) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let filler: u8 = if value < 0 { 0xff } else { 0 };
    let mut first = 0;
    while first < 15 && bytes[first] == filler && (bytes[first + 1] ^ filler) & 0x80 == 0 {
        first += 1;
    }
    bytes[first..].to_vec()
}

fn from_big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let filler = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut whole = [filler; 16];
    whole[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(whole))
}

impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            (Self::Int(left), Self::Int(right)) | (Self::Date(left), Self::Date(right)) => Some(left.cmp(right)),
            (Self::Long(left), Self::Long(right))
            | (Self::Time(left), Self::Time(right))
            | (Self::Timestamp(left), Self::Timestamp(right))
            | (Self::Timestamptz(left), Self::Timestamptz(right)) => Some(left.cmp(right)),
            (Self::Float(left), Self::Float(right)) => Some(left.total_cmp(right)),
            (Self::Double(left), Self::Double(right)) => Some(left.total_cmp(right)),
            (Self::Decimal { unscaled: left, scale: one, .. }, Self::Decimal { unscaled: right, scale: two, .. })
                if one == two =>
            {
                Some(left.cmp(right))
            }
            (Self::String(left), Self::String(right)) => Some(left.cmp(right)),
            (Self::Uuid(left), Self::Uuid(right)) => Some(left.cmp(right)),
            (Self::Fixed(left), Self::Fixed(right)) | (Self::Binary(left), Self::Binary(right)) => {
                Some(left.cmp(right))
            }
            _ => None,
        }
    }
}

impl PartialEq for Datum {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl Eq for Datum {}

impl Hash for Datum {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        self.to_bytes().hash(state);
    }
}

/// The value as people read it; not the binary form.
impl fmt::Display for Datum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(formatter, "{value}"),
            Self::Int(value) | Self::Date(value) => write!(formatter, "{value}"),
            Self::Long(value) | Self::Time(value) | Self::Timestamp(value) | Self::Timestamptz(value) => {
                write!(formatter, "{value}")
            }
            Self::Float(value) => write!(formatter, "{value}"),
            Self::Double(value) => write!(formatter, "{value}"),
            Self::Decimal { unscaled, scale, .. } => {
                let digits = unscaled.unsigned_abs().to_string();
                let digits = format!("{digits:0>width$}", width = usize::from(*scale) + 1);
                let (whole, rest) = digits.split_at(digits.len() - usize::from(*scale));
                let sign = if *unscaled < 0 { "-" } else { "" };
                let point = if rest.is_empty() { "" } else { "." };
                write!(formatter, "{sign}{whole}{point}{rest}")
            }
            Self::String(value) => formatter.write_str(value),
            Self::Uuid(value) => write!(formatter, "{value}"),
            Self::Fixed(value) | Self::Binary(value) => {
                value.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
            }
        }
    }
}

/// Serialised as the type's text and the binary form in hexadecimal, which loses nothing (JSON has no NaN).
impl From<Datum> for (String, String) {
    fn from(datum: Datum) -> Self {
        let hexadecimal = datum.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        (datum.kind().to_string(), hexadecimal)
    }
}

impl TryFrom<(String, String)> for Datum {
    type Error = Error;

    fn try_from((kind, hexadecimal): (String, String)) -> Result<Self> {
        let wrong = || Error::new(Code::TableCorrupt, format!("`{hexadecimal}` is not hexadecimal"));
        let digits = hexadecimal.as_bytes();
        let bytes: Option<Vec<u8>> = (digits.len() % 2 == 0)
            .then(|| {
                digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
            })
            .flatten();
        Self::from_bytes(&Type::parse(&kind)?, &bytes.ok_or_else(wrong)?)
    }
}
