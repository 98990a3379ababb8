//! A server that a test starts, and that ends with the test, also when the test is killed.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::sandbox::{NOBODY, give_away, is_root};

/// How long a server may take to start on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The shell that watches over a server: its standard input ends with the test, however that ends.
const WATCH: &str = r#"
    exec 3<&0
    "$@" </dev/null & server=$!
    (cat <&3 >/dev/null; kill -QUIT "$server"; kill -TERM "$server") &
    wait "$server"
"#;

/// A process that listens on a port of this machine. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Server {
    watcher: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts what `command` says for a free port, and waits until it accepts connections. What it writes goes to
    /// `log` in `folder`.
    pub(crate) fn start(folder: &Path, rights: Rights, command: impl Fn(u16) -> Vec<String>) -> Self {
        for _ in 0..5 {
            let port = free_port();
            let mut server = Self { watcher: watch(folder, rights, &command(port)), port };
            let began = Instant::now();
            while began.elapsed() < PATIENCE {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return server;
                }
                if server.watcher.try_wait().is_ok_and(|ended| ended.is_some()) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("the server does not start: {:?}\n{log}", command(0))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// Whether a server has the rights of the test. PostgreSQL refuses to run with all rights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rights {
    OfTest,
    None,
}

/// Runs a command as a user without rights, and gives the folder to that user.
pub(crate) fn without_rights(command: &mut Command, folder: &Path) {
    if is_root() {
        give_away(folder);
        command.uid(NOBODY).gid(NOBODY);
    }
}

fn watch(folder: &Path, rights: Rights, words: &[String]) -> Child {
    let log = File::create(folder.join("log")).expect("a log");
    let mut command = Command::new("sh");
    command.args(["-c", WATCH, "sh"]).args(words).current_dir(folder);
    if rights == Rights::None {
        without_rights(&mut command, folder);
    }
    let errors = log.try_clone().expect("a log");
    command.stdin(Stdio::piped()).stdout(log).stderr(errors).spawn().expect("a shell")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}
