//! How a source says its files are to be read, in the words of a source file.
//!
//! Everything has a default that fits the usual file; what is not given and can be seen in the file (delimiter,
//! header, types) is guessed from the file.

use std::fmt;

use bywash_core::{Code, Error, Result};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::format::Format;
use bywash_engine::TypeName;

/// The options of a `files` resource that concern reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReadOptions {
    /// The format; told by the name when not given.
    pub format: Option<Format>,
    /// What separates the fields of CSV; found among `,` `;` tab `|` when not given.
    #[serde(alias = "sep", alias = "separator")]
    pub delimiter: Option<Character>,
    /// Whether the first record of CSV holds names; looked at when not given, and taken for names in doubt.
    pub header: Option<bool>,
    /// The names of the fields of CSV: of one without a header, unless `header: true` says that they replace it.
    #[serde(alias = "column_names")]
    pub names: Vec<String>,
    /// Fields of CSV that mean null. An empty field of a column that is not text is null in any case.
    #[serde(deserialize_with = "one_or_many", alias = "null_value", alias = "nullstr")]
    pub null_values: Vec<String>,
    /// What a quoted empty field of CSV (`""`) in a text column means.
    pub quoted_empty: QuotedEmpty,
    /// The encoding by its WHATWG label; a byte order mark at the start of the file goes before it.
    pub encoding: String,
    /// Types by column name, instead of those found.
    pub columns: DeclaredColumns,
    /// What happens to a row that cannot be read.
    pub on_error: OnError,
    /// CSV lines that begin with it are skipped.
    pub comment: Option<Character>,
    /// What CSV fields are quoted with; empty for not at all.
    #[serde(with = "maybe_empty")]
    pub quote: Option<Character>,
    /// What escapes a quote inside a quoted CSV field, besides doubling it.
    pub escape: Option<Character>,
    /// Lines of CSV before the header.
    pub skip_lines: u64,
    /// Formats of dates and times besides ISO 8601, in the letters of `strftime`; no zone letter: no zone.
    #[serde(deserialize_with = "one_or_many", alias = "timestamp_format")]
    pub timestamp_formats: Vec<String>,
    /// Where the rows of a JSON document stand: `items.rows`.
    #[serde(alias = "data_selector")]
    pub records_path: Option<String>,
    /// How many times its size a packed file may expand to.
    pub max_expansion_ratio: u64,
    /// How many threads parse; all processors, up to eight, when not given.
    pub threads: Option<usize>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            delimiter: None,
            header: None,
            names: Vec::new(),
            null_values: vec![String::new()],
            quoted_empty: QuotedEmpty::Null,
            encoding: "utf-8".to_owned(),
            columns: DeclaredColumns::default(),
            on_error: OnError::Fail,
            comment: None,
            quote: Some(Character(b'"')),
            escape: None,
            skip_lines: 0,
            timestamp_formats: Vec::new(),
            records_path: None,
            max_expansion_ratio: 1_000,
            threads: None,
        }
    }
}

impl ReadOptions {
    /// Whether there is a header, if the source says so.
    pub(crate) fn known_header(&self) -> Option<bool> {
        self.header.or((!self.names.is_empty()).then_some(false))
    }

    /// The threads to parse with.
    pub(crate) fn thread_count(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, usize::from).min(8);
        self.threads.unwrap_or_else(all).max(1)
    }

    /// Whether rows that cannot be read are set aside.
    pub(crate) fn quarantines(&self) -> bool {
        self.on_error == OnError::Quarantine
    }
}

/// What happens to a row that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The load ends with an error.
    #[default]
    Fail,
    /// The row is kept as a reject and the load goes on.
    Quarantine,
}

/// What a quoted empty field means in a text column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotedEmpty {
    /// The same as an empty field without quotes.
    #[default]
    Null,
    /// A text of no characters.
    String,
}

/// One ASCII character with a meaning in CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Character(u8);

impl Character {
    /// The character, if it is one of ASCII and no line end.
    ///
    /// # Errors
    /// It is another.
    pub fn new(character: char) -> Result<Self> {
        Self::try_from(character.to_string())
    }

    /// The byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self.0
    }
}

impl TryFrom<String> for Character {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | 0) => Ok(Self(*byte)),
            _ => Err(Error::new(Code::InvalidSetting, format!("`{text}` is not one ASCII character"))
                .hint("write a delimiter like `;` or `tab`")),
        }
    }
}

impl From<Character> for String {
    fn from(character: Character) -> Self {
        char::from(character.0).to_string()
    }
}

/// Types that the source declares, in the order given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredColumns(Vec<(String, TypeName)>);

impl DeclaredColumns {
    /// The declared columns in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, TypeName)> {
        self.0.iter().map(|(name, kind)| (name.as_str(), *kind))
    }

    /// The type declared for a column.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<TypeName> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind)
    }

    /// The name of each declared column, in order.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl<Name: Into<String>> FromIterator<(Name, TypeName)> for DeclaredColumns {
    fn from_iter<Pairs: IntoIterator<Item = (Name, TypeName)>>(pairs: Pairs) -> Self {
        Self(pairs.into_iter().map(|(name, kind)| (name.into(), kind)).collect())
    }
}

impl Serialize for DeclaredColumns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, kind) in &self.0 {
            map.serialize_entry(name, kind)?;
        }
        map.end()
    }
}

/// A column's type alone, or under dlt's key.
#[derive(Deserialize)]
#[serde(untagged)]
enum Declaration {
    Name(TypeName),
    Keyed {
        #[serde(alias = "type")]
        data_type: TypeName,
    },
}

impl<'de> Deserialize<'de> for DeclaredColumns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = DeclaredColumns;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of column names to types")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, declaration)) = map.next_entry::<String, Declaration>()? {
                    let (Declaration::Name(kind) | Declaration::Keyed { data_type: kind }) = declaration;
                    pairs.push((name, kind));
                }
                Ok(DeclaredColumns(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Texts {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Texts::deserialize(deserializer)? {
        Texts::One(text) => vec![text],
        Texts::Many(texts) => texts,
    })
}

/// A character, or nothing written as an empty text.
mod maybe_empty {
    use serde::de::Error as _;

    use super::{Character, Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &Option<Character>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map_or_else(String::new, String::from).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Character>, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => Character::try_from(text).map(Some).map_err(|error| D::Error::custom(error.message())),
        }
    }
}
