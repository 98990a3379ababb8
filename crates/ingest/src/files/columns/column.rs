//! One column being filled, and what becomes of it: an Arrow array.
//!
//! A column has as many validity bits as rows, whatever its cells hold, so its length is that of its validity; and
//! cutting it to a length undoes everything after it.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, BooleanBufferBuilder, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int32Array, Int64Array, ListArray, NullBufferBuilder, StringArray, StructArray,
    Time64MicrosecondArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, TimeUnit};
use bywash_core::{Code, Error, Result};

use super::times::TimeFormats;
use bywash_engine::{TypeName, UTC};

/// Which texts are taken for a value of the column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Only those written as the type is printed: the type was found, not declared.
    Plain,
    /// All that can be read as one: the source declares the type.
    Loose,
}

/// The values of a column.
#[derive(Debug)]
pub(crate) enum Cells {
    /// Nothing but nulls has been seen, so no type is known; a value never fits.
    Undecided(usize),
    Boolean(BooleanBufferBuilder),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Decimal(Vec<i128>, u8, i8),
    Date(Vec<i32>),
    Time(Vec<i64>),
    Timestamp(Vec<i64>, bool),
    Text(Strings),
    Binary(Strings),
    Struct(Vec<Column>),
    List(Vec<i32>, Box<Column>),
}

/// Texts one after another, and where each ends.
#[derive(Debug)]
pub(crate) struct Strings {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Strings {
    fn new(rows: usize, bytes: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { offsets, bytes: Vec::with_capacity(bytes) }
    }

    /// Adds a text.
    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.close();
    }

    /// Adds to the text that the next `close` ends.
    pub(crate) fn open(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Ends a text at what has been added. A chunk is far shorter than 2 GiB, so its offsets fit.
    #[inline]
    pub(crate) fn close(&mut self) {
        self.offsets.push(self.bytes.len() as i32);
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets.last().map_or(0, |end| *end as usize));
    }

    fn take(&mut self) -> (OffsetBuffer<i32>, Buffer) {
        let next = Self::new(self.offsets.len(), self.bytes.len());
        let full = std::mem::replace(self, next);
        (OffsetBuffer::new(ScalarBuffer::from(full.offsets)), Buffer::from_vec(full.bytes))
    }
}

/// A column being filled.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its name; with the names above it, parted by points, for a nested one.
    pub(crate) name: Arc<str>,
    /// The name of the column alone, as JSON writes it.
    pub(crate) key: Arc<str>,
    pub(crate) nullable: bool,
    pub(crate) trust: Trust,
    pub(crate) formats: TimeFormats,
    pub(crate) cells: Cells,
    pub(crate) nulls: NullBufferBuilder,
    /// Values told finer than microseconds, which were cut.
    pub(crate) finer: u64,
    target: DataType,
}

impl Column {
    /// An empty column for `field`; `name` is its full name.
    ///
    /// # Errors
    /// Text cannot be read into the field's type.
    pub(crate) fn new(field: &Field, name: &str, trust: Trust, formats: &TimeFormats) -> Result<Self> {
        let cells = cells(field, name, trust, formats)?;
        Ok(Self {
            name: name.into(),
            key: field.name().as_str().into(),
            nullable: field.is_nullable(),
            trust,
            formats: formats.clone(),
            cells,
            nulls: NullBufferBuilder::new(0),
            finer: 0,
            target: field.data_type().clone(),
        })
    }

