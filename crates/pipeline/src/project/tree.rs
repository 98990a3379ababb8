//! What a YAML or TOML file says, as a tree in which every key and value knows its place.
//!
//! Both formats become this one tree, so that unknown keys, wrong values and their suggestions are reported in one
//! way, all at once. Scalars keep their text as written: `007` stays `007`, and who asks decides on the type.

use super::document::{Span, Spanned};

/// A value and where it stands.
pub type Node = Spanned<Value>;

/// A key and where it stands.
pub type Key = Spanned<String>;

/// What stands at one place.
#[derive(Clone, Debug)]
pub enum Value {
    /// A single text, number, truth value or null.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the file, without doubled keys.
    Map(Vec<(Key, Node)>),
}

/// A text as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, without quotes and escapes.
    pub text: String,
    /// Whether it stood in quotes (or a block), and so is a text whatever it looks like.
    pub quoted: bool,
}

impl Scalar {
    /// Nothing: an empty value, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        !self.quoted && matches!(self.text.as_str(), "" | "~" | "null" | "Null" | "NULL")
    }

    /// `true` or `false`, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.text.as_str() {
            _ if self.quoted => None,
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }
}

impl Node {
    /// A scalar.
    #[must_use]
    pub fn scalar(text: impl Into<String>, quoted: bool, span: Span) -> Self {
        Self { value: Value::Scalar(Scalar { text: text.into(), quoted }), span }
    }

    /// Whether nothing was written here.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) if scalar.is_null() => "nothing",
            Value::Scalar(_) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}
