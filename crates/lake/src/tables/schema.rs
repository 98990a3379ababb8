//! Columns as Arrow knows them and as Iceberg knows them.
//!
//! Arrow types that Iceberg lacks are widened to the nearest that holds every value: small and unsigned integers to
//! the next signed one, times and timestamps to microseconds, dictionaries to their values, columns without a type
//! to text. What has no such type is refused by the column's name.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Fields, Schema as ArrowSchema, SchemaRef, TimeUnit};
use bywash_core::{Code, Error, Result};
use bywash_iceberg_spec::{Field, Schema, Type};

/// The key under which Parquet's Arrow metadata carries a column's id.
pub const FIELD_ID: &str = "PARQUET:field_id";

const UTC: &str = "UTC";

/// Gives out column ids (rule T3).
pub trait IdSource {
    /// The id of a column under `parent`, which is 0 for the table itself.
    ///
    /// Parts of a nested `kind` have no ids yet, all are 0; they are asked for next, with this column as parent.
    fn id(&mut self, parent: i32, name: &str, kind: &Type) -> i32;
}

/// The Iceberg schema for Arrow columns, with ids from `ids`; its own id is 0.
///
/// # Errors
/// A type that Iceberg lacks, or two columns of one name; all such columns are reported at once.
pub fn assign_ids(columns: &ArrowSchema, ids: &mut impl IdSource) -> Result<Schema> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    let mut fields = Vec::new();
    for column in columns.fields() {
        if !seen.insert(column.name()) {
            problems.push(Error::new(Code::InvalidName, format!("two columns are named `{}`", column.name())));
        }
        match kind_of(column.name(), column.data_type()) {
            Ok(kind) => {
                fields.push(Field { required: !column.is_nullable(), ..Field::optional(0, column.name(), kind) });
            }
            Err(problem) => problems.push(problem),
        }
    }
    match Error::all(problems) {
        Some(problem) => Err(problem),
        None => Ok(Schema { id: 0, fields: with_ids(fields, 0, ids) }),
    }
}

/// The Iceberg field for one more Arrow column under `parent`, which is 0 for the table itself.
///
/// # Errors
/// A type that Iceberg lacks.
pub fn assign_id(column: &ArrowField, parent: i32, ids: &mut impl IdSource) -> Result<Field> {
    let kind = kind_of(column.name(), column.data_type())?;
    Ok(with_id(Field { required: !column.is_nullable(), ..Field::optional(0, column.name(), kind) }, parent, ids))
}

/// Level by level, as Iceberg's own writers number columns.
fn with_ids(mut fields: Vec<Field>, parent: i32, ids: &mut impl IdSource) -> Vec<Field> {
    for field in &mut fields {
        field.id = ids.id(parent, &field.name, &field.kind);
    }
    for field in &mut fields {
        let parent = field.id;
        let kind = std::mem::replace(&mut field.kind, Type::Boolean);
        field.kind = match kind {
            Type::Struct(parts) => Type::Struct(with_ids(parts, parent, ids)),
            Type::List(element) => Type::List(Box::new(with_id(*element, parent, ids))),
            Type::Map(key, value) => {
                Type::Map(Box::new(with_id(*key, parent, ids)), Box::new(with_id(*value, parent, ids)))
            }
            primitive => primitive,
        };
    }
    fields
}

fn with_id(field: Field, parent: i32, ids: &mut impl IdSource) -> Field {
    with_ids(vec![field.clone()], parent, ids).pop().unwrap_or(field)
}

