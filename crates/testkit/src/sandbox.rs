//! A folder of its own, and the binary run in it with nothing of the developer's environment.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{Filters, Output};

/// The user that owns nothing: `nobody` wherever Linux runs.
pub(crate) const NOBODY: u32 = 65_534;

/// A temporary folder with the binary to run in it. Dropped, it is gone.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
    binary: PathBuf,
    /// What every command has in its environment.
    environment: Vec<(String, String)>,
    /// A copy of the binary beside the folder, once somebody without rights has run it.
    readable: OnceLock<TempDir>,
}

impl Sandbox {
    /// A new empty folder. In the tests of the binary's own crate, `env!("CARGO_BIN_EXE_bywash")` names it.
    ///
    /// # Panics
    /// The machine gives no temporary folder.
    #[must_use]
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let folder = tempfile::Builder::new().prefix("bywash-test-").tempdir().expect("a temporary folder");
        Self { folder, binary: binary.into(), environment: Vec::new(), readable: OnceLock::new() }
    }

    /// The same with these variables for every command.
    #[must_use]
    pub fn with_environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.environment.extend(variables);
        self
    }

    /// The folder that commands run in.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with the folders it needs.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Reads a file.
    ///
    /// # Panics
    /// It cannot be read as text.
    #[must_use]
    pub fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.path().join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// All files below a folder, as paths relative to it, sorted.
    ///
    /// # Panics
    /// A folder cannot be read.
    #[must_use]
    pub fn files(&self, folder: impl AsRef<Path>) -> Vec<String> {
        let root = self.path().join(folder);
        let mut found = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
                let path = entry.expect("an entry of a folder").path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(inside) = path.strip_prefix(&root) {
                    found.push(inside.display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    /// Runs the binary with these words in the folder, to its end.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn run<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Output {
        self.command(words).run()
    }

    /// The same, to be changed before it runs.
    pub fn command<W: AsRef<OsStr>>(&self, words: impl IntoIterator<Item = W>) -> Invocation<'_> {
        Invocation {
            sandbox: self,
            words: words.into_iter().map(|word| word.as_ref().to_owned()).collect(),
            environment: Vec::new(),
            input: Vec::new(),
            unprivileged: false,
        }
    }
}

/// A run of the binary that is about to happen.
#[derive(Debug)]
pub struct Invocation<'a> {
    sandbox: &'a Sandbox,
    words: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    unprivileged: bool,
}

impl Invocation<'_> {
    /// With this variable.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// With this text on standard input.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// As a user without rights, so that permissions count: when the tests run as root, the folder is given to
    /// `nobody`, who runs a copy of the binary. Files whose permissions a test took away must be made before.
    #[must_use]
    pub fn as_unprivileged_user(mut self) -> Self {
        self.unprivileged = true;
        self
    }

    /// The process, for tests that kill it, limit it, or run it beside others.
    ///
    /// # Panics
    /// The folder cannot be given to another user.
    #[must_use]
    pub fn process(&self) -> Command {
        let folder = self.sandbox.path();
        let mut command = if self.unprivileged && is_root() {
            give_away(folder);
            let mut command = Command::new(
                self.sandbox.readable.get_or_init(|| readable_copy(&self.sandbox.binary)).path().join("bywash"),
            );
            command.uid(NOBODY).gid(NOBODY);
            command
        } else {
            Command::new(&self.sandbox.binary)
        };
        command.args(&self.words).current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder).env("LC_ALL", "C.UTF-8");
        command.envs(self.sandbox.environment.iter().map(|(name, value)| (name, value)));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn run(self) -> Output {
        let mut process = self.process();
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = process.spawn().unwrap_or_else(|error| panic!("cannot start {process:?}: {error}"));
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = self.input;
        // Written beside the reading, since both pipes may be full; who does not read it may close it.
        let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the output of the process");
        writing.join().expect("the thread that writes");
        let status = output.status;
        Output {
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            filters: Filters::usual(self.sandbox.path()),
        }
    }
}

/// Whether the tests run with all rights: then this user may read what nobody may.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A copy that everybody may run: the folder of the build is often closed to others.
fn readable_copy(binary: &Path) -> TempDir {
    let copy = tempfile::Builder::new().prefix("bywash-binary-").tempdir().expect("a temporary folder");
    fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o755)).expect("a readable folder");
    fs::copy(binary, copy.path().join("bywash")).expect("a copy of the binary");
    copy
}

/// Gives the folder and all in it to `nobody`; their permissions stay.
pub(crate) fn give_away(folder: &Path) {
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        lchown(&path, Some(NOBODY), Some(NOBODY)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if path.is_dir() && !path.is_symlink() {
            let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            waiting.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
}
