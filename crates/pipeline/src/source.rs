//! How the pipeline asks for rows from outside: the trait that `ingest` implements.
//!
//! Reading blocks, so the pipeline calls it on threads of its own. A guess of types from the heads of files that
//! turns out wrong ends in [`Stopped::Misfit`]; the load then infers over everything and starts again, so that the
//! usual file is read once and no value is ever bent to fit.

use std::any::Any;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, ObjectId, Result};

use crate::project::ReaderOptions;

/// A file of a resource, as it lies there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Where.
    pub path: PathBuf,
    /// Relative to the project, with forward slashes: the file's identity in the ledger.
    pub shown: String,
    /// How large.
    pub bytes: u64,
}

/// Why reading ended before the end of a file.
#[derive(Debug)]
pub enum Stopped {
    /// A value does not fit the guessed types.
    Misfit,
    /// The file cannot be read.
    Failed(Error),
}

/// A row that could not be read and is kept aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The file.
    pub file: String,
    /// The line on which its record begins, from 1.
    pub line: u64,
    /// The column, if one is to blame.
    pub column: Option<String>,
    /// Why.
    pub reason: String,
    /// The record as it stands there, cut if it is long.
    pub raw: String,
}

/// Some rows of a file.
#[derive(Debug)]
pub struct SourceBatch {
    /// The rows that could be read.
    pub batch: RecordBatch,
    /// Those that could not.
    pub rejected: Vec<RejectedRow>,
}

/// The columns that files are read into.
#[derive(Clone)]
pub struct SourceTypes {
    /// The columns of the batches.
    pub schema: SchemaRef,
    /// Whether reading may show that they are wrong: then it stops with [`Stopped::Misfit`].
    pub is_guess: bool,
    /// What a person should know about them.
    pub warnings: Vec<String>,
    /// What the reader itself wants to remember.
    pub inner: Arc<dyn Any + Send + Sync>,
}

/// The batches of one file.
pub trait SourceRows: Iterator<Item = Result<SourceBatch, Stopped>> + Send {
    /// What a person should know, as far as the file has been read.
    fn warnings(&self) -> Vec<String>;
}

/// Reads files.
pub trait SourceReader: Send + Sync {
    /// The files that a path or glob names under `root`, by name.
    ///
    /// # Errors
    /// None, or a folder that cannot be read.
    fn list(&self, root: &Path, pattern: &str) -> Result<Vec<SourceFile>>;

    /// The hash of a file's bytes.
    ///
    /// # Errors
    /// It cannot be read.
    fn content(&self, file: &SourceFile) -> Result<ObjectId>;

    /// Types from the heads of these files.
    ///
    /// # Errors
    /// A file cannot be read.
    fn guess(&self, files: &[SourceFile], options: &ReaderOptions) -> Result<SourceTypes>;

    /// Types from the whole of these files.
    ///
    /// # Errors
    /// A file cannot be read.
    fn infer(&self, files: &[SourceFile], options: &ReaderOptions) -> Result<SourceTypes>;

    /// The types of a table that exists: what does not fit them is an error, or a reject.
    fn of_table(&self, schema: SchemaRef) -> SourceTypes;

    /// The rows of one file in these types.
    ///
    /// # Errors
    /// The file cannot be read, or has columns that the types lack.
    fn open(&self, file: &SourceFile, options: &ReaderOptions, types: &SourceTypes) -> Result<Box<dyn SourceRows>>;
}

/// The path of a place on this machine: `file://` is taken off, other stores come later.
///
/// # Errors
/// A place on another machine, like `https://…`.
pub fn local_path(text: &str) -> Result<&str> {
    let path = text.strip_prefix("file://").unwrap_or(text);
    match path.split_once("://") {
        Some((scheme, _)) if !scheme.is_empty() && scheme.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
            Err(Error::new(Code::NotYetSupported, format!("files at `{scheme}://` are not supported yet"))
                .hint("copy them to this machine first, and name their path"))
        }
        _ => Ok(path),
    }
}
