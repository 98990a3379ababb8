//! Row-level deletes that other engines write: rows that stand in a data file and are not in the table any more.
//!
//! We write none. A deletion vector of format version 3 is refused where its table is opened.

use bywash_core::Result;

use crate::data_file::DataFile;
use crate::fence;
use crate::manifest_list::ManifestFile;

/// How a delete file names the rows that are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeleteKind {
    /// By data file and the row's place in it.
    Positions,
    /// By the values of these fields; nulls are equal.
    Equality(Vec<i32>),
}

/// A Parquet file of deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteFile {
    /// What it holds.
    pub kind: DeleteKind,
    /// Where it lies, its partition and its bounds.
    pub file: DataFile,
    /// Rows that were added later, by a greater number, are not deleted by it.
    pub sequence_number: i64,
}

impl DeleteFile {
    /// The live delete files of a manifest that lists some.
    ///
    /// # Errors
    /// Bytes that are no manifest, files other than Parquet.
    pub fn read(bytes: &[u8], listed: &ManifestFile) -> Result<Vec<Self>> {
        fence::read_delete_manifest(bytes, listed)
    }
}
