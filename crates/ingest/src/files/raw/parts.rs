//! The parts of a file: itself, or the members of a zip archive.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use bywash_core::{Error, Result};

use super::super::find::FoundFile;
use super::super::format::{Compression, Format};
use super::packed::Unpacked;
use super::zip_members::{Member, members};

/// The parts of one file that are still to be read.
pub(crate) struct Parts {
    file: FoundFile,
    ratio_max: u64,
    waiting: VecDeque<Waiting>,
}

enum Waiting {
    File(Compression),
    Member(Member),
}

impl Parts {
    /// Looks at a file's first bytes and lists its parts of this format.
    pub(crate) fn of(file: &FoundFile, format: Format, ratio_max: u64) -> Result<Self> {
        let waiting = match packing(file)? {
            Compression::Zip => {
                let members = members(&file.path, &file.shown, Some(format))?;
                members.into_iter().map(Waiting::Member).collect()
            }
            other => VecDeque::from([Waiting::File(other)]),
        };
        Ok(Self { file: file.clone(), ratio_max, waiting })
    }

    /// Opens the next part.
    pub(crate) fn next(&mut self) -> Result<Option<Unpacked>> {
        let Some(waiting) = self.waiting.pop_front() else { return Ok(None) };
        let bytes = match waiting {
            Waiting::File(packing) => {
                let file = open(&self.file)?;
                Unpacked::new(&self.file.shown, Box::new(file), packing, self.file.bytes, self.ratio_max)?
            }
            Waiting::Member(member) => self.open_member(&member)?,
        };
        Ok(Some(bytes))
    }

    /// Whether the one part is the file as it lies on the disk.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.waiting.front(), Some(Waiting::File(Compression::None)))
    }

    /// A member may itself be a `.gz` or `.zst`.
    fn open_member(&self, member: &Member) -> Result<Unpacked> {
        let bytes = member.open(self.ratio_max)?;
        match Compression::of_name(&member.shown) {
            inner @ (Compression::Gzip | Compression::Zstd) => {
                let source = Box::new(Nested(bytes));
                Unpacked::new(&member.shown, source, inner, member.packed_bytes(), self.ratio_max)
            }
            _ => Ok(bytes),
        }
    }
}

/// An unpacked part as the input of another unpacking.
struct Nested(Unpacked);

impl Read for Nested {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
    }
}

/// The format of a file: as asked for, by its name, or by the members of an archive.
pub(crate) fn format_of(file: &FoundFile, asked: Option<Format>) -> Result<Format> {
    if let Some(format) = asked.or_else(|| Format::of_name(&file.shown)) {
        return Ok(format);
    }
    if packing(file)? != Compression::Zip {
        return Err(Format::unknown(&file.shown));
    }
    let members = members(&file.path, &file.shown, None)?;
    members.first().and_then(Member::format).ok_or_else(|| Format::unknown(&file.shown))
}

fn open(file: &FoundFile) -> Result<File> {
    File::open(&file.path).map_err(|error| Error::io("open", file.shown.as_ref(), &error))
}

fn packing(file: &FoundFile) -> Result<Compression> {
    let mut reader = open(file)?;
    let failed = |error: std::io::Error| Error::io("read", file.shown.as_ref(), &error);
    let mut head = Vec::new();
    reader.by_ref().take(4).read_to_end(&mut head).map_err(failed)?;
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    Compression::of(&file.shown, &head)
}
