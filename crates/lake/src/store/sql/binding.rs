//! Between the store's values and those of `sqlx`, for whichever database.

use bytes::Bytes;
use sqlx::{Arguments, ColumnIndex, Database, Decode, Encode, Type, TypeInfo, ValueRef};

use super::value::{Row, Value};

/// How a database calls the types of the columns that hold no text.
#[derive(Clone, Copy)]
pub(in crate::store) struct Kinds {
    pub(in crate::store) bytes: &'static str,
    pub(in crate::store) number: &'static str,
}

/// The values of a statement.
pub(in crate::store) fn bind<D: Database>(values: &[Value]) -> sqlx::Result<D::Arguments>
where
    for<'v> Option<&'v str>: Encode<'v, D> + Type<D>,
    for<'v> Option<&'v [u8]>: Encode<'v, D> + Type<D>,
    for<'v> Option<i64>: Encode<'v, D> + Type<D>,
{
    let mut arguments = D::Arguments::default();
    for value in values {
        match value {
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Number(number) => arguments.add(*number),
            Value::Bytes(bytes) => arguments.add(bytes.as_deref()),
        }
        .map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// A row of an answer.
pub(in crate::store) fn read<R: sqlx::Row>(row: &R, kinds: Kinds) -> sqlx::Result<Row>
where
    usize: ColumnIndex<R>,
    for<'r> Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Option<i64>: Decode<'r, R::Database> + Type<R::Database>,
{
    let value = |column: usize| {
        let kind = row.try_get_raw(column)?.type_info().name().to_owned();
        Ok(if kind == kinds.bytes {
            Value::Bytes(row.try_get::<Option<Vec<u8>>, _>(column)?.map(Bytes::from))
        } else if kind == kinds.number {
            Value::Number(row.try_get(column)?)
        } else {
            Value::Text(row.try_get(column)?)
        })
    };
    (0..row.len()).map(value).collect::<sqlx::Result<_>>().map(Row::new)
}
