//! How rows are divided into files: transforms of columns.

use std::fmt;
use std::str::FromStr;

use bywash_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

use crate::schema::{Field, Schema, Type};

/// A list of transformed columns; files hold rows of one combination of their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartitionSpec {
    /// The spec's id, unique in the table.
    #[serde(rename = "spec-id")]
    pub id: i32,
    /// The transformed columns in order; none means unpartitioned.
    pub fields: Vec<PartitionField>,
}

/// One transformed column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartitionField {
    /// The column that is transformed.
    pub source_id: i32,
    /// Unique in the table, over all its specs; from 1000.
    pub field_id: i32,
    /// The name of the result, unique in the spec; letters, digits and underscores, as Avro demands.
    pub name: String,
    /// What is done to the column.
    pub transform: Transform,
}

/// What is done to a column to get a partition value. Nulls stay nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Transform {
    /// The value as it is.
    Identity,
    /// A hash of the value, modulo so many buckets.
    Bucket(u32),
    /// The value rounded down to a multiple, or its first characters.
    Truncate(u32),
    /// Years since 1970.
    Year,
    /// Months since 1970-01.
    Month,
    /// Days since 1970-01-01, as a date.
    Day,
    /// Hours since 1970-01-01 00:00.
    Hour,
    /// Always null: a field that was dropped.
    Void,
}

impl PartitionSpec {
    /// No partitions.
    #[must_use]
    pub const fn unpartitioned(id: i32) -> Self {
        Self { id, fields: Vec::new() }
    }

    /// Whether all rows are in one partition.
    #[must_use]
    pub fn is_unpartitioned(&self) -> bool {
        self.fields.iter().all(|field| field.transform == Transform::Void)
    }

    /// The greatest field id in use; 999 if there is none.
    #[must_use]
    pub fn highest_field_id(&self) -> i32 {
        self.fields.iter().map(|field| field.field_id).max().unwrap_or(999)
    }

    /// The types of the partition's values, in order.
    ///
    ///
    /// # Errors
    /// A column that is missing or that the transform does not fit.
    pub fn result_types(&self, schema: &Schema) -> Result<Vec<Type>> {
        self.fields.iter().map(|field| field.transform.result_type(&field.source(schema)?.kind)).collect()
    }
}

impl PartitionField {
    /// The column in this schema.
    ///
    /// # Errors
    /// No such column.
    pub fn source<'a>(&self, schema: &'a Schema) -> Result<&'a Field> {
        schema.field_by_id(self.source_id).ok_or_else(|| {
            Error::new(
                Code::TableCorrupt,
                format!(
                    "partition field `{}` reads column {}, which schema {} lacks",
                    self.name, self.source_id, schema.id
                ),
            )
        })
    }
}

impl Transform {
    /// The type of the result for a column of this type.
    ///
    /// # Errors
    /// A transform that does not fit the type.
    pub fn result_type(self, source: &Type) -> Result<Type> {
        let fits = match self {
            Self::Identity | Self::Void => source.is_primitive(),
            Self::Bucket(_) => source.is_primitive() && !matches!(source, Type::Boolean | Type::Float | Type::Double),
            Self::Truncate(_) => {
                matches!(source, Type::Int | Type::Long | Type::Decimal { .. } | Type::String | Type::Binary)
            }
            Self::Year | Self::Month | Self::Day => {
                matches!(source, Type::Date | Type::Timestamp | Type::Timestamptz)
            }
            Self::Hour => matches!(source, Type::Timestamp | Type::Timestamptz),
        };
        if !fits {
            return Err(Error::new(
                Code::UnsupportedType,
                format!("`{self}` cannot be computed from a column of type `{source}`"),
            ));
        }
        Ok(match self {
            Self::Identity | Self::Void | Self::Truncate(_) => source.clone(),
            Self::Bucket(_) | Self::Year | Self::Month | Self::Hour => Type::Int,
            Self::Day => Type::Date,
        })
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => formatter.write_str("identity"),
            Self::Bucket(count) => write!(formatter, "bucket[{count}]"),
            Self::Truncate(width) => write!(formatter, "truncate[{width}]"),
            Self::Year => formatter.write_str("year"),
            Self::Month => formatter.write_str("month"),
            Self::Day => formatter.write_str("day"),
            Self::Hour => formatter.write_str("hour"),
            Self::Void => formatter.write_str("void"),
        }
    }
}

impl FromStr for Transform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = |name: &str| -> Option<u32> {
            let inside = text.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            inside.parse().ok().filter(|number| *number > 0 && *number <= i32::MAX.unsigned_abs())
        };
        match text {
            "identity" => Ok(Self::Identity),
            "year" => Ok(Self::Year),
            "month" => Ok(Self::Month),
            "day" => Ok(Self::Day),
            "hour" => Ok(Self::Hour),
            "void" => Ok(Self::Void),
            _ => {
                number("bucket").map(Self::Bucket).or_else(|| number("truncate").map(Self::Truncate)).ok_or_else(|| {
                    Error::new(
                        Code::NotYetSupported,
                        format!("partition transform `{text}` is not known to this version"),
                    )
                })
            }
        }
    }
}

impl TryFrom<String> for Transform {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Transform> for String {
    fn from(transform: Transform) -> Self {
        transform.to_string()
    }
}
