//! Rows of one data file, by their place in it: a bit a row.

use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

/// Rows of one data file. A file of a million rows takes 122 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    of_rows: u64,
    rows: u64,
}

impl RowSet {
    /// No row of a file that has `of_rows`.
    #[must_use]
    pub fn none(of_rows: u64) -> Self {
        let words = usize::try_from(of_rows.div_ceil(64)).unwrap_or(usize::MAX);
        Self { words: vec![0; words], of_rows, rows: 0 }
    }

    /// Adds a row; false if it was there already, or the file has no such row.
    pub fn insert(&mut self, row: u64) -> bool {
        let Some(word) = usize::try_from(row / 64).ok().and_then(|word| self.words.get_mut(word)) else { return false };
        let bit = 1 << (row % 64);
        let is_new = *word & bit == 0 && row < self.of_rows;
        if is_new {
            *word |= bit;
            self.rows += 1;
        }
        is_new
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// All other rows of the file, as the reader of Parquet wants it.
    pub(super) fn others(&self) -> RowSelection {
        let mut selectors: Vec<RowSelector> = Vec::new();
        for row in 0..self.of_rows {
            let skip = self.contains(row);
            match selectors.last_mut() {
                Some(last) if last.skip == skip => last.row_count += 1,
                _ => selectors.push(RowSelector { row_count: 1, skip }),
            }
        }
        RowSelection::from(selectors)
    }

    /// Whether a row is among them.
    #[must_use]
    pub fn contains(&self, row: u64) -> bool {
        let word = usize::try_from(row / 64).ok().and_then(|word| self.words.get(word));
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }
}
