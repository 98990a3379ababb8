//! How a model's settings are written where they stand: as keys of YAML, or as arguments of a decorator in Python.
//! Hints show them likewise.

use bywash_core::{Code, Place};

/// The language of a setting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    /// Front matter, and files about models.
    Yaml,
    /// `@bw.model(…)`.
    Python,
}

impl Spelling {
    /// That of the file of a place.
    pub(crate) fn at(place: &Place) -> Self {
        if place.path.extension().is_some_and(|extension| extension == "py") { Self::Python } else { Self::Yaml }
    }

    /// The code of a setting that is wrong.
    pub(crate) const fn code(self) -> Code {
        match self {
            Self::Yaml => Code::InvalidFrontMatter,
            Self::Python => Code::InvalidPython,
        }
    }

    /// A setting that is one word.
    pub(crate) fn word(self, key: &str, word: &str) -> String {
        match self {
            Self::Yaml => format!("`{key}: {word}`"),
            Self::Python => format!("`{key}=\"{word}\"`"),
        }
    }

    /// A setting that is a list of words.
    pub(crate) fn list(self, key: &str, words: &[String]) -> String {
        match self {
            Self::Yaml => format!("`{key}: [{}]`", words.join(", ")),
            Self::Python => format!("`{key}=[\"{}\"]`", words.join("\", \"")),
        }
    }
}
