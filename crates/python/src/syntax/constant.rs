//! Values that stand in the text as they are: texts, numbers, `True`, `None`, and lists and dicts of them.
//!
//! Anything else, a name or a call, would have to be run to be known.

use bywash_core::{Code, Error, Place};

use super::Reader;
use super::tree::{Expression, Value};

/// A plain value.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `None`.
    Nothing,
    /// `True` or `False`.
    Truth(bool),
    /// A whole number.
    Whole(i64),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
}

/// A text and where it stands.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text.
    pub value: String,
    /// Where.
    pub place: Place,
}

/// A wrong value's error, for who knows how it ought to be written.
pub(super) type Read<T> = Result<T, Box<Error>>;

impl Reader<'_> {
    /// A plain value; `like` shows how to write it.
    pub(super) fn constant(&self, expression: &Expression, what: &str, like: &str) -> Read<Constant> {
        match &expression.value {
            Value::Constant(constant) => Ok(constant.clone()),
            _ => Err(self.not_constant(expression, what, like)),
        }
    }

    pub(super) fn text(&self, expression: &Expression, what: &str, like: &str) -> Read<Text> {
        match self.constant(expression, what, like)? {
            Constant::Text(value) => Ok(Text { value, place: self.place(&expression.span) }),
            _ => Err(self.wrong(expression, format!("{what} is a text"), like)),
        }
    }

    /// A list of texts, written with `[…]` or `(…)`; a single text counts as a list of one.
    pub(super) fn texts(&self, expression: &Expression, what: &str, like: &str) -> Read<Vec<Text>> {
        match &expression.value {
            Value::List(items) => items.iter().map(|item| self.text(item, &format!("each of {what}"), like)).collect(),
            _ => Ok(vec![self.text(expression, what, like)?]),
        }
    }

    /// The entries of a dict whose keys are texts.
    pub(super) fn entries<'e>(
        &self,
        expression: &'e Expression,
        what: &str,
        like: &str,
    ) -> Read<Vec<(Text, &'e Expression)>> {
        let Value::Dict(entries) = &expression.value else { return Err(self.not_constant(expression, what, like)) };
        let mut found: Vec<(Text, &Expression)> = Vec::new();
        for (key, value) in entries {
            let Some(key) = key else { return Err(self.not_constant(value, what, like)) };
            let key = self.text(key, &format!("each key of {what}"), like)?;
            if let Some((first, _)) = found.iter().find(|(first, _)| first.value == key.value) {
                let error = Error::new(Code::InvalidPython, format!("`{}` stands twice", key.value));
                return Err(Box::new(error.at(key.place).at(first.place.clone().labelled("first here"))));
            }
            found.push((key, value));
        }
        Ok(found)
    }

    fn not_constant(&self, expression: &Expression, what: &str, like: &str) -> Box<Error> {
        self.wrong(expression, format!("{what} must be written out: a project is read without running Python"), like)
    }

    pub(super) fn wrong(&self, expression: &Expression, message: impl Into<String>, like: &str) -> Box<Error> {
        Box::new(self.source.error(&expression.span, message).hint(format!("write it like `{like}`")))
    }
}
