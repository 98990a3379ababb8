//! Columns and their types. Columns are known by id; names may change, ids never do.

use std::collections::BTreeMap;
use std::fmt;

use bywash_core::{Code, Error, Result};
use serde::{Deserialize, Serialize};

/// A table's columns, in order, under an id that the table never gives to another list.
///
/// Serialises as the JSON of the specification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
pub struct Schema {
    /// The schema's id, unique in the table.
    pub id: i32,
    /// The columns in order.
    pub fields: Vec<Field>,
}

/// A column, or a part of a nested one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Unique in the table, over all its schemas.
    pub id: i32,
    /// The name in this schema.
    pub name: String,
    /// Whether nulls are forbidden.
    pub required: bool,
    /// The type.
    pub kind: Type,
    /// What the column means, for people.
    pub doc: Option<String>,
}

/// The type of a column. `Display` gives the text of the specification.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Boolean,
    /// 32 bits, signed.
    Int,
    /// 64 bits, signed.
    Long,
    /// 32-bit floating point.
    Float,
    /// 64-bit floating point.
    Double,
    /// Fixed point.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Days since 1970-01-01.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970, without a zone.
    Timestamp,
    /// Microseconds since 1970, UTC.
    Timestamptz,
    /// UTF-8.
    String,
    /// 16 bytes.
    Uuid,
    /// So many bytes.
    Fixed(u64),
    /// Any number of bytes.
    Binary,
    /// Named parts.
    Struct(Vec<Field>),
    /// Elements; the field is named `element`.
    List(Box<Field>),
    /// Keys and values; the fields are named `key` (required) and `value`.
    Map(Box<Field>, Box<Field>),
}

impl Field {
    /// A column that may hold nulls.
    pub fn optional(id: i32, name: impl Into<String>, kind: Type) -> Self {
        Self { id, name: name.into(), required: false, kind, doc: None }
    }

    /// A column without nulls.
    pub fn required(id: i32, name: impl Into<String>, kind: Type) -> Self {
        Self { required: true, ..Self::optional(id, name, kind) }
    }
}

impl Type {
    /// Whether the type has no parts.
    #[must_use]
    pub const fn is_primitive(&self) -> bool {
        !matches!(self, Self::Struct(_) | Self::List(_) | Self::Map(..))
    }

    /// The parts of a nested type, in order.
    #[must_use]
    pub fn children(&self) -> Vec<&Field> {
        match self {
            Self::Struct(fields) => fields.iter().collect(),
            Self::List(element) => vec![element],
            Self::Map(key, value) => vec![key, value],
            _ => Vec::new(),
        }
    }

    /// Whether every value of this type is one of the other, and readers of Iceberg take it for one.
    #[must_use]
    pub fn widens_to(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int, Self::Long) | (Self::Float, Self::Double) => true,
            (Self::Decimal { precision: from, scale }, Self::Decimal { precision: to, scale: other_scale }) => {
                from <= to && scale == other_scale
            }
            _ => self == other,
        }
    }

    /// Reads the text of a type without parts: `long`, `decimal(9, 2)`, `fixed[16]`.
    ///
    /// # Errors
    /// A type that this version does not know.
    pub fn parse(text: &str) -> Result<Self> {
        let inside = |prefix: &str, end: char| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(end));
        Ok(match text {
            "boolean" => Self::Boolean,
            "int" => Self::Int,
            "long" => Self::Long,
            "float" => Self::Float,
            "double" => Self::Double,
            "date" => Self::Date,
            "time" => Self::Time,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Timestamptz,
            "string" => Self::String,
            "uuid" => Self::Uuid,
            "binary" => Self::Binary,
            _ => {
                let decimal = inside("decimal(", ')').and_then(|inside| inside.split_once(',')).and_then(|(p, s)| {
                    Some(Self::Decimal { precision: p.trim().parse().ok()?, scale: s.trim().parse().ok()? })
                });
                let fixed = || inside("fixed[", ']').and_then(|length| length.trim().parse().ok()).map(Self::Fixed);
                return decimal.or_else(fixed).ok_or_else(|| {
                    Error::new(Code::UnsupportedType, format!("`{text}` is not a column type that this version knows"))
                });
            }
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::String => "string",
            Self::Uuid => "uuid",
            Self::Binary => "binary",
            Self::Decimal { precision, scale } => return write!(formatter, "decimal({precision}, {scale})"),
            Self::Fixed(length) => return write!(formatter, "fixed[{length}]"),
            Self::List(element) => return write!(formatter, "list<{}>", element.kind),
            Self::Map(key, value) => return write!(formatter, "map<{}, {}>", key.kind, value.kind),
            Self::Struct(fields) => {
                formatter.write_str("struct<")?;
                for (place, field) in fields.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(formatter, "{comma}{}: {}", field.name, field.kind)?;
                }
                return formatter.write_str(">");
            }
        };
        formatter.write_str(name)
    }
}

impl Schema {
    /// The top-level column of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The column, or the part of one, with this id.
    #[must_use]
    pub fn field_by_id(&self, id: i32) -> Option<&Field> {
        find(self.fields.iter().collect(), id)
    }

    /// The fields, at any depth, whose type may once have been a narrower one.
    pub(crate) fn wide_fields(&self) -> BTreeMap<i32, &Type> {
        let (mut wide, mut left) = (BTreeMap::new(), self.fields.iter().collect::<Vec<_>>());
        while let Some(field) = left.pop() {
            match &field.kind {
                kind @ (Type::Long | Type::Double | Type::Decimal { .. }) => _ = wide.insert(field.id, kind),
                kind => left.extend(kind.children()),
            }
        }
        wide
    }

    /// The greatest id in use; 0 if there is no column.
    #[must_use]
    pub fn highest_field_id(&self) -> i32 {
        highest(self.fields.iter().collect())
    }

    /// Whether both have the same columns, ids included; the schemas' own ids do not count.
    #[must_use]
    pub fn same_fields(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

fn find(fields: Vec<&Field>, id: i32) -> Option<&Field> {
    fields.into_iter().find_map(|field| if field.id == id { Some(field) } else { find(field.kind.children(), id) })
}

fn highest(fields: Vec<&Field>) -> i32 {
    fields.into_iter().map(|field| field.id.max(highest(field.kind.children()))).max().unwrap_or(0)
}
