//! A file without a name, first open for one writer, then sealed: nobody has it open for writing.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Result};

/// A process that is just being started has copies of everything that this one has open, for as long as that takes.
const PATIENCE: Duration = Duration::from_secs(1);

/// A file that is being written, seen from its reading end.
#[derive(Debug)]
pub(crate) struct Unsealed {
    reader: File,
    folder: PathBuf,
}

impl Unsealed {
    /// A new file on the disk of `folder`, and the only way to write it.
    pub(crate) fn new(folder: &Path) -> Result<(File, Self)> {
        let failed = |error| Error::io("write a file for a Python function into", folder, &error);
        let named = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        let reader = File::open(named.path()).map_err(failed)?;
        // Without its name from here on: a crash leaves nothing.
        let (writer, name) = named.into_parts();
        name.close().map_err(failed)?;
        Ok((writer, Self { reader, folder: folder.to_owned() }))
    }

    /// Makes sure that whoever wrote it has let go: what is validated must not change any more.
    pub(crate) fn seal(self) -> Result<(File, u64)> {
        let began = Instant::now();
        while is_open_for_writing(&self.reader) {
            if began.elapsed() < PATIENCE {
                std::thread::sleep(PATIENCE / 200);
                continue;
            }
            let message = "a process that the function left behind still writes its output";
            return Err(
                Error::new(Code::PythonCrashed, message).hint("wait in the function for the processes that it starts")
            );
        }
        let length = self.reader.metadata();
        let length =
            length.map_err(|error| Error::io("read what a Python function wrote in", &self.folder, &error))?.len();
        Ok((self.reader, length))
    }
}

/// Whether any process has the file open, or mapped, for writing. Systems that cannot tell are believed.
#[cfg(target_os = "linux")]
fn is_open_for_writing(file: &File) -> bool {
    use nix::errno::Errno;
    use nix::libc;
    // A lease for reading is only given where nobody writes. It is given back at once: breaking it sends a signal.
    #[expect(unsafe_code, reason = "leases have no safe wrapper")]
    // SAFETY: both calls take plain numbers and a descriptor that is open.
    let lease = |kind: libc::c_int| Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETLEASE, kind) });
    match lease(libc::F_RDLCK) {
        Ok(_) => lease(libc::F_UNLCK).is_err(),
        Err(error) => error == Errno::EAGAIN,
    }
}

#[cfg(not(target_os = "linux"))]
fn is_open_for_writing(_file: &File) -> bool {
    false
}

/// Rows that are ready to be mapped.
#[derive(Clone, Debug)]
pub struct Sealed {
    file: Arc<File>,
    schema: SchemaRef,
    rows: u64,
    bytes: u64,
}

impl Sealed {
    pub(crate) fn new(file: Arc<File>, schema: SchemaRef, rows: u64, bytes: u64) -> Self {
        Self { file, schema, rows, bytes }
    }

    /// The columns, in their normal form.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How long the file is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A descriptor that another process may have: it can read with it, and nothing else.
    pub(crate) fn descriptor(&self) -> Result<OwnedFd> {
        let copy = self.file.as_fd().try_clone_to_owned();
        copy.map_err(|error| Error::new(Code::FileSystem, format!("cannot hand rows to a Python function: {error}")))
    }
}
