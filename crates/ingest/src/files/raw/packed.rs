//! Unpacking: gzip, zstd and deflate behind one reader that knows its part's name and its limits.

use std::io::{BufReader, ErrorKind, Read};

use bywash_core::{Code, Error, Place, Result, format_bytes};

use super::super::format::{Compression, truncated};
use super::super::limits::EXPANSION_FREE_BYTES;

const INPUT_BYTES: usize = 256 << 10;

/// The plain bytes of one part.
pub(crate) struct Unpacked {
    shown: String,
    inner: Box<dyn Read + Send>,
    packing: Compression,
    /// What the packed bytes may expand to.
    bytes_max: u64,
    bytes: u64,
    /// What the bytes must come to, where the archive says it.
    checked: Option<Expected>,
}

/// What a zip archive promises of a member.
pub(crate) struct Expected {
    pub(crate) bytes: u64,
    pub(crate) crc: u32,
    pub(crate) seen: flate2::Crc,
}

impl Unpacked {
    /// Reads `packed`, whose size on the disk is `packed_bytes`.
    pub(crate) fn new(
        shown: &str,
        packed: Box<dyn Read + Send>,
        packing: Compression,
        packed_bytes: u64,
        ratio_max: u64,
    ) -> Result<Self> {
        let buffered = BufReader::with_capacity(INPUT_BYTES, packed);
        let inner: Box<dyn Read + Send> = match packing {
            Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(buffered)),
            Compression::Zstd => {
                Box::new(zstd::Decoder::with_buffer(buffered).map_err(|error| damaged(shown, &error))?)
            }
            Compression::Zip => Box::new(flate2::bufread::DeflateDecoder::new(buffered)),
            Compression::None => Box::new(buffered.into_inner()),
        };
        let bytes_max = match packing {
            Compression::None => u64::MAX,
            _ => packed_bytes.saturating_mul(ratio_max).max(EXPANSION_FREE_BYTES),
        };
        Ok(Self { shown: shown.to_owned(), inner, packing, bytes_max, bytes: 0, checked: None })
    }

    /// The same bytes, held against what an archive promises of them.
    pub(crate) fn expecting(mut self, expected: Expected) -> Self {
        self.checked = Some(expected);
        self
    }

    /// The part's name.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Fills `buffer` as far as the part reaches; fewer bytes than asked for mean its end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.inner.read(&mut buffer[filled..]) {
                Ok(0) => {
                    self.check_end()?;
                    break;
                }
                Ok(count) => {
                    if let Some(expected) = &mut self.checked {
                        expected.seen.update(&buffer[filled..filled + count]);
                    }
                    filled += count;
                    self.count(count)?;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(&error)),
            }
        }
        Ok(filled)
    }

    fn count(&mut self, bytes: usize) -> Result<()> {
        self.bytes += bytes as u64;
        if self.bytes <= self.bytes_max {
            return Ok(());
        }
        let message = format!("`{}` expands to more than {}", self.shown, format_bytes(self.bytes_max));
        Err(Error::new(Code::UnreadableFile, message)
            .at(Place::file(&self.shown))
            .hint("if the file is what it should be, raise `max_expansion_ratio` in the source, or unpack it first"))
    }

    fn check_end(&self) -> Result<()> {
        let Some(expected) = &self.checked else { return Ok(()) };
        if self.bytes < expected.bytes {
            return Err(truncated(&self.shown));
        }
        if self.bytes > expected.bytes || expected.seen.sum() != expected.crc {
            return Err(damaged(&self.shown, &"the checksum differs"));
        }
        Ok(())
    }

    fn failed(&self, error: &std::io::Error) -> Error {
        match error.kind() {
            ErrorKind::UnexpectedEof => truncated(&self.shown),
            ErrorKind::InvalidData | ErrorKind::InvalidInput => damaged(&self.shown, error),
            ErrorKind::Other if self.packing != Compression::None => damaged(&self.shown, error),
            _ => Error::io("read", self.shown.as_ref(), error),
        }
    }
}

/// The error for a packed file that is broken.
pub(super) fn damaged(shown: &str, cause: &dyn std::fmt::Display) -> Error {
    Error::new(Code::UnreadableFile, format!("`{shown}` is damaged and cannot be unpacked"))
        .at(Place::file(shown))
        .caused_by(cause)
        .hint("copy or download the file again")
}
