//! The one shape of an error: what, where, what to do, and a code with a page.
//!
//! Messages are lower case without a full stop and hold names in backticks; advice stands in hints; secrets
//! stand nowhere. Several problems found at once travel as one error with `others`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::codes::{Code, Kind};

/// A result whose error a person can read.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Where something stands in a file or a query. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the project where possible; `<query>` for typed SQL.
    pub path: PathBuf,
    /// The line, if known.
    pub line: Option<u64>,
    /// The column, if known.
    pub column: Option<u64>,
    /// How many characters the carets cover; at least 1 where `column` is known.
    pub length: u64,
    /// The whole text of the file, for showing the line with carets; absent for data files.
    pub text: Option<Arc<str>>,
    /// What to write beside the carets.
    pub label: Option<String>,
}

impl Place {
    /// A file as a whole.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), line: None, column: None, length: 1, text: None, label: None }
    }

    /// A line of a file.
    pub fn line(path: impl Into<PathBuf>, line: u64) -> Self {
        Self { line: Some(line), ..Self::file(path) }
    }

    /// A stretch of `length` characters in a text that can be shown.
    pub fn span(path: impl Into<PathBuf>, text: Arc<str>, line: u64, column: u64, length: u64) -> Self {
        Self { line: Some(line), column: Some(column), length: length.max(1), text: Some(text), ..Self::file(path) }
    }

    /// The same place with words beside its carets.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
            if let Some(column) = self.column {
                write!(formatter, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// A failure that a person can read and act on.
#[derive(Clone, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: Code,
    message: String,
    places: Vec<Place>,
    hints: Vec<String>,
    others: Vec<Error>,
    cause: Option<String>,
}

impl Error {
    /// An error with a code and one clear sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            places: Vec::new(),
            hints: Vec::new(),
            others: Vec::new(),
            cause: None,
        }))
    }

    /// Something that cannot happen has happened; the reader is asked to report it.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Code::Bug, message).hint("this is a bug in Bywash: please report it with the command you ran")
    }

    /// A failed file operation, told by what was attempted on which path.
    ///
    /// A full disk, a missing file and a missing permission get their own codes.
    #[must_use]
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let shown = path.display();
        match error.kind() {
            ErrorKind::NotFound => Self::new(Code::MissingFile, format!("cannot {doing} `{shown}`: it does not exist")),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::new(Code::PermissionDenied, format!("cannot {doing} `{shown}`: permission denied"))
                    .hint(format!("give this user access to `{shown}`, or run as one who has it"))
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                Self::new(Code::DiskFull, format!("cannot {doing} `{shown}`: no space left on the device"))
                    .hint("nothing was published; free some space and run the command again")
            }
            _ => Self::new(Code::FileSystem, format!("cannot {doing} `{shown}`: {error}")),
        }
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.places.push(place);
        self
    }

    /// Adds a place, unless it has one: who raised it knew better.
    #[must_use]
    pub fn or_at(self, place: &Place) -> Self {
        if self.places().is_empty() { self.at(place.clone()) } else { self }
    }

    /// The same, without places in a file that the reader cannot look at.
    #[must_use]
    pub fn without_places_in(mut self, file: &Path) -> Self {
        self.0.places.retain(|place| !place.path.ends_with(file));
        self.0.others = self.0.others.into_iter().map(|other| other.without_places_in(file)).collect();
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Adds advice if there is any.
    #[must_use]
    pub fn maybe_hint(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }

    /// Keeps the text of what a library said.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Says first what was being done: `context: message`.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// Several problems as one error; `None` if there are none.
    #[must_use]
    pub fn all(errors: Vec<Self>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        first.0.others.extend(errors);
        Some(first)
    }

    /// The code of the first problem.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the reader does next.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.code.kind()
    }

    /// The sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }

    /// What to do.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// What a library said, if it adds anything.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// This problem and all that were found with it, flat.
    #[must_use]
    pub fn each(&self) -> Vec<&Self> {
        let mut found = vec![self];
        for other in &self.0.others {
            found.extend(other.each());
        }
        found
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in self.each() {
            write!(formatter, "[{}] {}", error.code(), error.message())?;
            for place in error.places() {
                write!(formatter, " at {place}")?;
            }
            if let Some(cause) = error.cause() {
                write!(formatter, " ({cause})")?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}
