//! A column of a file as a column of the table: the same values, or an error.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray, new_null_array};
use arrow::compute::{CastOptions, can_cast_types, cast, cast_with_options};
use arrow::datatypes::{DataType, Field, Time64NanosecondType, TimeUnit, TimestampNanosecondType};
use bywash_core::{Code, Error, Place, Result, suggestion};

use super::kinds::our_kind;
use bywash_engine::TypeName;

/// Converts columns of one file.
pub(super) struct Adapter<'a> {
    pub(super) shown: &'a str,
    /// Values that were cut to microseconds.
    pub(super) finer: &'a mut u64,
}

impl Adapter<'_> {
    /// The array as the type of `target`, whose full name is `name`; `declared` types are converted to freely.
    pub(super) fn adapt(&mut self, array: &ArrayRef, target: &Field, name: &str, declared: bool) -> Result<ArrayRef> {
        *self.finer += count_finer(array);
        let ours = our_kind(array.data_type(), name, self.shown)?;
        let array = match array.data_type() == &ours {
            true => Arc::clone(array),
            false if is_nested(&ours) => self.nested(array, &ours, name, true)?,
            false => self.cast(array, &ours, name)?,
        };
        let adapted = match array.data_type() == target.data_type() {
            true => array,
            false => self.fit_table(&array, target.data_type(), name, declared)?,
        };
        if !target.is_nullable() && adapted.null_count() > 0 {
            let message = format!("column `{name}`: a value is missing, and the column must have one");
            return Err(Error::new(Code::InvalidValue, message).at(Place::file(self.shown)));
        }
        Ok(adapted)
    }

    fn fit_table(&mut self, array: &ArrayRef, target: &DataType, name: &str, declared: bool) -> Result<ArrayRef> {
        if is_nested(target) && is_nested(array.data_type()) {
            return self.nested(array, target, name, declared);
        }
        if is_lossless(array.data_type(), target) || (declared && can_cast_types(array.data_type(), target)) {
            return self.cast(array, target, name);
        }
        let (from, to) = (TypeName::word(array.data_type()), TypeName::word(target));
        let message = format!("column `{name}` is {from} in the file and {to} in the table");
        Err(Error::new(Code::SchemaChange, message)
            .at(Place::file(self.shown))
            .hint(format!("declare the type to read it as in the source: `columns: {{{name}: {to}}}`")))
    }

    fn cast(&self, array: &ArrayRef, target: &DataType, name: &str) -> Result<ArrayRef> {
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(array, target, &strict).map_err(|error| {
            let to = TypeName::word(target);
            Error::new(Code::InvalidValue, format!("column `{name}`: a value is no {to}"))
                .at(Place::file(self.shown))
                .caused_by(error)
                .hint(format!("declare another type in the source: `columns: {{{name}: string}}`"))
        })
    }

    fn nested(&mut self, array: &ArrayRef, target: &DataType, name: &str, declared: bool) -> Result<ArrayRef> {
        match (array.data_type(), target) {
            (DataType::Struct(_), DataType::Struct(_)) => self.structure(array.as_struct(), target, name, declared),
            (DataType::List(_), DataType::List(item)) => self.list(array.as_list(), item, name, declared),
            (
                DataType::LargeList(own)
                | DataType::FixedSizeList(own, _)
                | DataType::ListView(own)
                | DataType::LargeListView(own),
                DataType::List(item),
            ) => {
                let list = self.cast(array, &DataType::List(Arc::clone(own)), name)?;
                self.list(list.as_list(), item, name, declared)
            }
            _ => self.cast(array, target, name),
        }
    }

    fn structure(&mut self, array: &StructArray, target: &DataType, name: &str, declared: bool) -> Result<ArrayRef> {
        let DataType::Struct(fields) = target else { return Err(Error::bug("a struct is adapted to none")) };
        let known = |name: &str| fields.iter().any(|field| field.name() == name);
        if let Some(extra) = array.column_names().into_iter().find(|column| !known(column)) {
            return Err(unknown(
                self.shown,
                &format!("{name}.{extra}"),
                extra,
                fields.iter().map(|field| field.name()),
            ));
        }
        let mut columns = Vec::new();
        for field in fields {
            columns.push(match array.column_by_name(field.name()) {
                None => new_null_array(field.data_type(), array.len()),
                // A required field below an absent struct has no value, and needs none.
                Some(column) => {
                    let relaxed = field.as_ref().clone().with_nullable(true);
                    self.adapt_below(column, &relaxed, &format!("{name}.{}", field.name()), declared)?
                }
            });
        }
        let adapted = StructArray::try_new(fields.clone(), columns, array.nulls().cloned());
        Ok(Arc::new(adapted.map_err(|error| self.unfit(name, &error))?))
    }

    fn list(&mut self, array: &ListArray, item: &Arc<Field>, name: &str, declared: bool) -> Result<ArrayRef> {
        let values = self.adapt_below(array.values(), item, name, declared)?;
        let adapted = ListArray::try_new(Arc::clone(item), array.offsets().clone(), values, array.nulls().cloned());
        Ok(Arc::new(adapted.map_err(|error| self.unfit(name, &error))?))
    }

    /// As `adapt`, where the values cut to microseconds have been counted above.
    fn adapt_below(&mut self, array: &ArrayRef, target: &Field, name: &str, declared: bool) -> Result<ArrayRef> {
        let counted = *self.finer;
        let adapted = self.adapt(array, target, name, declared);
        *self.finer = counted;
        adapted
    }

    fn unfit(&self, name: &str, error: &arrow::error::ArrowError) -> Error {
        Error::new(Code::InvalidValue, format!("column `{name}`: its values do not fit the table"))
            .at(Place::file(self.shown))
            .caused_by(error)
    }
}

