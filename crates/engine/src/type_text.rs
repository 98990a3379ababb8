//! Types of columns as a declaration writes them: the words of [`TypeName`], and lists and structs of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use bywash_core::{Code, Error, Result};

use crate::TypeName;

/// The type that a text names, as in `decimal(10, 2)` or `list<struct<a: long>>`.
///
/// # Errors
/// It names none.
pub fn parse_type(text: &str) -> Result<DataType> {
    let inside = |word: &str| nested(text, word);
    if let Some(item) = inside("list") {
        return Ok(DataType::List(Arc::new(Field::new("item", parse_type(item)?, true))));
    }
    let Some(fields) = inside("struct") else { return text.parse::<TypeName>().map(TypeName::arrow) };
    let fields = type_parts(fields).into_iter().map(|part| match part.split_once(':') {
        Some((name, kind)) if !name.trim().is_empty() => Ok(Field::new(name.trim(), parse_type(kind)?, true)),
        _ => Err(Error::new(Code::UnsupportedType, format!("`{text}` is not a type"))
            .hint("write a struct like `struct<name: string, delay: double>`")),
    });
    Ok(DataType::Struct(fields.collect::<Result<Vec<_>>>()?.into()))
}

/// A type as a declaration writes it; nothing for those that no table can hold.
#[must_use]
pub fn type_text(kind: &DataType) -> Option<String> {
    match kind {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(format!("list<{}>", type_text(item.data_type())?))
        }
        DataType::Struct(fields) => {
            let parts = fields.iter().map(|field| Some(format!("{}: {}", field.name(), type_text(field.data_type())?)));
            Some(format!("struct<{}>", parts.collect::<Option<Vec<_>>>()?.join(", ")))
        }
        DataType::Int8 | DataType::Int16 | DataType::UInt8 | DataType::UInt16 => Some("int".to_owned()),
        DataType::UInt32 => Some("long".to_owned()),
        DataType::UInt64 => Some("decimal(20,0)".to_owned()),
        DataType::Float16 => Some("float".to_owned()),
        DataType::Date64 => Some("date".to_owned()),
        DataType::Dictionary(_, values) => type_text(values),
        plain => {
            let word = TypeName::word(plain);
            word.parse::<TypeName>().ok().map(|_| word)
        }
    }
}

/// What stands between `<` and `>` behind a word.
fn nested<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (before, inside) = text.trim().split_once('<')?;
    before.trim().eq_ignore_ascii_case(word).then_some(inside.strip_suffix('>')?)
}

/// The parts of a type between the commas that stand in no bracket.
#[must_use]
pub fn type_parts(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
