//! Names as they enter: validated once, safe as folder names and in SQL ever after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Code, Error, Result};

const LONGEST_PART: usize = 128;
const LONGEST_REF: usize = 255;

/// `namespace.table`; both parts are letters, digits and underscores, and begin with no digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    namespace: String,
    name: String,
}

impl TableName {
    /// A name from its two parts.
    ///
    /// # Errors
    /// A part that is empty, longer than 128 characters, or holds anything but letters, digits and underscores.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Result<Self> {
        let (namespace, name) = (namespace.into(), name.into());
        check_part(&namespace, "namespace")?;
        check_part(&name, "table name")?;
        Ok(Self { namespace, name })
    }

    /// The part before the dot.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The part after the dot.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `<name>__rejected` in the same namespace: where quarantined rows are kept.
    #[must_use]
    pub fn rejected(&self) -> Self {
        Self { namespace: self.namespace.clone(), name: format!("{}__rejected", self.name) }
    }
}

fn check_part(part: &str, what: &str) -> Result<()> {
    let mut letters = part.chars();
    let begins_well = letters.next().is_some_and(|first| first.is_alphabetic() || first == '_');
    if begins_well && part.chars().count() <= LONGEST_PART && letters.all(|c| c.is_alphanumeric() || c == '_') {
        return Ok(());
    }
    Err(Error::new(Code::InvalidName, format!("`{part}` is not a {what}"))
        .hint(format!("use letters, digits and `_`, no digit first, at most {LONGEST_PART} characters")))
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.namespace, self.name)
    }
}

impl FromStr for TableName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.split_once('.') {
            Some((namespace, name)) => Self::new(namespace, name),
            None => Err(Error::new(Code::InvalidName, format!("`{text}` is not a full table name"))
                .hint("write it as `namespace.table`")),
        }
    }
}

impl TryFrom<String> for TableName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<TableName> for String {
    fn from(name: TableName) -> Self {
        name.to_string()
    }
}

/// The name of a branch or tag. Slashes group (`feature/x`); `@` and spaces are not allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RefName(String);

impl RefName {
    /// The branch that every lake has.
    #[must_use]
    pub fn main() -> Self {
        Self("main".to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RefName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        let parts_fit = text.split('/').all(|part| !part.is_empty() && !part.starts_with(['.', '-']));
        let looks_like_id = text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit());
        if text.chars().all(fits) && parts_fit && text.len() <= LONGEST_REF && text != "HEAD" && !looks_like_id {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(Code::InvalidName, format!("`{text}` cannot name a branch or tag"))
            .hint("use letters, digits, `_`, `-`, `.` and `/`, like `feature/late-flights`"))
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for RefName {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<RefName> for String {
    fn from(name: RefName) -> Self {
        name.0
    }
}

/// A table as SQL refers to it: `flights`, `raw.flights`, `raw.flights@dev`, `flights@main@2026-01-01`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableRef {
    /// The namespace, if one was written.
    pub namespace: Option<String>,
    /// The table.
    pub name: String,
    /// What follows the first `@`: a branch, a tag, a commit, a branch and a time, or a snapshot.
    pub at: Option<String>,
}

impl TableRef {
    /// Reads a reference.
    ///
    /// # Errors
    /// More than one dot before the `@`, or an invalid part.
    pub fn parse(text: &str) -> Result<Self> {
        let (table, at) = match text.split_once('@') {
            Some((table, at)) => (table, Some(at.to_owned())),
            None => (text, None),
        };
        let (namespace, name) = match table.split_once('.') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, table),
        };
        if let Some(namespace) = &namespace {
            check_part(namespace, "namespace")?;
        }
        check_part(name, "table name")?;
        Ok(Self { namespace, name: name.to_owned(), at })
    }
}

impl fmt::Display for TableRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(formatter, "{namespace}.")?;
        }
        formatter.write_str(&self.name)?;
        self.at.as_ref().map_or(Ok(()), |at| write!(formatter, "@{at}"))
    }
}
