//! The warm process of an environment: it has imported Arrow, and forks a guard and a run for each call.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pair;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bywash_core::{Code, Error, Result};
use tokio::net::UnixStream;
use tokio::sync::Mutex;

use super::frames::{receive, send};
use super::words::Ready;
use crate::Environment;
use crate::isolation::{Confinement, start_confined};

/// A cold disk and a large environment take their time.
const LONGEST_START: Duration = Duration::from_secs(120);

/// A process that is ready to fork. Dropped, it ends, and all of its runs with it.
#[derive(Debug)]
pub(super) struct Warm {
    /// Closed first: the process ends by itself.
    control: Mutex<UnixStream>,
    _process: Process,
}

impl Warm {
    /// Starts the interpreter of an environment, bound for good, and waits until it is ready.
    pub(super) async fn start(environment: &Environment, sdk: &Path, confinement: Confinement) -> Result<Self> {
        let failed = |error| Error::io("start", environment.python(), &error);
        let (ours, theirs) = Pair::pair().map_err(failed)?;
        let command = command(environment.python(), sdk, theirs.into());
        let process = Process(start_confined(command, confinement)?);
        process.goes_first();
        ours.set_nonblocking(true).map_err(failed)?;
        let mut control = UnixStream::from_std(ours).map_err(failed)?;
        let ready = tokio::time::timeout(LONGEST_START, receive::<Ready>(&mut control)).await;
        match ready {
            Ok(Ok(Some(ready))) => {
                tracing::debug!(python = ready.python, pyarrow = ready.pyarrow, "a worker is warm");
                Ok(Self { control: Mutex::new(control), _process: process })
            }
            Ok(_) => Err(process.why_not(environment.python())),
            Err(_) => {
                let late = format!("it was not ready after {} seconds", LONGEST_START.as_secs());
                let hint = "try again when the machine is less busy";
                Err(process.why_not(environment.python()).context(late).hint(hint))
            }
        }
    }

    /// Forks a guard, which gets these descriptors. Fails when the process has ended.
    pub(super) async fn fork(&self, descriptors: &[OwnedFd; 4]) -> std::io::Result<()> {
        let mut control = self.control.lock().await;
        send(&mut control, &serde_json::Map::new(), descriptors).await
    }
}

/// The interpreter with nothing of this process's environment. Sets and dictionaries of texts have one order, so that
/// the same rows give the same rows.
fn command(python: &Path, sdk: &Path, control: OwnedFd) -> Command {
    let programs = python.parent().unwrap_or(Path::new("/usr/bin")).display();
    let mut command = Command::new(python);
    command
        .args(["-s", "-B", "-X", "utf8"])
        .arg(sdk.join("bywash/_worker/__main__.py"))
        .env_clear()
        .env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"))
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC")
        .env("PYTHONHASHSEED", "0")
        .current_dir("/")
        .stdin(Stdio::from(control))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        // A signal from the terminal is for this process, which then ends the worker.
        .process_group(0);
    command
}

/// What an interpreter needs to be able to read: itself, and its environment.
pub(super) fn folders_of(python: &Path) -> Vec<PathBuf> {
    let prefix = |program: &Path| Some(program.parent()?.parent()?.to_owned());
    let home = |environment: &PathBuf| {
        let text = std::fs::read_to_string(environment.join("pyvenv.cfg")).ok()?;
        let home = text.lines().find_map(|line| line.strip_prefix("home")?.trim_start().strip_prefix('='))?;
        Some(PathBuf::from(home.trim()).parent()?.to_owned())
    };
    let environment = prefix(python);
    let base = environment.as_ref().and_then(home);
    let real = python.canonicalize().ok().and_then(|program| prefix(&program));
    // Never everything: an interpreter in `/bin` would say so.
    [environment, base, real].into_iter().flatten().filter(|folder| folder != Path::new("/")).collect()
}

#[derive(Debug)]
struct Process(Child);

impl Process {
    /// Where all memory of a machine is used up, the kernel ends what this process starts, rather than who started it.
    fn goes_first(&self) {
        // Other systems than Linux choose by themselves.
        drop(std::fs::write(format!("/proc/{}/oom_score_adj", self.0.id()), "500"));
    }

    /// It did not become ready: what it wrote says why.
    fn why_not(mut self, python: &Path) -> Error {
        drop(self.0.kill());
        let mut said = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            drop(stderr.read_to_string(&mut said));
        }
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned();
        let message = format!("the Python environment of `{}` does not start: {last}", python.display());
        let hint = last.contains("No module named").then(|| "the environment needs the package `pyarrow`".to_owned());
        Error::new(Code::PythonEnvironment, message).maybe_hint(hint)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
