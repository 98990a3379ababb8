//! The counts that a snapshot carries for people and other readers.

use std::collections::{BTreeMap, HashSet};

use bywash_iceberg_spec::{DataFile, Snapshot};

/// Files, rows and bytes.
#[derive(Clone, Copy, Default)]
struct Totals {
    files: u64,
    rows: u64,
    bytes: u64,
}

impl Totals {
    fn of<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> Self {
        files.into_iter().fold(Self::default(), |sum, file| Self {
            files: sum.files + 1,
            rows: sum.rows + file.record_count,
            bytes: sum.bytes + file.file_size_in_bytes,
        })
    }

    fn from_summary(summary: &BTreeMap<String, String>) -> Option<Self> {
        let count = |key: &str| summary.get(key)?.parse().ok();
        Some(Self {
            files: count("total-data-files")?,
            rows: count("total-records")?,
            bytes: count("total-files-size")?,
        })
    }
}

/// The totals that a snapshot states about itself are trusted only if all are there.
pub(super) fn has_totals(snapshot: &Snapshot) -> bool {
    Totals::from_summary(&snapshot.summary).is_some()
}

/// The summary of a snapshot that adds and removes these files.
///
/// `before` is the parent's summary; where it lacks totals, `all_before` are the parent's files.
pub(super) fn summary(
    before: Option<&BTreeMap<String, String>>,
    all_before: &[DataFile],
    added: &[DataFile],
    removed: &[DataFile],
) -> BTreeMap<String, String> {
    let old = before.and_then(Totals::from_summary).unwrap_or_else(|| Totals::of(all_before));
    let (more, less) = (Totals::of(added), Totals::of(removed));
    let partitions: HashSet<_> = added.iter().chain(removed).map(|file| (file.spec_id, &file.partition)).collect();
    let mut counts = vec![
        ("changed-partition-count", partitions.len() as u64),
        ("total-data-files", (old.files + more.files).saturating_sub(less.files)),
        ("total-records", (old.rows + more.rows).saturating_sub(less.rows)),
        ("total-files-size", (old.bytes + more.bytes).saturating_sub(less.bytes)),
        ("total-delete-files", 0),
        ("total-position-deletes", 0),
        ("total-equality-deletes", 0),
    ];
    if more.files > 0 {
        counts.extend([
            ("added-data-files", more.files),
            ("added-records", more.rows),
            ("added-files-size", more.bytes),
        ]);
    }
    if less.files > 0 {
        counts.extend([
            ("deleted-data-files", less.files),
            ("deleted-records", less.rows),
            ("removed-files-size", less.bytes),
        ]);
    }
    counts.into_iter().map(|(key, count)| (key.to_owned(), count.to_string())).collect()
}
