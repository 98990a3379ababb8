//! Control groups, of either version: one for each call, below the group that this process is in.
//!
//! Memory is counted where it is private: pages of a mapped file can be read again, so the kernel takes them back before
//! it kills anything. A call's group also knows every process that the call started, wherever it hid.

use std::fs::{self, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How many names this process has given.
static NAMES: AtomicU64 = AtomicU64::new(0);

/// Processor time is dealt out in slices of this many microseconds.
const SLICE: u64 = 100_000;

/// Where groups can be made, and what they can limit.
#[derive(Debug, Default)]
pub(crate) struct ControlGroups {
    folders: Vec<Folder>,
}

/// A group of ours that the groups of calls stand below: one, or with version 1 one for each controller.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    memory: Option<&'static str>,
    processes: bool,
    cpus: Option<Cpus>,
}

#[derive(Clone, Copy, Debug)]
enum Cpus {
    /// Quota and period in one file.
    One,
    /// The quota has a file of its own.
    Two,
}

/// What a group is made with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GroupLimits {
    pub(crate) memory: Option<u64>,
    pub(crate) processes: Option<u32>,
    pub(crate) cpus: Option<f64>,
}

impl ControlGroups {
    /// Finds where this process may make groups; nowhere is no error.
    pub(crate) fn find() -> Self {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Self { folders: own_groups(&groups, &mounts).into_iter().filter_map(|own| Folder::make(&own)).collect() }
    }

    /// A group for one call. What cannot be set is left to the limits of processes.
    pub(crate) fn group(&self, limits: GroupLimits) -> Group {
        let name = format!("call-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let mut group = Group::default();
        for folder in &self.folders {
            folder.add(&name, limits, &mut group);
        }
        group
    }
}

impl Drop for ControlGroups {
    fn drop(&mut self) {
        for folder in &self.folders {
            drop(fs::remove_dir(&folder.path));
        }
    }
}

/// The folders of the groups that this process is in, one a line of `/proc/self/cgroup`, as they are mounted here.
fn own_groups(groups: &str, mounts: &str) -> Vec<PathBuf> {
    let mounts: Vec<Mount> = mounts.lines().filter_map(Mount::parse).collect();
    let group = |line: &str| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let mount = mounts.iter().find(|mount| match controllers.as_str() {
            "" => mount.kind == "cgroup2",
            named => {
                mount.kind == "cgroup" && named.split(',').all(|one| mount.options.split(',').any(|had| had == one))
            }
        })?;
        // A container sees its own part of the tree.
        let below = path.strip_prefix(&mount.root).unwrap_or(&path).trim_start_matches('/');
        Some(Path::new(&mount.point).join(below))
    };
    let wanted = |line: &&str| {
        let controllers = line.split(':').nth(1).unwrap_or("-");
        controllers.is_empty() || controllers.split(',').any(|one| ["memory", "pids", "cpu"].contains(&one))
    };
    groups.lines().filter(wanted).filter_map(group).collect()
}

/// A line of `/proc/self/mountinfo`.
struct Mount {
    root: String,
    point: String,
    kind: String,
    options: String,
}

impl Mount {
    fn parse(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, point) = (before.next()?.to_owned(), before.next()?.to_owned());
        let mut after = after.split(' ');
        let kind = after.next()?.to_owned();
        let options = after.nth(1)?.to_owned();
        Some(Self { root, point, kind, options })
    }
}

impl Folder {
    /// A group of ours below `own`, or with version 2 below the nearest group above it that may have some: one that
    /// holds processes cannot deal out anything.
    fn make(own: &Path) -> Option<Self> {
        if !own.join("cgroup.controllers").exists() {
            return Self::make_below(own);
        }
        // What others have set up for groups above is left as it is.
        deal_out(own);
        own.ancestors().take_while(|group| group.join("cgroup.controllers").exists()).find_map(Self::make_below)
    }

    fn make_below(group: &Path) -> Option<Self> {
        sweep(group);
        let name = format!("bywash-{}-{}", std::process::id(), NAMES.fetch_add(1, Ordering::Relaxed));
        let path = group.join(name);
        fs::create_dir(&path).ok()?;
        deal_out(&path);
        // With version 2 a group has files that those below it lack: what counts is what a call's group will have.
        let trial = path.join("trial");
        let made = fs::create_dir(&trial).is_ok();
        let has = |file: &&str| trial.join(file).exists();
        let memory = ["memory.max", "memory.limit_in_bytes"].into_iter().find(|file| has(file));
        let processes = has(&"pids.max");
        let cpus = [("cpu.max", Cpus::One), ("cpu.cfs_quota_us", Cpus::Two)];
        let cpus = cpus.into_iter().find(|(file, _)| has(file)).map(|(_, cpus)| cpus);
        if made {
            drop(fs::remove_dir(&trial));
        }
        let folder = Self { path, memory, processes, cpus };
        if folder.memory.is_none() && !folder.processes && folder.cpus.is_none() {
            drop(fs::remove_dir(&folder.path));
            return None;
        }
        Some(folder)
    }

