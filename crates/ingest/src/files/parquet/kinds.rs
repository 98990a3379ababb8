//! Which of our types holds what a Parquet file has.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use bywash_core::{Code, Error, Place, Result};

use bywash_engine::UTC;

/// Our field for a field of a file; `name` is its full name.
pub(super) fn our_field(field: &Field, name: &str, shown: &str) -> Result<FieldRef> {
    let kind = our_kind(field.data_type(), name, shown)?;
    Ok(Arc::new(Field::new(field.name(), kind, true)))
}

/// Our type for a type of a file.
pub(super) fn our_kind(kind: &DataType, name: &str, shown: &str) -> Result<DataType> {
    let below = |field: &FieldRef| our_field(field, &format!("{name}.{}", field.name()), shown);
    Ok(match kind {
        DataType::Null
        | DataType::Boolean
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::FixedSizeBinary(_) => kind.clone(),
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale)
            if *precision <= 38 && *scale >= 0 =>
        {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Date64 => DataType::Date32,
        DataType::Time32(_) | DataType::Time64(_) => DataType::Time64(TimeUnit::Microsecond),
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.as_ref().map(|_| UTC.into())),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => DataType::Binary,
        DataType::Dictionary(_, values) => our_kind(values, name, shown)?,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(below).collect::<Result<_>>()?),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => {
            DataType::List(Arc::new(Field::new("item", our_kind(item.data_type(), name, shown)?, true)))
        }
        DataType::Map(entries, _) => map(entries, name, shown)?,
        other => {
            let message = format!("column `{name}` of `{shown}` has the type {other}, which no table can hold");
            return Err(Error::new(Code::UnsupportedType, message)
                .at(Place::file(shown))
                .hint("write the file without the column, or with another type"));
        }
    })
}

fn map(entries: &FieldRef, name: &str, shown: &str) -> Result<DataType> {
    let DataType::Struct(pair) = entries.data_type() else {
        return Err(Error::bug(format!("the map `{name}` has no pairs")));
    };
    let pair = pair.iter().enumerate().map(|(place, field)| {
        let kind = our_kind(field.data_type(), &format!("{name}.{}", field.name()), shown)?;
        Ok(Arc::new(Field::new(field.name(), kind, place > 0)))
    });
    let pair = pair.collect::<Result<Vec<_>>>()?;
    Ok(DataType::Map(Arc::new(Field::new(entries.name(), DataType::Struct(pair.into()), false)), false))
}
