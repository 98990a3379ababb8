//! Colours by meaning. One place knows the escape codes; with colours off the text stays as it is.

use std::fmt::{self, Display};

/// What a piece of text means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The word `error`, carets, what failed.
    Error,
    /// The word `warning`, what was skipped.
    Warning,
    /// Advice.
    Hint,
    /// What went well.
    Good,
    /// Names that matter.
    Strong,
    /// Frames, line numbers, nulls.
    Faint,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Error => "\x1b[1;31m",
            Self::Warning => "\x1b[1;33m",
            Self::Hint => "\x1b[1;36m",
            Self::Good => "\x1b[32m",
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[2m",
        }
    }
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Escape codes are written.
    pub on: bool,
}

impl Paint {
    /// The text in this style, if colours are on.
    pub const fn text<T: Display>(self, style: Style, text: T) -> Painted<T> {
        Painted { on: self.on, style, text }
    }
}

/// A text that shows itself in its style.
#[derive(Clone, Copy, Debug)]
pub struct Painted<T> {
    on: bool,
    style: Style,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.on { write!(formatter, "{}{}\x1b[0m", self.style.code(), self.text) } else { self.text.fmt(formatter) }
    }
}
