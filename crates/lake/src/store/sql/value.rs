//! Values, rows and statements that belong to no database: what the store says, before a driver says it.

use std::borrow::Cow;

use bytes::Bytes;
use bywash_core::{Code, Error, ObjectId, Result};

/// What a column holds, or a statement is given. A null keeps the type of its column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) enum Value {
    Text(Option<String>),
    Number(Option<i64>),
    Bytes(Option<Bytes>),
}

/// SQL that every database understands, with `$1`, `$2` and so on for its values.
#[derive(Clone, Debug)]
pub(in crate::store) struct Statement {
    pub(in crate::store) sql: Cow<'static, str>,
    pub(in crate::store) values: Vec<Value>,
}

impl Statement {
    pub(in crate::store) fn new(sql: impl Into<Cow<'static, str>>, values: impl Into<Vec<Value>>) -> Self {
        Self { sql: sql.into(), values: values.into() }
    }
}

/// One row of an answer, read column by column in the order of the statement.
#[derive(Debug)]
pub(in crate::store) struct Row {
    values: std::vec::IntoIter<Value>,
}

impl Row {
    pub(in crate::store) fn new(values: Vec<Value>) -> Self {
        Self { values: values.into_iter() }
    }

    /// The next column.
    pub(in crate::store) fn next<T: FromValue>(&mut self) -> Result<T> {
        let value = self.values.next().ok_or_else(|| Error::bug("a statement gives fewer columns than are read"))?;
        T::from_value(value)
    }

    /// The columns that are left.
    pub(in crate::store) fn rest(self) -> Vec<Value> {
        self.values.collect()
    }
}

/// What can be read from a column.
pub(in crate::store) trait FromValue: Sized {
    fn from_value(value: Value) -> Result<Self>;
}

fn unexpected(value: &Value) -> Error {
    let found = match value {
        Value::Text(None) | Value::Number(None) | Value::Bytes(None) => "nothing",
        Value::Text(_) => "a text",
        Value::Number(_) => "a number",
        Value::Bytes(_) => "bytes",
    };
    Error::new(Code::CatalogCorrupt, format!("a column of the catalog has {found} where something else belongs"))
}

impl FromValue for String {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(Some(text)) => Ok(text),
            other => Err(unexpected(&other)),
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Number(Some(number)) => Ok(number),
            other => Err(unexpected(&other)),
        }
    }
}

impl FromValue for Bytes {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Bytes(Some(bytes)) => Ok(bytes),
            other => Err(unexpected(&other)),
        }
    }
}

impl FromValue for ObjectId {
    fn from_value(value: Value) -> Result<Self> {
        let bytes = Bytes::from_value(value)?;
        Self::from_bytes(&bytes).ok_or_else(|| {
            Error::new(Code::CatalogCorrupt, format!("an id in the catalog has {} bytes, not 16", bytes.len()))
        })
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self> {
        match value {
            Value::Text(None) | Value::Number(None) | Value::Bytes(None) => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(Some(number))
    }
}

impl From<&i64> for Value {
    fn from(number: &i64) -> Self {
        Self::Number(Some(*number))
    }
}

impl From<&i32> for Value {
    fn from(number: &i32) -> Self {
        Self::Number(Some(i64::from(*number)))
    }
}

impl From<&Option<i64>> for Value {
    fn from(number: &Option<i64>) -> Self {
        Self::Number(*number)
    }
}

impl From<&Bytes> for Value {
    fn from(bytes: &Bytes) -> Self {
        Self::Bytes(Some(bytes.clone()))
    }
}

impl From<ObjectId> for Value {
    fn from(id: ObjectId) -> Self {
        Self::from(Some(id))
    }
}

impl From<Option<ObjectId>> for Value {
    fn from(id: Option<ObjectId>) -> Self {
        Self::Bytes(id.map(|id| Bytes::copy_from_slice(id.as_bytes())))
    }
}

impl From<&ObjectId> for Value {
    fn from(id: &ObjectId) -> Self {
        Self::from(Some(*id))
    }
}

impl From<&Option<ObjectId>> for Value {
    fn from(id: &Option<ObjectId>) -> Self {
        Self::from(*id)
    }
}
