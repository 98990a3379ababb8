//! A real PostgreSQL of the system's packages, with a folder of its own for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::server::{PATIENCE, Rights, Server, without_rights};

/// The name of its owner.
const USER: &str = "owner";
/// The owner's password. Nothing that Bywash writes may contain it.
const PASSWORD: &str = "open-sesame-5fa1";

/// A server of PostgreSQL on a port of this machine. Dropped, it is gone.
#[derive(Debug)]
pub struct Postgres {
    /// Ends before its folder goes.
    server: Option<Server>,
    folder: TempDir,
    programs: PathBuf,
}

impl Postgres {
    /// Starts a server whose database is empty. What takes longest, making its files, is done once and kept in
    /// `cache`: `env!("CARGO_TARGET_TMPDIR")` of the crate that tests.
    ///
    /// # Panics
    /// PostgreSQL is not installed, or does not start.
    #[must_use]
    pub fn start(cache: impl AsRef<Path>) -> Self {
        let programs = programs();
        let template = template(&programs, cache.as_ref());
        let folder = tempfile::Builder::new().prefix("bywash-postgres-").tempdir().expect("a temporary folder");
        copy(&template, &folder.path().join("data"));
        let mut postgres = Self { folder, programs, server: None };
        postgres.resume();
        postgres
    }

    /// The address without a password, as it may stand in a file.
    ///
    /// # Panics
    /// It is stopped.
    #[must_use]
    pub fn address(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port())
    }

    /// The address with the password.
    ///
    /// # Panics
    /// It is stopped.
    #[must_use]
    pub fn secret_address(&self) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres", self.port())
    }

    /// The password of its owner.
    #[must_use]
    pub const fn password(&self) -> &'static str {
        PASSWORD
    }

    /// The port that it listens on.
    ///
    /// # Panics
    /// It is stopped.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.as_ref().expect("a server that runs").port
    }

    /// Runs SQL as its owner; the answer is a line for each row, columns divided by `|`.
    ///
    /// # Panics
    /// It is wrong.
    pub fn sql(&self, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.secret_address(), "-c", sql]);
        let output = psql.output().expect("psql");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Stops the server as a power cut would; its files stay.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Starts it again on its files, on another port.
    ///
    /// # Panics
    /// It does not start.
    pub fn resume(&mut self) {
        let data = self.folder.path().join("data").display().to_string();
        let program = self.programs.join("postgres").display().to_string();
        let sockets = self.folder.path().display().to_string();
        self.server = Some(Server::start(self.folder.path(), Rights::None, |port| {
            let port = port.to_string();
            let settings = ["listen_addresses=127.0.0.1", "shared_buffers=16MB", "max_connections=60"];
            let mut words = vec![&*program, "-D", &data, "-k", &sockets, "-p", &port];
            words.extend(settings.iter().flat_map(|setting| ["-c", setting]));
            words.into_iter().map(str::to_owned).collect()
        }));
        // It accepts connections a little before it answers.
        let is_ready = || {
            let mut asking = Command::new(self.programs.join("pg_isready"));
            asking.args(["-q", "-h", "127.0.0.1", "-p", &self.port().to_string()]);
            asking.status().expect("pg_isready").success()
        };
        let began = Instant::now();
        while !is_ready() {
            assert!(began.elapsed() < PATIENCE, "the server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The folder of PostgreSQL's programs: the newest that the system's packages have, else the one on the path.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort_by_key(|folder| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
    let newest = found.pop().map(|folder| folder.join("bin")).filter(|folder| folder.join("initdb").exists());
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(|folder| folder.join("initdb").exists());
    newest.or_else(on_path).expect("PostgreSQL, which `bash tests/need.sh postgres` installs")
}

/// The files of a new server, made once.
fn template(programs: &Path, cache: &Path) -> PathBuf {
    let version = Command::new(programs.join("initdb")).arg("--version").output().expect("initdb");
    let version: String = String::from_utf8_lossy(&version.stdout).chars().filter(char::is_ascii_digit).collect();
    let template = cache.join(format!("postgres-{version}"));
    if template.exists() {
        return template;
    }
    let making = tempfile::Builder::new().prefix("bywash-initdb-").tempdir().expect("a temporary folder");
    fs::write(making.path().join("password"), PASSWORD).expect("a file");
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.args(["-D", "data", "-U", USER, "--pwfile=password", "--auth=scram-sha-256", "--encoding=UTF8"]);
    initdb.args(["--locale=C.UTF-8", "--no-sync"]).current_dir(making.path()).stdin(Stdio::null());
    without_rights(&mut initdb, making.path());
    let output = initdb.output().expect("initdb");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Whole or not at all, whoever else makes it at the same time.
    let beside = tempfile::Builder::new().prefix("postgres-").tempdir_in(cache).expect("a folder");
    copy(&making.path().join("data"), &beside.path().join("data"));
    let _ = fs::rename(beside.path().join("data"), &template);
    template
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-R").arg("-p").args([from, to]).status().expect("cp");
    assert!(status.success(), "cannot copy {} to {}", from.display(), to.display());
}
