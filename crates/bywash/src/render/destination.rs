//! Where data goes: standard output, or a file that appears only when it is whole.
//!
//! A file is written under a temporary name beside its place and renamed at the end, so a failure leaves what was
//! there before. Devices and named pipes (`--to /dev/null`) are written as they are.

use std::fs::{self, File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use bywash_core::{Code, Error, Result};
use tempfile::NamedTempFile;

use super::stdout::Stdout;
use super::unfinished::Unfinished;

const BUFFER_BYTES: usize = 256 * 1024;

/// An open place for data. Dropping it without [`Destination::finish`] leaves no file.
#[derive(Debug)]
pub struct Destination {
    shown: PathBuf,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Stdout(BufWriter<Stdout>),
    Device(BufWriter<File>),
    File { temporary: BufWriter<NamedTempFile>, place: PathBuf, unfinished: Unfinished },
}

impl Destination {
    /// Standard output.
    #[must_use]
    pub fn stdout(stdout: &Stdout) -> Self {
        let sink = Sink::Stdout(BufWriter::with_capacity(BUFFER_BYTES, stdout.clone()));
        Self { shown: PathBuf::from("standard output"), sink }
    }

    /// A file with this name, once it is finished; `shown` is the name as the user typed it.
    ///
    /// # Errors
    /// The folder is missing or may not be written.
    pub fn file(path: &Path, shown: &Path) -> Result<Self> {
        let failed = |error: io::Error| Error::io("write", shown, &error);
        // Links are followed, so that the link stays and what it points to is replaced.
        let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let sink = match fs::metadata(&place) {
            Ok(found) if found.is_dir() => return Err(failed(io::Error::from(io::ErrorKind::IsADirectory))),
            Ok(found) if !found.is_file() => {
                let device = File::options().write(true).open(&place).map_err(failed)?;
                Sink::Device(BufWriter::with_capacity(BUFFER_BYTES, device))
            }
            found => {
                let mode = found.map_or(0o666, |found| found.permissions().mode());
                let folder = place.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
                if !folder.exists() {
                    return Err(missing_folder(shown));
                }
                let temporary = tempfile::Builder::new()
                    .prefix(".bywash-")
                    .permissions(Permissions::from_mode(mode))
                    .tempfile_in(folder)
                    .map_err(failed)?;
                let unfinished = Unfinished::new(temporary.path());
                Sink::File { temporary: BufWriter::with_capacity(BUFFER_BYTES, temporary), place, unfinished }
            }
        };
        Ok(Self { shown: shown.to_owned(), sink })
    }

    /// The place as the user named it.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Makes everything written visible.
    ///
    /// # Errors
    /// What is still to be written does not fit, or the file may not be replaced.
    pub fn finish(mut self) -> Result<()> {
        let failed = |error: io::Error| Error::io("write", &self.shown, &error);
        self.sink.writer().flush().map_err(failed)?;
        if let Sink::File { temporary, place, unfinished } = self.sink {
            let temporary = temporary.into_inner().map_err(|error| failed(error.into_error()))?;
            temporary.persist(place).map_err(|error| failed(error.error))?;
            drop(unfinished);
        }
        Ok(())
    }
}

fn missing_folder(shown: &Path) -> Error {
    let folder = shown.parent().unwrap_or(shown).display();
    Error::new(Code::MissingFile, format!("cannot write `{}`: there is no folder `{folder}`", shown.display()))
        .hint(format!("make it first: `mkdir -p {folder}`"))
}

impl Sink {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(writer) => writer,
            Self::Device(writer) => writer,
            Self::File { temporary, .. } => temporary,
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.writer().flush()
    }
}
