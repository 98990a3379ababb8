//! Rows as they come, cast to exactly a table's columns.
//!
//! Only casts that keep every value are made: a wider integer, decimal or float, another unit of time, another layout
//! of text. An integer also goes into a smaller one, if it fits. Columns are matched by name; a missing one is null.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, RecordBatchOptions, StructArray, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef};
use bywash_core::{Code, Error, Result, suggestion};
use bywash_iceberg_spec::{Schema, Type};

use super::schema::{arrow_schema, kind_of};

/// The batch with exactly the columns of the schema, in its order and types.
///
/// # Errors
/// A column that the table lacks, a type that does not fit (both `schema-change`), a value that does not fit, a null
/// in a required column.
pub fn conform(batch: &RecordBatch, schema: &Schema) -> Result<RecordBatch> {
    let target = arrow_schema(schema)?;
    if batch.schema_ref() == &target {
        return Ok(batch.clone());
    }
    for column in batch.schema_ref().fields() {
        if schema.field(column.name()).is_none() {
            let known = schema.fields.iter().map(|field| field.name.as_str());
            return Err(Error::new(Code::SchemaChange, format!("the table has no column `{}`", column.name()))
                .maybe_hint(suggestion(column.name(), known))
                .hint("the columns of an existing table do not change by themselves"));
        }
    }
    let rows = batch.num_rows();
    let columns = target
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(array) => fit(field.name(), array, field),
            None => fit(field.name(), &new_null_array(field.data_type(), rows), field),
        })
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(target, columns, &options)
        .map_err(|error| Error::bug(format!("rows do not fit the table: {error}")))
}

/// The array as `target` wants it; `name` is the whole path of the column.
fn fit(name: &str, array: &ArrayRef, target: &FieldRef) -> Result<ArrayRef> {
    if !target.is_nullable() && array.logical_null_count() > 0 {
        return Err(Error::new(Code::InvalidValue, format!("column `{name}` has a null, but is required")));
    }
    if array.data_type() == target.data_type() {
        return Ok(array.clone());
    }
    match (target.data_type(), array.data_type()) {
        (wanted, DataType::Null) => Ok(new_null_array(wanted, array.len())),
        (wanted, DataType::Dictionary(_, values)) => fit(name, &cast(name, array, values)?, &typed(target, wanted)),
        (DataType::Struct(parts), DataType::Struct(_)) => fit_struct(name, array.as_struct(), parts.as_ref()),
        (DataType::List(element), DataType::List(_)) => {
            let list = array.as_list::<i32>();
            let values = fit(&format!("{name}.element"), list.values(), element)?;
            let fitted = ListArray::try_new(element.clone(), list.offsets().clone(), values, list.nulls().cloned());
            fitted.map(|list| Arc::new(list) as ArrayRef).map_err(|error| unfit(name, &error))
        }
        (
            DataType::List(_),
            DataType::LargeList(element)
            | DataType::ListView(element)
            | DataType::LargeListView(element)
            | DataType::FixedSizeList(element, _),
        ) => {
            let list = cast(name, array, &DataType::List(element.clone()))?;
            fit(name, &list, target)
        }
        (DataType::Map(entries, sorted), DataType::Map(..)) => {
            let map = array.as_map();
            let DataType::Struct(parts) = entries.data_type() else { return Err(incompatible(name, array, target)) };
            let columns = parts
                .iter()
                .zip(map.entries().columns())
                .map(|(part, column)| fit(&format!("{name}.{}", part.name()), column, part))
                .collect::<Result<Vec<_>>>()?;
            let pairs = StructArray::try_new(parts.clone(), columns, None).map_err(|error| unfit(name, &error))?;
            let offsets = map.offsets().clone();
            let fitted = MapArray::try_new(entries.clone(), offsets, pairs, map.nulls().cloned(), *sorted);
            fitted.map(|map| Arc::new(map) as ArrayRef).map_err(|error| unfit(name, &error))
        }
        (wanted, given) if keeps_values(name, given, wanted) => cast(name, array, wanted),
        _ => Err(incompatible(name, array, target)),
    }
}

fn fit_struct(name: &str, given: &StructArray, parts: &[FieldRef]) -> Result<ArrayRef> {
    for field in given.fields() {
        if parts.iter().all(|part| part.name() != field.name()) {
            return Err(Error::new(Code::SchemaChange, format!("the table has no column `{name}.{}`", field.name()))
                .hint("the columns of an existing table do not change by themselves"));
        }
    }
    let columns = parts
        .iter()
        .map(|part| {
            let path = format!("{name}.{}", part.name());
            match given.column_by_name(part.name()) {
                // A part of a struct that is null may hold nothing, even if the part is required.
                Some(column) if given.nulls().is_some() => fit(&path, column, &nullable(part)),
                Some(column) => fit(&path, column, part),
                None => fit(&path, &new_null_array(part.data_type(), given.len()), part),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let fitted = StructArray::try_new(parts.into(), columns, given.nulls().cloned());
    fitted.map(|array| Arc::new(array) as ArrayRef).map_err(|error| unfit(name, &error))
}

/// Whether a cast between types without parts keeps every value, or reports the one that it cannot keep.
fn keeps_values(name: &str, given: &DataType, wanted: &DataType) -> bool {
    let (Ok(given_kind), Ok(wanted_kind)) = (kind_of(name, given), kind_of(name, wanted)) else { return false };
    if given_kind == wanted_kind {
        return true;
    }
    match (given_kind, wanted_kind) {
        (Type::Int | Type::Long, Type::Int | Type::Long | Type::Decimal { .. })
        | (Type::Int | Type::Float, Type::Double) => true,
        (Type::Decimal { scale: given, .. }, Type::Decimal { scale: wanted, .. }) => given <= wanted,
        (Type::Decimal { scale: 0, .. }, Type::Long | Type::Int) => true,
        (Type::Fixed(_), Type::Binary) => true,
        _ => false,
    }
}

fn cast(name: &str, array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, wanted, &options).map_err(|error| unfit(name, &error))
}

fn typed(field: &FieldRef, data_type: &DataType) -> FieldRef {
    Arc::new(ArrowField::clone(field).with_data_type(data_type.clone()))
}

fn nullable(field: &FieldRef) -> FieldRef {
    Arc::new(ArrowField::clone(field).with_nullable(true))
}

fn unfit(name: &str, error: &arrow::error::ArrowError) -> Error {
    Error::new(Code::InvalidValue, format!("a value of column `{name}` does not fit the table")).caused_by(error)
}

fn incompatible(name: &str, array: &ArrayRef, target: &FieldRef) -> Error {
    let shown = |arrow: &DataType| kind_of(name, arrow).map_or_else(|_| arrow.to_string(), |kind| kind.to_string());
    let (given, wanted) = (shown(array.data_type()), shown(target.data_type()));
    Error::new(
        Code::SchemaChange,
        format!("column `{name}` is `{wanted}` in the table, but the new rows have `{given}`"),
    )
    .hint(format!("cast it to `{wanted}`"))
}
