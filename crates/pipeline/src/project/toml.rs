//! TOML text to a [`Node`] tree with places.

use bywash_core::{Code, Error, Result};
use toml_edit::{ImDocument, Item, TableLike};

use super::document::{Document, Span};
use super::tree::{Key, Node, Value};

/// Reads a TOML file.
///
/// # Errors
/// Broken TOML, with its place.
pub fn parse(document: &Document) -> Result<Node> {
    let text = document.text();
    match ImDocument::parse(text.as_ref()) {
        Ok(parsed) => Ok(table(text, parsed.as_table(), Span { line: 1, column: 1, length: 1 })),
        Err(error) => {
            let span = Span::of_bytes(text, error.span().unwrap_or(0..0));
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            let hint = match message.as_str() {
                message if message.starts_with("invalid string") => Some("put texts in quotes: `key = \"text\"`"),
                message if message.contains("duplicate key") => Some("it stands above already: put both under one"),
                _ => None,
            };
            let error = Error::new(Code::InvalidSetting, format!("broken TOML: {message}"));
            Err(error.at(document.place(span)).maybe_hint(hint.map(str::to_owned)))
        }
    }
}

fn table(text: &str, table: &dyn TableLike, span: Span) -> Node {
    let entries = table.iter().map(|(name, item)| {
        let key = table.key(name).and_then(toml_edit::Key::span).map_or(span, |bytes| Span::of_bytes(text, bytes));
        (Key { value: name.to_owned(), span: key }, node(text, item, key))
    });
    Node { value: Value::Map(entries.collect()), span }
}

fn node(text: &str, item: &Item, parent: Span) -> Node {
    let span = item.span().map_or(parent, |bytes| Span::of_bytes(text, bytes));
    if let Some(inner) = item.as_table_like() {
        return table(text, inner, span);
    }
    match item {
        Item::Value(value) => self::value(text, value, span),
        Item::ArrayOfTables(tables) => {
            let items = tables.iter().map(|inner| table(text, inner, span)).collect();
            Node { value: Value::List(items), span }
        }
        Item::None | Item::Table(_) => Node::scalar("", false, span),
    }
}

fn value(text: &str, value: &toml_edit::Value, parent: Span) -> Node {
    let span = value.span().map_or(parent, |bytes| Span::of_bytes(text, bytes));
    match value {
        toml_edit::Value::String(string) => Node::scalar(string.value(), true, span),
        toml_edit::Value::Integer(number) => Node::scalar(number.value().to_string(), false, span),
        toml_edit::Value::Float(number) => Node::scalar(number.value().to_string(), false, span),
        toml_edit::Value::Boolean(truth) => Node::scalar(truth.value().to_string(), false, span),
        toml_edit::Value::Datetime(time) => Node::scalar(time.value().to_string(), false, span),
        toml_edit::Value::Array(items) => {
            let items = items.iter().map(|item| self::value(text, item, span)).collect();
            Node { value: Value::List(items), span }
        }
        toml_edit::Value::InlineTable(inner) => table(text, inner, span),
    }
}
