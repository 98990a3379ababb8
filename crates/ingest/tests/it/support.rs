//! A folder of files, and reading them as a load does: guess, read, and infer if the guess was wrong.

use std::fs;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use bywash_core::Error;
use bywash_ingest::files::{
    Counts, FoundFile, ReadOptions, Reject, Stopped, TypeName, Typing, find, guess, infer, open,
};

/// What null looks like in these tests.
pub const NULL: &str = "∅";

/// A folder that goes away with the test.
pub struct Folder {
    folder: tempfile::TempDir,
}

/// Everything that reading gave.
#[derive(Debug)]
pub struct Outcome {
    pub batch: RecordBatch,
    pub rejects: Vec<Reject>,
    pub counts: Counts,
    pub warnings: Vec<String>,
    /// Whether the guess from the heads did not hold.
    pub restarted: bool,
}

impl Folder {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        Self::new().and(name, content)
    }

    pub fn and(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn find(&self, pattern: &str) -> Result<Vec<FoundFile>, Error> {
        find(self.folder.path(), pattern)
    }

    pub fn read(&self, pattern: &str, options: &ReadOptions) -> Result<Outcome, Error> {
        read_files(&self.find(pattern)?, options)
    }

    pub fn infer(&self, pattern: &str, options: &ReadOptions) -> Result<Typing, Error> {
        infer(&self.find(pattern)?, options)
    }
}

/// As a load does it.
pub fn read_files(files: &[FoundFile], options: &ReadOptions) -> Result<Outcome, Error> {
    let guessed = guess(files, options)?;
    match read_as(files, options, &guessed) {
        Ok(outcome) => Ok(outcome),
        Err(Stopped::Failed(error)) => Err(error),
        Err(Stopped::Misfit(_)) => {
            assert!(guessed.is_guess(), "only a guess can be wrong");
            let inferred = infer(files, options)?;
            let outcome = read_as(files, options, &inferred).map_err(Error::from)?;
            Ok(Outcome { restarted: true, ..outcome })
        }
    }
}

/// All rows in the columns of `typing`.
pub fn read_as(files: &[FoundFile], options: &ReadOptions, typing: &Typing) -> Result<Outcome, Stopped> {
    let (mut batches, mut rejects, mut counts) = (Vec::new(), Vec::new(), Counts::default());
    let mut warnings = typing.warnings().to_vec();
    for file in files {
        let mut reader = open(file, options, typing)?;
        for batch in reader.by_ref() {
            let batch = batch?;
            assert_eq!(batch.rows_read, (batch.batch.num_rows() + batch.rejects.len()) as u64);
            batches.push(batch.batch);
            rejects.extend(batch.rejects);
        }
        let own = reader.counts();
        assert_eq!(own.rows_read, own.rows + own.rejected, "rule R9");
        counts.rows_read += own.rows_read;
        counts.rows += own.rows;
        counts.rejected += own.rejected;
        warnings.extend(reader.warnings());
    }
    warnings.sort();
    warnings.dedup();
    let batch = concat_batches(&typing.schema(), &batches).unwrap();
    assert_eq!((batch.num_rows() as u64, rejects.len() as u64), (counts.rows, counts.rejected));
    Ok(Outcome { batch, rejects, counts, warnings, restarted: false })
}

impl Outcome {
    /// `name: type` of each column.
    pub fn types(&self) -> Vec<String> {
        types(self.batch.schema().fields())
    }

    /// The values as text, row by row.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let options = FormatOptions::default().with_null(NULL);
        let columns = self.batch.columns().iter();
        let columns: Vec<_> = columns.map(|column| ArrayFormatter::try_new(column, &options).unwrap()).collect();
        let row = |row| columns.iter().map(|column| column.value(row).to_string()).collect();
        (0..self.batch.num_rows()).map(row).collect()
    }

    /// The values of one column as text.
    pub fn column(&self, name: &str) -> Vec<String> {
        let place = self.batch.schema().index_of(name).unwrap();
        self.rows().into_iter().map(|mut row| row.swap_remove(place)).collect()
    }
}

/// `name: type` of each field.
pub fn types(fields: &arrow::datatypes::Fields) -> Vec<String> {
    fields.iter().map(|field| format!("{}: {}", field.name(), TypeName::word(field.data_type()))).collect()
}

/// Options in the words of a source file.
pub fn options(json: serde_json::Value) -> ReadOptions {
    serde_json::from_value(json).unwrap()
}

/// The error as a person sees it: code, message, places, hints.
pub fn told(error: &Error) -> String {
    let mut text = format!("[{}] {}", error.code(), error.message());
    for place in error.places() {
        text.push_str(&format!("\n at {place}"));
    }
    for hint in error.hints() {
        text.push_str(&format!("\n hint: {hint}"));
    }
    text
}

/// Rows of texts, written short.
pub fn rows(expected: &[&[&str]]) -> Vec<Vec<String>> {
    expected.iter().map(|row| row.iter().map(|value| (*value).to_owned()).collect()).collect()
}
