//! One schema for many Parquet files: columns united by name, types widened where nothing is lost by it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use bywash_core::{Code, Error, Place, Result};

use super::super::find::FoundFile;
use super::super::options::ReadOptions;
use super::kinds::our_field;
use super::open::sources;
use bywash_engine::TypeName;

/// The fields of all files, and what a person should know of them.
pub(crate) fn fields(files: &[FoundFile], options: &ReadOptions) -> Result<(Vec<Field>, Vec<String>)> {
    let mut all: Vec<(FieldRef, String)> = Vec::new();
    let mut warnings = Vec::new();
    for file in files {
        for source in sources(file, options)? {
            warnings.extend(source.warnings());
            for field in source.schema().fields() {
                let field = our_field(field, field.name(), source.shown())?;
                add(&mut all, &field, source.shown())?;
            }
        }
    }
    let mut fields = Vec::new();
    for (field, _) in all {
        let field = Arc::unwrap_or_clone(field);
        let kind = options.columns.get(field.name()).map_or_else(|| field.data_type().clone(), TypeName::arrow);
        fields.push(field.with_data_type(kind));
    }
    warnings.extend(super::super::typing::add_undeclared(&mut fields, &options.columns));
    Ok((fields, warnings))
}

fn add(all: &mut Vec<(FieldRef, String)>, field: &FieldRef, shown: &str) -> Result<()> {
    let folded = field.name().to_lowercase();
    let Some((known, first)) = all.iter_mut().find(|(known, _)| known.name().to_lowercase() == folded) else {
        all.push((Arc::clone(field), shown.to_owned()));
        return Ok(());
    };
    let Some(kind) = wider(known.data_type(), field.data_type()) else {
        let (name, one, other) = (known.name(), TypeName::word(known.data_type()), TypeName::word(field.data_type()));
        let message = format!("column `{name}` is {one} in `{first}` and {other} in `{shown}`");
        return Err(Error::new(Code::SchemaChange, message)
            .at(Place::file(shown))
            .hint(format!("declare a type that both can be read as: `columns: {{{name}: string}}`")));
    };
    *known = Arc::new(known.as_ref().clone().with_data_type(kind));
    Ok(())
}

/// The type that holds the values of both.
fn wider(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{Date32, Decimal128, Float32, Float64, Int32, Int64, List, Null, Struct, Timestamp};
    Some(match (one, other) {
        _ if one == other => one.clone(),
        (Null, known) | (known, Null) => known.clone(),
        (Int32, Int64) | (Int64, Int32) => Int64,
        (Float32 | Int32, Float64) | (Float64, Float32 | Int32) => Float64,
        (Date32, Timestamp(unit, None)) | (Timestamp(unit, None), Date32) if *unit == TimeUnit::Microsecond => {
            Timestamp(*unit, None)
        }
        (Decimal128(..), Decimal128(..)) => wider_decimal(one, other)?,
        (Int32 | Int64, Decimal128(..)) | (Decimal128(..), Int32 | Int64) => {
            wider_decimal(&as_decimal(one), &as_decimal(other))?
        }
        (List(one), List(other)) => {
            let kind = wider(one.data_type(), other.data_type())?;
            List(Arc::new(Field::new("item", kind, true)))
        }
        (Struct(one), Struct(other)) => {
            let mut fields: Vec<FieldRef> = one.iter().cloned().collect();
            for field in other {
                match fields.iter_mut().find(|known| known.name() == field.name()) {
                    Some(known) => {
                        let kind = wider(known.data_type(), field.data_type())?;
                        *known = Arc::new(known.as_ref().clone().with_data_type(kind));
                    }
                    None => fields.push(Arc::clone(field)),
                }
            }
            Struct(fields.into())
        }
        _ => return None,
    })
}

fn as_decimal(kind: &DataType) -> DataType {
    match kind {
        DataType::Int32 => DataType::Decimal128(10, 0),
        DataType::Int64 => DataType::Decimal128(19, 0),
        other => other.clone(),
    }
}

fn wider_decimal(one: &DataType, other: &DataType) -> Option<DataType> {
    let (DataType::Decimal128(precision, scale), DataType::Decimal128(other_precision, other_scale)) = (one, other)
    else {
        return None;
    };
    let before = (i16::from(*precision) - i16::from(*scale)).max(i16::from(*other_precision) - i16::from(*other_scale));
    let scale = *scale.max(other_scale);
    let precision = before + i16::from(scale);
    (precision <= 38).then_some(DataType::Decimal128(precision as u8, scale))
}
