//! Real servers of object stores: S3 by `s3s-fs`, Azure by Azurite. `bash tests/need.sh s3 azure` installs both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::server::{Rights, Server};
use super::unreliable::Unreliable;

/// The secret of each server. Nothing that Bywash writes may contain it.
const SECRET: &str = "b3Blbi1zZXNhbWUtNWZhMS1vcGVuLXNlc2FtZS01ZmEx";
/// Who it belongs to.
const ACCOUNT: &str = "sesame";

/// A server of an object store with one empty bucket, on a port of this machine. Dropped, it is gone.
#[derive(Debug)]
pub struct ObjectStore {
    /// Ends before its folder goes.
    server: Option<Server>,
    folder: TempDir,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    S3,
    Azure,
}

/// The name of the bucket.
const BUCKET: &str = "lakes";

impl ObjectStore {
    /// Starts a server of S3. `cache` is `env!("CARGO_TARGET_TMPDIR")` of the crate that tests.
    ///
    /// # Panics
    /// It is not installed, or does not start.
    #[must_use]
    pub fn s3(cache: impl AsRef<Path>) -> Self {
        let program = tool(cache.as_ref(), "bin/s3s-fs");
        let folder = folder();
        fs::create_dir_all(folder.path().join("data").join(BUCKET)).expect("a bucket");
        let data = folder.path().join("data").display().to_string();
        let server = Server::start(folder.path(), Rights::OfTest, |port| {
            let port = port.to_string();
            let words = [
                &program,
                "--host",
                "127.0.0.1",
                "--port",
                &port,
                "--access-key",
                ACCOUNT,
                "--secret-key",
                SECRET,
                &data,
            ];
            words.into_iter().map(str::to_owned).collect()
        });
        Self { folder, server: Some(server), kind: Kind::S3 }
    }

    /// Starts a server of Azure's blobs.
    ///
    /// # Panics
    /// It is not installed, or does not start.
    #[must_use]
    pub fn azure(cache: impl AsRef<Path>) -> Self {
        let program = tool(cache.as_ref(), "azurite/node_modules/azurite/dist/src/blob/main.js");
        let folder = folder();
        fs::create_dir(folder.path().join("data")).expect("a folder");
        let data = folder.path().join("data").display().to_string();
        let accounts = format!("AZURITE_ACCOUNTS={ACCOUNT}:{SECRET}");
        let server = Server::start(folder.path(), Rights::OfTest, |port| {
            let port = port.to_string();
            let mut words = vec!["env", &accounts, "node", &program, "--blobHost", "127.0.0.1", "--blobPort", &port];
            words.extend(["--location", &data, "--skipApiVersionCheck", "--disableTelemetry"]);
            words.into_iter().map(str::to_owned).collect()
        });
        make_container(server.port);
        Self { folder, server: Some(server), kind: Kind::Azure }
    }

    /// The address of a warehouse in the bucket.
    #[must_use]
    pub fn address(&self, prefix: &str) -> String {
        match self.kind {
            Kind::S3 => format!("s3://{BUCKET}/{prefix}"),
            Kind::Azure => format!("az://{BUCKET}/{prefix}"),
        }
    }

    /// What a process needs in its environment to use it.
    ///
    /// # Panics
    /// It is stopped.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let endpoint = format!("http://127.0.0.1:{}", self.server.as_ref().expect("a server that runs").port);
        let pairs = match self.kind {
            Kind::S3 => vec![
                ("AWS_ENDPOINT_URL", endpoint),
                ("AWS_REGION", "us-east-1".to_owned()),
                ("AWS_ACCESS_KEY_ID", ACCOUNT.to_owned()),
                ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
            ],
            Kind::Azure => vec![
                ("AZURE_STORAGE_USE_EMULATOR", "true".to_owned()),
                ("AZURITE_BLOB_STORAGE_URL", endpoint),
                ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
                ("AZURE_STORAGE_ACCOUNT_KEY", SECRET.to_owned()),
            ],
        };
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The same through a way on which requests and answers get lost; the same ones for the same seed.
    ///
    /// # Panics
    /// It is stopped.
    #[must_use]
    pub fn unreliable_environment(&self, seed: u64) -> Vec<(String, String)> {
        let port = self.server.as_ref().expect("a server that runs").port;
        let (there, way) = (format!("127.0.0.1:{port}"), Unreliable::way_to(port, seed));
        let through =
            |(name, value): (String, String)| (name, value.replace(&there, &format!("127.0.0.1:{}", way.port)));
        self.environment().into_iter().map(through).collect()
    }

    /// What nothing may print.
    #[must_use]
    pub const fn secret(&self) -> &'static str {
        SECRET
    }

    /// The folder in which the server of S3 keeps its objects as files, and parts of uploads beside them.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Stops the server.
    pub fn stop(&mut self) {
        self.server = None;
    }
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("bywash-objects-").tempdir().expect("a temporary folder")
}

/// A program that `tests/need.sh` installed beside what cargo builds.
fn tool(cache: &Path, name: &str) -> String {
    let tools = cache.parent().expect("the folder of the build").join("tools");
    let program = tools.join(name);
    assert!(program.exists(), "`bash tests/need.sh s3 azure` installs {}", program.display());
    program.display().to_string()
}

/// Azurite begins without a container, and only a signed request makes one.
fn make_container(port: u16) {
    let script = format!(
        "const http = require('http'), crypto = require('crypto');
         const date = new Date().toUTCString(), version = '2021-08-06', path = '/{ACCOUNT}/{BUCKET}';
         const text = ['PUT', ...Array(11).fill(''), 'x-ms-date:' + date, 'x-ms-version:' + version,
                       '/{ACCOUNT}' + path, 'restype:container'].join('\\n');
         const key = crypto.createHmac('sha256', Buffer.from('{SECRET}', 'base64')).update(text).digest('base64');
         const headers = {{ 'x-ms-date': date, 'x-ms-version': version, 'Content-Length': 0,
                            Authorization: 'SharedKey {ACCOUNT}:' + key }};
         http.request({{ host: '127.0.0.1', port: {port}, path: path + '?restype=container', method: 'PUT', headers }},
                      answer => {{ answer.resume(); process.exitCode = answer.statusCode === 201 ? 0 : 1; }}).end();"
    );
    let status = Command::new("node").args(["-e", &script]).status().expect("node");
    assert!(status.success(), "Azurite does not make a container");
}
