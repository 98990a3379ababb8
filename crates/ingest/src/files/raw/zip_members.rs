//! The members of a zip archive that hold rows.
//!
//! Each member is opened by its place in the archive, with a file handle of its own, so that a part needs no
//! borrow of the archive. Archives whose members overlap (the trick of zip bombs) are refused.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use bywash_core::{Code, Error, Place, Result, suggestion};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::super::format::{Compression, Format, truncated};
use super::packed::{Expected, Unpacked, damaged};

/// One member, by its place in the archive.
#[derive(Clone)]
pub(super) struct Member {
    archive: PathBuf,
    /// `archive.zip/folder/member.csv`.
    pub(super) shown: String,
    name: String,
    start: u64,
    packed_bytes: u64,
    bytes: u64,
    crc: u32,
    packing: Compression,
}

/// The members of an archive that have this format, or any format where none is asked for.
pub(super) fn members(path: &Path, shown: &str, format: Option<Format>) -> Result<Vec<Member>> {
    let file = File::open(path).map_err(|error| Error::io("open", shown.as_ref(), &error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| broken(shown, &error))?;
    if archive.has_overlapping_files().map_err(|error| broken(shown, &error))? {
        return Err(Error::new(Code::UnreadableFile, format!("members of `{shown}` overlap: it is no honest archive"))
            .at(Place::file(shown)));
    }
    let mut all = Vec::new();
    for index in 0..archive.len() {
        all.extend(member(&mut archive, index, path, shown)?);
    }
    choose(all, shown, format)
}

fn member(archive: &mut ZipArchive<BufReader<File>>, index: usize, path: &Path, shown: &str) -> Result<Option<Member>> {
    let entry = archive.by_index_raw(index).map_err(|error| broken(shown, &error))?;
    let name = entry.name().to_owned();
    let hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
    if entry.is_dir() || hidden {
        return Ok(None);
    }
    let refused = |why: &str| {
        let message = format!("`{shown}/{name}` {why}");
        Error::new(Code::UnreadableFile, message).at(Place::file(shown)).hint("unpack the archive first")
    };
    if entry.encrypted() {
        return Err(refused("is encrypted"));
    }
    let packing = match entry.compression() {
        CompressionMethod::Stored => Compression::None,
        CompressionMethod::Deflated => Compression::Zip,
        other => return Err(refused(&format!("is packed by {other}, which is not read"))),
    };
    Ok(Some(Member {
        archive: path.to_path_buf(),
        shown: format!("{shown}/{name}"),
        start: entry.data_start(),
        packed_bytes: entry.compressed_size(),
        bytes: entry.size(),
        crc: entry.crc32(),
        packing,
        name,
    }))
}

/// Those that have the format by their name; a single member may have any name. A text beside tables is no table.
fn choose(all: Vec<Member>, shown: &str, format: Option<Format>) -> Result<Vec<Member>> {
    let fits = |member: &&Member| {
        let named = Format::of_name(&member.name);
        named.is_some() && (format.is_none() || named == format)
    };
    let mut chosen: Vec<Member> = all.iter().filter(fits).cloned().collect();
    let is_text = |member: &Member| member.name.to_ascii_lowercase().ends_with(".txt");
    if chosen.iter().any(|member| !is_text(member)) {
        chosen.retain(|member| !is_text(member));
    }
    if chosen.is_empty() && all.len() == 1 {
        return Ok(all);
    }
    if chosen.is_empty() {
        let wanted = format.map_or("file with rows", Format::word);
        let names: Vec<&str> = all.iter().map(|member| member.name.as_str()).collect();
        return Err(Error::new(Code::MissingFile, format!("`{shown}` holds no {wanted} member"))
            .at(Place::file(shown))
            .maybe_hint(suggestion(&format!("data.{wanted}"), names.iter().copied()))
            .hint(format!("its members are: {}", names.iter().take(5).copied().collect::<Vec<_>>().join(", "))));
    }
    chosen.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(chosen)
}

impl Member {
    /// The plain bytes of the member, unpacked once more where its name says so.
    pub(super) fn open(&self, ratio_max: u64) -> Result<Unpacked> {
        let failed = |error: std::io::Error| Error::io("read", self.shown.as_ref(), &error);
        let mut file = File::open(&self.archive).map_err(failed)?;
        file.seek(SeekFrom::Start(self.start)).map_err(failed)?;
        let packed = Box::new(file.take(self.packed_bytes));
        let unpacked = Unpacked::new(&self.shown, packed, self.packing, self.packed_bytes, ratio_max)?;
        Ok(unpacked.expecting(Expected { bytes: self.bytes, crc: self.crc, seen: flate2::Crc::new() }))
    }

    /// The format that the member's own name tells.
    pub(super) fn format(&self) -> Option<Format> {
        Format::of_name(&self.name)
    }

    /// How much the member takes in the archive.
    pub(super) fn packed_bytes(&self) -> u64 {
        self.packed_bytes
    }
}

fn broken(shown: &str, error: &ZipError) -> Error {
    match error {
        ZipError::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => truncated(shown),
        ZipError::Io(error) => Error::io("read", shown.as_ref(), error),
        // The directory of an archive stands at its end, so that is what a cut file lacks.
        ZipError::InvalidArchive(_) => truncated(shown).caused_by(error),
        other => damaged(shown, other),
    }
}
