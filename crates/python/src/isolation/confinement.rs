//! Landlock and seccomp around the process that forks workers.
//!
//! Both bind a thread and what it starts. So a thread is made for it, binds itself, starts the interpreter, and ends.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};

use bywash_core::{Error, Result};

/// What the functions of an environment may reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Confinement {
    /// Files and folders that may be read and executed, besides those of the system.
    pub(crate) readable: Vec<PathBuf>,
    /// The one folder that may be written.
    pub(crate) scratch: PathBuf,
    /// Whether the network may be used.
    pub(crate) network: bool,
}

/// What the system can keep functions from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Abilities {
    /// Files outside the project.
    pub(crate) files: bool,
    /// The network.
    pub(crate) network: bool,
}

/// Starts a program that can never do more than `confinement` allows.
pub(crate) fn start_confined(mut command: Command, confinement: Confinement) -> Result<Child> {
    let shown = PathBuf::from(command.get_program());
    let child = in_own_thread(move || {
        system::confine(&confinement)?;
        command.spawn()
    });
    child.map_err(|error| Error::io("start", &shown, &error))
}

/// Tries both out on a thread.
pub(crate) fn abilities() -> Abilities {
    let nothing = Confinement { readable: Vec::new(), scratch: PathBuf::new(), network: false };
    in_own_thread(move || system::confine(&nothing)).unwrap_or(Abilities { files: false, network: false })
}

fn in_own_thread<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let thread = std::thread::Builder::new().name("start-worker".to_owned()).spawn(work)?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that starts workers ended early")))
}

#[cfg(target_os = "linux")]
mod system {
    use std::collections::BTreeMap;
    use std::io;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
        RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
    };
    use nix::libc;
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};

    use super::{Abilities, Confinement};

    /// The newest rules that are asked for; older systems give what they have.
    const RULES: ABI = ABI::V6;

    /// What programs need of the system. Of `/etc`, nothing that holds secrets.
    const SYSTEM: &[&str] = &[
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/opt",
        "/nix/store",
        "/proc",
        "/sys",
        "/etc/alternatives",
        "/etc/ca-certificates",
        "/etc/fonts",
        "/etc/gai.conf",
        "/etc/group",
        "/etc/host.conf",
        "/etc/hosts",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/localtime",
        "/etc/mime.types",
        "/etc/nsswitch.conf",
        "/etc/os-release",
        "/etc/passwd",
        "/etc/pki",
        "/etc/protocols",
        "/etc/resolv.conf",
        "/etc/services",
        "/etc/ssl",
        "/etc/timezone",
        "/run/systemd/resolve",
    ];

    /// Devices that hold nothing.
    const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

    /// Calls that no function of data needs, and that reach around the other rules.
    const REFUSED: &[libc::c_long] = &[
        libc::SYS_add_key,
        libc::SYS_bpf,
        libc::SYS_delete_module,
        libc::SYS_finit_module,
        libc::SYS_init_module,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_io_uring_setup,
        libc::SYS_kexec_file_load,
        libc::SYS_kexec_load,
        libc::SYS_keyctl,
        libc::SYS_mount,
        libc::SYS_move_mount,
        libc::SYS_open_by_handle_at,
        libc::SYS_open_tree,
        libc::SYS_perf_event_open,
        libc::SYS_pidfd_getfd,
        libc::SYS_pivot_root,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_ptrace,
        libc::SYS_reboot,
        libc::SYS_request_key,
        libc::SYS_setns,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_sethostname,
        libc::SYS_swapoff,
        libc::SYS_swapon,
        libc::SYS_umount2,
        libc::SYS_unshare,
        libc::SYS_userfaultfd,
    ];

    pub(super) fn confine(confinement: &Confinement) -> io::Result<Abilities> {
        let files = confine_files(confinement).map_err(io::Error::other)?;
        let network = filter_calls(confinement.network)?;
        Ok(Abilities { files, network })
    }

    /// No file but those; no signal to other processes; no connection where the network is refused.
    fn confine_files(confinement: &Confinement) -> Result<bool, RulesetError> {
        let read = AccessFs::from_read(RULES);
        let device = AccessFs::ReadFile | AccessFs::WriteFile;
        let connections = if confinement.network { BitFlags::EMPTY } else { AccessNet::from_all(RULES) };
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(RULES))?
            .scope(Scope::from_all(RULES))?;
        if !connections.is_empty() {
            rules = rules.handle_access(connections)?;
        }
        let status = rules
            .create()?
            .add_rules(path_beneath_rules(SYSTEM, read))?
            .add_rules(path_beneath_rules(DEVICES, device))?
            .add_rules(path_beneath_rules(&confinement.readable, read))?
            .add_rules(path_beneath_rules([&confinement.scratch], AccessFs::from_all(RULES)))?
            .restrict_self()?;
        Ok(status.ruleset != RulesetStatus::NotEnforced)
    }

    /// Refused calls fail as if permission were missing. Without the network no socket can be made at all.
    fn filter_calls(network: bool) -> io::Result<bool> {
        let sockets: &[libc::c_long] = if network { &[] } else { &[libc::SYS_socket] };
        let refused: BTreeMap<_, _> = REFUSED.iter().chain(sockets).map(|call| (*call, Vec::new())).collect();
        let answer = SeccompAction::Errno(libc::EPERM as u32);
        let Ok(machine) = TargetArch::try_from(std::env::consts::ARCH) else { return Ok(false) };
        let filter = SeccompFilter::new(refused, SeccompAction::Allow, answer, machine).map_err(io::Error::other)?;
        let program = BpfProgram::try_from(filter).map_err(io::Error::other)?;
        Ok(apply_filter(&program).is_ok())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    use super::{Abilities, Confinement};

    /// Other systems have neither.
    pub(super) fn confine(_confinement: &Confinement) -> io::Result<Abilities> {
        Ok(Abilities { files: false, network: false })
    }
}