    /// Makes a group below this one, and tells `group` of it and of the limits that it has taken.
    fn add(&self, name: &str, limits: GroupLimits, group: &mut Group) {
        let path = self.path.join(name);
        if fs::create_dir(&path).is_err() {
            return;
        }
        let set = |file: &str, value: String| fs::write(path.join(file), value).is_ok();
        if let (Some(file), Some(bytes)) = (self.memory, limits.memory) {
            group.limits_memory |= set(file, bytes.to_string());
            // Where memory may move to a disk, the limit would not be one.
            set("memory.swap.max", "0".to_owned());
            set("memory.memsw.limit_in_bytes", bytes.to_string());
            set("memory.oom.group", "1".to_owned());
        }
        if let (true, Some(processes)) = (self.processes, limits.processes) {
            group.limits_processes |= set("pids.max", processes.to_string());
        }
        if let (Some(cpus), Some(limit)) = (self.cpus, limits.cpus) {
            let quota = (limit * SLICE as f64).max(1_000.0) as u64;
            match cpus {
                Cpus::One => set("cpu.max", format!("{quota} {SLICE}")),
                Cpus::Two => set("cpu.cfs_quota_us", quota.to_string()),
            };
        }
        group.folders.push(path);
    }
}

/// Lets the groups below have what can be limited: each by itself, since one that this system does not deal out here
/// (systemd often leaves out `cpu`) would take the others with it.
fn deal_out(group: &Path) {
    for controller in ["+memory", "+pids", "+cpu"] {
        drop(fs::write(group.join("cgroup.subtree_control"), controller));
    }
}

/// Removes the groups of processes that were killed before they could.
fn sweep(group: &Path) {
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(process) = name.to_str().and_then(|name| name.strip_prefix("bywash-")?.split('-').next()) else {
            continue;
        };
        if Path::new("/proc").join(process).exists() {
            continue;
        }
        for call in fs::read_dir(entry.path()).into_iter().flatten().flatten() {
            drop(fs::remove_dir(call.path()));
        }
        drop(fs::remove_dir(entry.path()));
    }
}

/// The groups of one call. Dropped, every process in them ends, and they are gone.
#[derive(Debug, Default)]
pub(crate) struct Group {
    folders: Vec<PathBuf>,
    /// Whether it limits memory; else the run has to do it.
    pub(crate) limits_memory: bool,
    /// Whether it limits the number of processes.
    pub(crate) limits_processes: bool,
}

impl Group {
    /// Descriptors by which a process joins: it writes `0` to each.
    pub(crate) fn doors(&self) -> Vec<OwnedFd> {
        let open = |folder: &PathBuf| OpenOptions::new().write(true).open(folder.join("cgroup.procs")).ok();
        self.folders.iter().filter_map(open).map(|file: File| file.into()).collect()
    }

    /// Whether the kernel killed a process for the memory it took.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        ["memory.events", "memory.oom_control"].iter().any(|file| self.counts(file, "oom_kill"))
    }

    /// Whether a process or thread more was refused.
    pub(crate) fn ran_out_of_processes(&self) -> bool {
        self.counts("pids.events", "max")
    }

    fn counts(&self, file: &str, word: &str) -> bool {
        let text = |folder: &PathBuf| fs::read_to_string(folder.join(file)).ok();
        let counted = |line: &str| line.split_once(' ').is_some_and(|(name, count)| name == word && count != "0");
        self.folders.iter().filter_map(text).any(|text| text.lines().any(counted))
    }

    /// Ends every process in the groups.
    pub(crate) fn kill(&self) {
        for folder in &self.folders {
            // No process more from now on, so that this comes to an end.
            drop(fs::write(folder.join("pids.max"), "0"));
            drop(fs::write(folder.join("cgroup.kill"), "1"));
        }
        for folder in &self.folders {
            let processes = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            for process in processes.lines().filter_map(|line| line.parse().ok()) {
                let _already_gone = kill(Pid::from_raw(process), Signal::SIGKILL);
            }
        }
    }

    fn is_empty(&self) -> bool {
        let processes = |folder: &PathBuf| fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        self.folders.iter().all(|folder| processes(folder).is_empty())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..500 {
            if self.is_empty() {
                break;
            }
            self.kill();
            std::thread::sleep(Duration::from_millis(2));
        }
        for folder in &self.folders {
            drop(fs::remove_dir(folder));
        }
    }
}
