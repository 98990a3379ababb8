//! What belongs to one call and goes with it: its group, its scratch folder, its identity.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use bywash_core::{Error, Result};
use nix::unistd::Uid;

use super::words::JobLimits;
use crate::isolation::{ControlGroups, Group, GroupLimits};
use crate::{Limits, PoolSettings};

/// Users that no system has: from here, so many.
const NOBODY: u32 = 61_184;
const NOBODIES: u64 = 4_000;

/// How many calls this process has made.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Dropped, every process of the call ends and its files are gone.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) group: Group,
    pub(super) scratch: PathBuf,
    pub(super) identity: Option<u32>,
    pub(super) number: u64,
    /// What it may take, the pool's own limits filled in.
    pub(super) limits: Limits,
    pub(super) processes: u32,
    /// The limits that the run sets itself.
    pub(super) by_process: JobLimits,
}

impl Bounds {
    /// `scratch` is the folder of all scratch folders. Root gives the call an identity of its own if `can_confine`:
    /// it can then read whatever the rules about files leave, and nothing else protects other files.
    pub(super) fn new(
        settings: &PoolSettings,
        groups: &ControlGroups,
        limits: Limits,
        scratch: &Path,
        can_confine: bool,
    ) -> Result<Self> {
        let number = CALLS.fetch_add(1, Ordering::Relaxed);
        let limits = Limits { memory: limits.memory.or(settings.memory), ..limits };
        let scratch = scratch.join(number.to_string());
        let failed = |error| Error::io("create", &scratch, &error);
        fs::DirBuilder::new().mode(0o700).create(&scratch).map_err(failed)?;
        let user = NOBODY + ((u64::from(std::process::id()) + number) % NOBODIES) as u32;
        let identity = (can_confine && Uid::effective().is_root()).then_some(user);
        if identity.is_some() {
            chown(&scratch, identity, identity).map_err(failed)?;
        }
        let of_group = GroupLimits { memory: limits.memory, processes: Some(settings.processes), cpus: limits.cpus };
        let group = groups.group(of_group);
        let by_process = JobLimits {
            memory: limits.memory.filter(|_| !group.limits_memory),
            processes: (!group.limits_processes).then_some(settings.processes),
            file_bytes: settings.file_bytes,
            cores: limits.cpus.map(|cpus| cpus.ceil().max(1.0) as u64),
        };
        Ok(Self { group, scratch, identity, number, limits, processes: settings.processes, by_process })
    }

    /// How it joins its groups.
    pub(super) fn doors(&self) -> Vec<OwnedFd> {
        self.group.doors()
    }
}

impl Drop for Bounds {
    fn drop(&mut self) {
        self.group.kill();
        drop(fs::remove_dir_all(&self.scratch));
    }
}
