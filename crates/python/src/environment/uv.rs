//! `uv`, which resolves and installs: the one on the path, else one that pip puts into the cache.
//!
//! It is run as the user would run it, so indexes, proxies and certificates are those of the machine. It never downloads
//! an interpreter.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bywash_core::{Code, Error, Result};

use super::put_whole;

/// The oldest Python that workers run on.
const OLDEST: &str = ">=3.11";

/// A program that can be run.
#[derive(Clone, Debug)]
pub(super) struct Uv(PathBuf);

/// An interpreter of this machine.
#[derive(Clone, Debug)]
pub(super) struct Interpreter {
    pub(super) path: PathBuf,
    /// Like `3.12`.
    pub(super) version: String,
}

impl Uv {
    /// Finds it, or installs it.
    pub(super) fn get(cache: &Path) -> Result<Self> {
        let kept = cache.join("uv");
        let installed = kept.join("bin/uv");
        for program in [Path::new("uv"), &installed] {
            if run(Command::new(program).arg("--version"), "").is_ok() {
                return Ok(Self(program.to_owned()));
            }
        }
        put_whole(&kept, install)?;
        Ok(Self(installed))
    }

    /// The interpreter that a version asks for; without one, the first that the path has.
    pub(super) fn find_python(&self, version: Option<&str>) -> Result<Interpreter> {
        let wanted = version.unwrap_or(OLDEST);
        let found = self.run(["python", "find", "--no-project", wanted], "").map_err(|said| {
            let shown =
                version.map_or_else(|| "Python 3.11 or newer".to_owned(), |version| format!("Python {version}"));
            Error::new(Code::PythonMissing, format!("{shown} is not installed on this machine"))
                .hint("install it, or ask for another by `python=` in the decorator; interpreters are never downloaded")
                .caused_by(said)
        })?;
        let path = PathBuf::from(found.trim());
        let words = ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"];
        let version = run(Command::new(&path).args(words), "").map_err(|said| {
            Error::new(Code::PythonMissing, format!("the interpreter `{}` does not start", path.display()))
                .caused_by(said)
        })?;
        Ok(Interpreter { path, version: version.trim().to_owned() })
    }

    /// The exact packages for some requirements, with hashes, for every system.
    pub(super) fn resolve(&self, requirements: &str, python: &Interpreter, version: &str) -> Result<String, String> {
        let python = python.path.as_os_str();
        let words = ["pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header", "--no-annotate"];
        let words = words.map(OsStr::new).into_iter().chain(["--python-version", version, "--python"].map(OsStr::new));
        self.run(words.chain([python, OsStr::new("-")]), requirements)
    }

    /// An environment with exactly these packages.
    pub(super) fn install(&self, folder: &Path, python: &Interpreter, lock: &Path) -> Result<(), String> {
        let words = ["venv", "--quiet", "--no-project", "--relocatable", "--python"].map(OsStr::new);
        self.run(words.into_iter().chain([python.path.as_os_str(), folder.as_os_str()]), "")?;
        let interpreter = folder.join("bin/python");
        // Compiled now: workers may not write there.
        let words = ["pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python"].map(OsStr::new);
        self.run(words.into_iter().chain([interpreter.as_os_str(), lock.as_os_str()]), "")?;
        Ok(())
    }

    fn run(&self, words: impl IntoIterator<Item = impl AsRef<OsStr>>, input: &str) -> Result<String, String> {
        let mut command = Command::new(&self.0);
        command.args(words).env("UV_PYTHON_DOWNLOADS", "never").env("NO_COLOR", "1").env_remove("VIRTUAL_ENV");
        run(&mut command, input)
    }
}

/// Puts it into an environment of its own.
fn install(folder: &Path) -> Result<()> {
    let failed = |code, said: String| {
        Error::new(code, "`uv`, which makes environments for Python functions, is missing and cannot be installed")
            .hint("install it as https://docs.astral.sh/uv says, or install Python with `venv` and `pip`")
            .caused_by(said)
    };
    let made = run(Command::new("python3").args(["-m", "venv"]).arg(folder), "");
    made.map_err(|said| failed(Code::PythonMissing, said))?;
    let words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"];
    let installed = run(Command::new(folder.join("bin/python")).args(words), "");
    installed.map(drop).map_err(|said| failed(Code::PythonEnvironment, said))
}

/// What a program writes; else why it failed, in its own words.
fn run(command: &mut Command, input: &str) -> Result<String, String> {
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| format!("`{}`: {error}", command.get_program().display()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read says itself why not.
        drop(stdin.write_all(input.as_bytes()));
    }
    let Output { status, stdout, stderr } = child.wait_with_output().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(String::from_utf8_lossy(&stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&stderr);
    // The lines of one sentence, drawn as a tree.
    let words = said.split_whitespace().filter(|word| !["×", "╰─▶", "├─▶", "│", "error:"].contains(word));
    let said = words.collect::<Vec<_>>().join(" ");
    Err(if said.is_empty() { format!("it ended with {status}") } else { said })
}