    /// How many rows it has.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.nulls.len()
    }

    /// The type it is for.
    pub(crate) fn target(&self) -> &DataType {
        &self.target
    }

    /// Takes back every row from `rows` on.
    pub(crate) fn truncate(&mut self, rows: usize) {
        match &mut self.cells {
            Cells::Undecided(count) => *count = (*count).min(rows),
            Cells::Boolean(values) => values.truncate(rows),
            Cells::Int(values) | Cells::Date(values) => values.truncate(rows),
            Cells::Long(values) | Cells::Time(values) | Cells::Timestamp(values, _) => values.truncate(rows),
            Cells::Float(values) => values.truncate(rows),
            Cells::Double(values) => values.truncate(rows),
            Cells::Decimal(values, ..) => values.truncate(rows),
            Cells::Text(strings) | Cells::Binary(strings) => strings.truncate(rows),
            Cells::Struct(columns) => columns.iter_mut().for_each(|column| column.truncate(rows)),
            Cells::List(offsets, item) => {
                offsets.truncate(rows + 1);
                item.truncate(offsets.last().map_or(0, |end| *end as usize));
            }
        }
        if self.nulls.len() > rows {
            self.nulls.truncate(rows);
        }
    }

    /// The values that were cut to microseconds, here and below.
    pub(crate) fn take_finer(&mut self) -> u64 {
        let below = match &mut self.cells {
            Cells::Struct(columns) => columns.iter_mut().map(Self::take_finer).sum(),
            Cells::List(_, item) => item.take_finer(),
            _ => 0,
        };
        std::mem::take(&mut self.finer) + below
    }

    /// Gives the array of all rows and starts anew.
    ///
    /// # Errors
    /// A value does not fit the column's Arrow type.
    pub(crate) fn finish(&mut self) -> Result<ArrayRef> {
        let nulls = self.nulls.finish();
        let array: ArrayRef = match &mut self.cells {
            Cells::Undecided(count) => new_null_array(&public(&self.target), std::mem::take(count)),
            Cells::Boolean(values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Cells::Int(values) => Arc::new(Int32Array::new(taken(values), nulls)),
            Cells::Long(values) => Arc::new(Int64Array::new(taken(values), nulls)),
            Cells::Float(values) => Arc::new(Float32Array::new(taken(values), nulls)),
            Cells::Double(values) => Arc::new(Float64Array::new(taken(values), nulls)),
            Cells::Decimal(values, precision, scale) => {
                let array = Decimal128Array::new(taken(values), nulls);
                Arc::new(array.with_precision_and_scale(*precision, *scale).map_err(|error| bug(&error))?)
            }
            Cells::Date(values) => Arc::new(Date32Array::new(taken(values), nulls)),
            Cells::Time(values) => Arc::new(Time64MicrosecondArray::new(taken(values), nulls)),
            Cells::Timestamp(values, zoned) => {
                let array = TimestampMicrosecondArray::new(taken(values), nulls);
                if *zoned { Arc::new(array.with_timezone(UTC)) } else { Arc::new(array) }
            }
            Cells::Text(strings) => {
                let (offsets, bytes) = strings.take();
                Arc::new(StringArray::try_new(offsets, bytes, nulls).map_err(|error| bug(&error))?)
            }
            Cells::Binary(strings) => {
                let (offsets, bytes) = strings.take();
                Arc::new(BinaryArray::try_new(offsets, bytes, nulls).map_err(|error| bug(&error))?)
            }
            Cells::Struct(columns) => {
                let arrays = columns.iter_mut().map(Self::finish).collect::<Result<Vec<_>>>()?;
                let fields = struct_fields(&self.target);
                Arc::new(StructArray::try_new(fields, arrays, nulls).map_err(|error| bug(&error))?)
            }
            Cells::List(offsets, item) => {
                let items = item.finish()?;
                let offsets = OffsetBuffer::new(ScalarBuffer::from(std::mem::replace(offsets, vec![0])));
                let field = Arc::new(Field::new("item", items.data_type().clone(), true));
                let field = item_field(&self.target).unwrap_or(field);
                Arc::new(ListArray::try_new(field, offsets, items, nulls).map_err(|error| bug(&error))?)
            }
        };
        self.as_target(array)
    }

    fn as_target(&self, array: ArrayRef) -> Result<ArrayRef> {
        let target = public(&self.target);
        if *array.data_type() == target {
            return Ok(array);
        }
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        cast_with_options(&array, &target, &strict).map_err(|error| {
            Error::new(Code::InvalidValue, format!("a value of column `{}` does not fit its type", self.name))
                .caused_by(error)
        })
    }
}

fn taken<T: arrow::datatypes::ArrowNativeType>(values: &mut Vec<T>) -> ScalarBuffer<T> {
    let next = Vec::with_capacity(values.len());
    ScalarBuffer::from(std::mem::replace(values, next))
}

fn bug(error: &arrow::error::ArrowError) -> Error {
    Error::bug("a column that was read does not make an Arrow array").caused_by(error)
}

fn cells(field: &Field, name: &str, trust: Trust, formats: &TimeFormats) -> Result<Cells> {
    Ok(match field.data_type() {
        DataType::Null => Cells::Undecided(0),
        DataType::Boolean => Cells::Boolean(BooleanBufferBuilder::new(0)),
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
            Cells::Int(Vec::new())
        }
        DataType::Int64 | DataType::UInt32 => Cells::Long(Vec::new()),
        DataType::Float32 => Cells::Float(Vec::new()),
        DataType::Float64 => Cells::Double(Vec::new()),
        DataType::Decimal128(precision, scale) => Cells::Decimal(Vec::new(), *precision, *scale),
        DataType::Date32 => Cells::Date(Vec::new()),
        DataType::Time64(TimeUnit::Microsecond) => Cells::Time(Vec::new()),
        DataType::Timestamp(_, zone) => Cells::Timestamp(Vec::new(), zone.is_some()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Cells::Text(Strings::new(0, 0)),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Cells::Binary(Strings::new(0, 0)),
        DataType::Struct(fields) => {
            let column = |field: &FieldRef| Column::new(field, &format!("{name}.{}", field.name()), trust, formats);
            Cells::Struct(fields.iter().map(column).collect::<Result<_>>()?)
        }
        DataType::List(item) => Cells::List(vec![0], Box::new(Column::new(item, name, trust, formats)?)),
        other => {
            let word = TypeName::word(other);
            let message = format!("column `{name}` has the type {word}, which text cannot be read into");
            return Err(Error::new(Code::UnsupportedType, message)
                .hint(format!("declare another type in the source: `columns: {{{name}: string}}`")));
        }
    })
}

/// The type that others see: text where nothing but nulls was found.
pub(crate) fn public(kind: &DataType) -> DataType {
    match kind {
        DataType::Null => DataType::Utf8,
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(public_field).collect()),
        DataType::List(item) => DataType::List(public_field(item)),
        other => other.clone(),
    }
}

/// The field that others see.
pub(crate) fn public_field(field: &FieldRef) -> FieldRef {
    let kind = public(field.data_type());
    Arc::new(field.as_ref().clone().with_data_type(kind))
}

fn struct_fields(kind: &DataType) -> Fields {
    match public(kind) {
        DataType::Struct(fields) => fields,
        _ => Fields::empty(),
    }
}

fn item_field(kind: &DataType) -> Option<FieldRef> {
    match public(kind) {
        DataType::List(item) => Some(item),
        _ => None,
    }
}
