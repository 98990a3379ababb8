//! What a pool may use. The caller reads settings; here they are values.

use std::path::PathBuf;

/// Where a pool works and how much it may take.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// Where rows are handed over and functions have their scratch folders: a folder that is this process's own.
    /// Everything that a pool puts there is gone when the pool is. On a disk rather than in memory.
    pub spill: PathBuf,
    /// Where environments and the SDK are kept; shared by every project of this user.
    pub cache: PathBuf,
    /// How many functions run side by side.
    pub workers: usize,
    /// Memory of a function that does not say its own, in bytes.
    pub memory: Option<u64>,
    /// How many processes and threads a function may have.
    pub processes: u32,
    /// How many bytes one file that a function writes may have, its output included.
    pub file_bytes: Option<u64>,
    /// Whether control groups are used where this user may make them; else limits of processes.
    pub control_groups: bool,
}

impl PoolSettings {
    /// The usual limits.
    #[must_use]
    pub fn new(spill: impl Into<PathBuf>, cache: impl Into<PathBuf>) -> Self {
        Self {
            spill: spill.into(),
            cache: cache.into(),
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            memory: None,
            processes: 512,
            file_bytes: None,
            control_groups: true,
        }
    }
}
