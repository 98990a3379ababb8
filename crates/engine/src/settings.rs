//! What an engine may use of the machine.

use std::path::{Path, PathBuf};

/// The part of a machine's or container's memory that queries may take when nothing else is set.
const MEMORY_SHARE_PERCENT: u64 = 70;

/// What is assumed where neither a limit nor the machine's size can be read.
const UNKNOWN_MEMORY: u64 = 4 << 30;

/// Disk that queries may spill to when nothing else is set.
const DEFAULT_SPILL: u64 = 100 << 30;

/// Memory that one partition of a plan should have, or operators spill for want of each other's share.
const MEMORY_A_PARTITION: u64 = 256 << 20;

/// What an engine may use of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineSettings {
    /// Bytes that all queries together may hold in memory; beyond it they spill.
    pub memory_limit: u64,
    /// The folder where they spill; it is made when it is missing.
    pub spill_folder: PathBuf,
    /// Bytes that may lie there at once; 0 forbids spilling.
    pub spill_limit: u64,
    /// How many threads work on one query.
    pub threads: usize,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            memory_limit: available_memory() / 100 * MEMORY_SHARE_PERCENT,
            spill_folder: std::env::temp_dir().join("bywash-spill"),
            spill_limit: DEFAULT_SPILL,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl EngineSettings {
    /// Into how many partitions plans divide their work.
    pub(crate) fn partitions(&self) -> usize {
        let by_memory = usize::try_from(self.memory_limit / MEMORY_A_PARTITION).unwrap_or(usize::MAX);
        self.threads.min(by_memory).max(1)
    }
}

/// The least of the control group's limit (version 2, then 1) and the machine's memory.
#[must_use]
pub fn available_memory() -> u64 {
    let group = group_limit().unwrap_or(u64::MAX);
    let machine = machine_memory().unwrap_or(u64::MAX);
    match group.min(machine) {
        u64::MAX => UNKNOWN_MEMORY,
        found => found,
    }
}

fn group_limit() -> Option<u64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let groups = own.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        least_limit(Path::new(root), path.trim_start_matches('/'), file)
    });
    groups.min()
}

/// What a group may take: no more than any group around it.
fn least_limit(root: &Path, group: &str, file: &str) -> Option<u64> {
    Path::new(group).ancestors().filter_map(|group| read_number(&root.join(group).join(file))).min()
}

fn read_number(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes << 10)
}
