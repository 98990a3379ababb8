//! The names of types, read generously: our words, and what SQL, Arrow, dbt and dlt call the same.

use std::fmt;
use std::str::FromStr;

use arrow::datatypes::{DataType, TimeUnit};
use bywash_core::{Code, Error, Result, suggestion};
use serde::{Deserialize, Serialize};

/// A type as a source file names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TypeName {
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Int,
    /// A whole number of 64 bits.
    Long,
    /// A floating-point number of 32 bits.
    Float,
    /// A floating-point number of 64 bits.
    Double,
    /// An exact number: digits in all, digits behind the point.
    Decimal(u8, i8),
    /// A day.
    Date,
    /// A time of day, in microseconds.
    Time,
    /// A time without a zone, in microseconds.
    Timestamp,
    /// A moment: a time with a zone, kept in UTC, in microseconds.
    Timestamptz,
    /// Text.
    String,
    /// Bytes.
    Binary,
}

/// `decimal` without digits, as dlt has it.
const DECIMAL_DEFAULT: TypeName = TypeName::Decimal(38, 9);

/// The zone of every timestamp with a zone.
pub const UTC: &str = "UTC";

const OUR_WORDS: [&str; 12] = [
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "decimal",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "string",
    "binary",
];

impl TypeName {
    /// The Arrow type.
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) => DataType::Decimal128(precision, scale),
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Self::String => DataType::Utf8,
            Self::Binary => DataType::Binary,
        }
    }

    /// Our word for an Arrow type, for messages.
    #[must_use]
    pub fn word(kind: &DataType) -> String {
        match kind {
            DataType::Boolean => "boolean".to_owned(),
            DataType::Int32 => "int".to_owned(),
            DataType::Int64 => "long".to_owned(),
            DataType::Float32 => "float".to_owned(),
            DataType::Float64 => "double".to_owned(),
            DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
            DataType::Date32 => "date".to_owned(),
            DataType::Time64(_) => "time".to_owned(),
            DataType::Timestamp(_, None) => "timestamp".to_owned(),
            DataType::Timestamp(_, Some(_)) => "timestamptz".to_owned(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "string".to_owned(),
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "binary".to_owned(),
            DataType::Struct(_) => "struct".to_owned(),
            DataType::List(_) | DataType::LargeList(_) => "list".to_owned(),
            DataType::Map(_, _) => "map".to_owned(),
            other => other.to_string().to_lowercase(),
        }
    }

    fn decimal(digits: &[i16]) -> Option<Self> {
        match *digits {
            [] => Some(DECIMAL_DEFAULT),
            [precision] if (1..=38).contains(&precision) => Some(Self::Decimal(precision as u8, 0)),
            [precision, scale] if (1..=38).contains(&precision) && (0..=precision).contains(&scale) => {
                Some(Self::Decimal(precision as u8, scale as i8))
            }
            _ => None,
        }
    }

    fn plain(word: &str) -> Option<Self> {
        Some(match word {
            "boolean" | "bool" | "logical" => Self::Boolean,
            "int" | "integer" | "int4" | "int32" | "int2" | "int16" | "smallint" | "tinyint" | "mediumint"
            | "serial" | "uint8" | "uint16" | "utinyint" | "usmallint" => Self::Int,
            // PostgreSQL's int8 has 64 bits and Arrow's has 8: the wider holds both.
            "long" | "bigint" | "int64" | "int8" | "bigserial" | "uint32" | "uinteger" => Self::Long,
            "float" | "real" | "float4" | "float32" => Self::Float,
            "double" | "double precision" | "float8" | "float64" => Self::Double,
            "uint64" | "ubigint" => Self::Decimal(20, 0),
            "hugeint" => Self::Decimal(38, 0),
            "date" | "date32" => Self::Date,
            "time" | "time64" | "time without time zone" => Self::Time,
            "timestamp" | "datetime" | "timestamp without time zone" | "timestamp_ntz" | "timestampntz" => {
                Self::Timestamp
            }
            "timestamptz"
            | "timestamp with time zone"
            | "timestamp_tz"
            | "timestamp_ltz"
            | "timestampltz"
            | "datetimetz" => Self::Timestamptz,
            "string" | "text" | "str" | "varchar" | "char" | "character" | "character varying" | "nvarchar"
            | "nchar" | "bpchar" | "utf8" | "large_utf8" | "json" | "jsonb" | "uuid" => Self::String,
            "binary" | "bytea" | "blob" | "varbinary" | "bytes" | "large_binary" => Self::Binary,
            _ => return None,
        })
    }
}

impl FromStr for TypeName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let folded = text.trim().to_lowercase();
        let wrong = || {
            Error::new(Code::UnsupportedType, format!("`{text}` is not a type"))
                .maybe_hint(suggestion(&folded, OUR_WORDS))
                .hint(format!("types are {}", OUR_WORDS.join(", ")))
        };
        let (word, digits) = match folded.split_once('(') {
            None => (folded.clone(), Vec::new()),
            Some((before, rest)) => {
                let (inside, after) = rest.split_once(')').ok_or_else(wrong)?;
                let digits = inside.split(',').map(|digits| digits.trim().parse::<i16>());
                let digits = digits.collect::<std::result::Result<Vec<_>, _>>().map_err(|_| wrong())?;
                (format!("{} {}", before.trim(), after.trim()).trim().to_owned(), digits)
            }
        };
        let word = word.split_whitespace().collect::<Vec<_>>().join(" ");
        match word.as_str() {
            "decimal" | "numeric" | "number" | "dec" | "decimal128" => Self::decimal(&digits).ok_or_else(wrong),
            _ => Self::plain(&word).ok_or_else(wrong),
        }
    }
}

impl fmt::Display for TypeName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&Self::word(&self.arrow()))
    }
}

impl TryFrom<String> for TypeName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<TypeName> for String {
    fn from(name: TypeName) -> Self {
        name.to_string()
    }
}