/// The Iceberg type that holds every value of an Arrow type; parts of nested types have id 0.
///
/// # Errors
/// There is none; the error names the column.
pub fn kind_of(column: &str, arrow: &DataType) -> Result<Type> {
    let part = |name: &str, field: &FieldRef| -> Result<Field> {
        let kind = kind_of(&format!("{column}.{}", field.name()), field.data_type())?;
        Ok(Field { required: !field.is_nullable(), ..Field::optional(0, name, kind) })
    };
    Ok(match arrow {
        DataType::Boolean => Type::Boolean,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => Type::Int,
        DataType::Int64 | DataType::UInt32 => Type::Long,
        DataType::UInt64 => Type::Decimal { precision: 20, scale: 0 },
        DataType::Float16 | DataType::Float32 => Type::Float,
        DataType::Float64 => Type::Double,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => decimal(column, arrow, *precision, *scale)?,
        DataType::Date32 | DataType::Date64 => Type::Date,
        DataType::Time32(_) | DataType::Time64(_) => Type::Time,
        DataType::Timestamp(_, None) => Type::Timestamp,
        DataType::Timestamp(_, Some(_)) => Type::Timestamptz,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Type::String,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Type::Binary,
        DataType::FixedSizeBinary(length) => Type::Fixed(u64::from(length.unsigned_abs())),
        DataType::Dictionary(_, values) => kind_of(column, values)?,
        DataType::RunEndEncoded(_, values) => kind_of(column, values.data_type())?,
        DataType::Struct(fields) => {
            Type::Struct(fields.iter().map(|field| part(field.name(), field)).collect::<Result<_>>()?)
        }
        DataType::List(element)
        | DataType::LargeList(element)
        | DataType::ListView(element)
        | DataType::LargeListView(element)
        | DataType::FixedSizeList(element, _) => Type::List(Box::new(part("element", element)?)),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => {
                let key = Field { required: true, ..part("key", &pair[0])? };
                Type::Map(Box::new(key), Box::new(part("value", &pair[1])?))
            }
            _ => return Err(unsupported(column, arrow)),
        },
        DataType::Interval(_) | DataType::Duration(_) | DataType::Union(..) => return Err(unsupported(column, arrow)),
    })
}

fn decimal(column: &str, arrow: &DataType, precision: u8, scale: i8) -> Result<Type> {
    match u8::try_from(scale) {
        Ok(scale) if precision <= 38 && scale <= precision => Ok(Type::Decimal { precision, scale }),
        _ => Err(unsupported(column, arrow)),
    }
}

fn unsupported(column: &str, arrow: &DataType) -> Error {
    Error::new(Code::UnsupportedType, format!("column `{column}` has type `{arrow}`, which a table cannot hold"))
        .hint("cast it: intervals and durations to a number of seconds, anything else to text")
}

/// The Arrow schema that batches of a table have, and its Parquet files: ids are in the metadata.
///
/// # Errors
/// A type that Arrow lacks: fixed bytes beyond two gigabytes.
pub fn arrow_schema(schema: &Schema) -> Result<SchemaRef> {
    Ok(Arc::new(ArrowSchema::new(arrow_fields(&schema.fields)?)))
}

fn arrow_fields(fields: &[Field]) -> Result<Fields> {
    fields.iter().map(arrow_field).collect()
}

fn arrow_field(field: &Field) -> Result<FieldRef> {
    let id = HashMap::from([(FIELD_ID.to_owned(), field.id.to_string())]);
    Ok(Arc::new(ArrowField::new(&field.name, arrow_type(&field.kind)?, !field.required).with_metadata(id)))
}

/// The Arrow type that holds a column of this type.
///
/// # Errors
/// A type that Arrow lacks: fixed bytes beyond two gigabytes.
pub fn arrow_type(kind: &Type) -> Result<DataType> {
    Ok(match kind {
        Type::Boolean => DataType::Boolean,
        Type::Int => DataType::Int32,
        Type::Long => DataType::Int64,
        Type::Float => DataType::Float32,
        Type::Double => DataType::Float64,
        Type::Decimal { precision, scale } => DataType::Decimal128(*precision, scale.cast_signed()),
        Type::Date => DataType::Date32,
        Type::Time => DataType::Time64(TimeUnit::Microsecond),
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        Type::String => DataType::Utf8,
        Type::Uuid => DataType::FixedSizeBinary(16),
        Type::Fixed(length) => {
            let too_long = |_| Error::new(Code::UnsupportedType, format!("columns of type `{kind}` are not supported"));
            DataType::FixedSizeBinary(i32::try_from(*length).map_err(too_long)?)
        }
        Type::Binary => DataType::Binary,
        Type::Struct(parts) => DataType::Struct(arrow_fields(parts)?),
        Type::List(element) => DataType::List(arrow_field(element)?),
        Type::Map(key, value) => {
            let pair = DataType::Struct(Fields::from(vec![arrow_field(key)?, arrow_field(value)?]));
            DataType::Map(Arc::new(ArrowField::new("key_value", pair, false)), false)
        }
    })
}
