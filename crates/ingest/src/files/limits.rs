//! What is refused, so that a hostile or broken file ends in a sentence and not in an exhausted machine.

/// The longest record that is read.
pub(crate) const RECORD_BYTES_MAX: usize = 64 << 20;

/// The most columns (leaves, for nested data) that a table may have.
pub(crate) const COLUMNS_MAX: usize = 10_000;

/// The deepest nesting of a JSON value.
pub(crate) const DEPTH_MAX: usize = 100;

/// The longest raw record kept in a reject.
pub(crate) const RAW_BYTES_MAX: usize = 64 << 10;

/// The text that one thread parses at a time.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// How much to read behind `waiting` bytes that hold no whole record: twice as much, up to the longest record.
pub(crate) fn read_bytes(waiting: usize) -> usize {
    CHUNK_BYTES.max(waiting.min((RECORD_BYTES_MAX + CHUNK_BYTES).saturating_sub(waiting)))
}

/// Packed data may expand to this much before its ratio is looked at.
pub(crate) const EXPANSION_FREE_BYTES: u64 = 64 << 20;

/// What must be held in memory at once (a JSON document, a packed Parquet file) may be this large.
pub(crate) const IN_MEMORY_BYTES_MAX: usize = 2 << 30;
