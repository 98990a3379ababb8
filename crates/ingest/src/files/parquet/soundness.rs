//! Damage is told, not met: the numbers of a file's directory are held against its size before they are believed.
//!
//! The `parquet` crate asserts some of what it reads. What the check here does not foresee is caught where the
//! crate is called, so that a damaged file is the file's fault and ends only its own load.

use bywash_core::Result;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::open::broken;

/// Refuses a directory that points outside the file or counts what cannot be.
pub(super) fn check_directory(shown: &str, metadata: &ParquetMetaData, bytes: u64) -> Result<()> {
    let mut rows = 0_i64;
    for group in metadata.row_groups() {
        rows = rows.saturating_add(group.num_rows());
        if group.num_rows() < 0 || !group.columns().iter().all(|column| is_inside(column, bytes)) {
            return Err(broken(shown, &"a column lies outside the file"));
        }
    }
    let counted = metadata.file_metadata().num_rows();
    if rows == counted { Ok(()) } else { Err(broken(shown, &format!("it counts {counted} rows and holds {rows}"))) }
}

fn is_inside(column: &ColumnChunkMetaData, bytes: u64) -> bool {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let end = start.checked_add(column.compressed_size());
    let counts = [start, column.compressed_size(), column.uncompressed_size(), column.num_values()];
    counts.iter().all(|count| *count >= 0) && end.is_some_and(|end| end as u64 <= bytes)
}

/// What the `parquet` crate gives, or the error of a damaged file if it gives up.
pub(super) fn guarded<T, E: std::fmt::Display>(shown: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T> {
    match bywash_core::guarded(work) {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => Err(broken(shown, &error)),
        None => Err(broken(shown, &"its pages contradict its directory")),
    }
}