/// The error for a column that the table lacks.
pub(super) fn unknown<'a>(shown: &str, name: &str, own: &str, known: impl Iterator<Item = &'a String>) -> Error {
    let near = suggestion(own, known.map(String::as_str));
    let other = "remove the column from the file, or load it into another table".to_owned();
    Error::new(Code::SchemaChange, format!("the file has a column `{name}` that the table lacks"))
        .at(Place::file(shown))
        .hint(near.unwrap_or(other))
}

fn is_nested(kind: &DataType) -> bool {
    kind.is_nested()
}

/// Whether every value of one type is one of the other, or is refused by a strict cast.
fn is_lossless(from: &DataType, to: &DataType) -> bool {
    use DataType::{Date32, Decimal128, Float32, Float64, Int32, Int64, Null, Timestamp};
    match (from, to) {
        (Null, _) | (Int32, Int64) | (Int64, Int32) | (Int32 | Float32, Float64) => true,
        (Int32 | Int64, Decimal128(..)) | (Date32, Timestamp(TimeUnit::Microsecond, None)) => true,
        (Decimal128(_, scale), Decimal128(_, wider)) => scale <= wider,
        _ => DataType::equals_datatype(from, to) || is_same_kind(from, to),
    }
}

/// Text is text and bytes are bytes, however they lie in memory.
fn is_same_kind(from: &DataType, to: &DataType) -> bool {
    use DataType::{Binary, BinaryView, LargeBinary, LargeUtf8, Timestamp, Utf8, Utf8View};
    match (from, to) {
        (Utf8, LargeUtf8 | Utf8View) | (Binary, LargeBinary | BinaryView) => true,
        (Timestamp(unit, zone), Timestamp(other, other_zone)) => {
            unit == other && zone.is_some() == other_zone.is_some()
        }
        _ => false,
    }
}

/// How many times in an array, or below it, tell more than microseconds.
fn count_finer(array: &ArrayRef) -> u64 {
    let fine = |values: &[i64]| {
        let is_fine = |(row, value): &(usize, &i64)| array.is_valid(*row) && *value % 1_000 != 0;
        values.iter().enumerate().filter(is_fine).count() as u64
    };
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => fine(array.as_primitive::<TimestampNanosecondType>().values()),
        DataType::Time64(TimeUnit::Nanosecond) => fine(array.as_primitive::<Time64NanosecondType>().values()),
        DataType::Struct(_) => array.as_struct().columns().iter().map(count_finer).sum(),
        DataType::List(_) => count_finer(array.as_list::<i32>().values()),
        DataType::LargeList(_) => count_finer(array.as_list::<i64>().values()),
        DataType::Map(..) => array.as_map().entries().columns().iter().map(count_finer).sum(),
        DataType::Dictionary(_, values) if values.is_temporal() => {
            cast(array, values).map_or(0, |values| count_finer(&values))
        }
        _ => 0,
    }
}
