//! From the bytes of a part to UTF-8, whatever they were.
//!
//! A byte order mark decides; without one the source's `encoding` does. UTF-8 is passed on as it is (the parser
//! checks it, a chunk at a time, on its own thread); anything else is converted here, and a byte that is no letter
//! ends the part with its offset and line.

use bywash_core::{Code, Error, Place, Result, nearest};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

use super::packed::Unpacked;

const INPUT_BYTES: usize = 256 << 10;

/// The encoding with this label.
///
/// # Errors
/// No encoding has it.
pub(crate) fn encoding_of(label: &str) -> Result<&'static Encoding> {
    let known = ["utf-8", "utf-16le", "utf-16be", "latin1", "windows-1252", "iso-8859-15", "shift_jis", "gbk", "big5"];
    Encoding::for_label_no_replacement(label.as_bytes()).ok_or_else(|| {
        let near = nearest(label, known).map(|name| format!("did you mean `{name}`?"));
        Error::new(Code::InvalidSetting, format!("`{label}` is not an encoding"))
            .maybe_hint(near)
            .hint(format!("common ones are {}", known.join(", ")))
    })
}

/// The text of a part in UTF-8.
pub(crate) struct Decoded {
    bytes: Unpacked,
    /// Bytes read ahead while looking for a byte order mark.
    ahead: Vec<u8>,
    conversion: Option<Conversion>,
    ended: bool,
    mark_bytes: usize,
}

struct Conversion {
    encoding: &'static Encoding,
    decoder: Decoder,
    input: Vec<u8>,
    from: usize,
    last: bool,
    offset: u64,
    line: u64,
}

impl Decoded {
    /// Looks at the first bytes and decides how the rest is read.
    pub(crate) fn new(mut bytes: Unpacked, encoding: &'static Encoding) -> Result<Self> {
        let mut ahead = vec![0; 3];
        let filled = bytes.read(&mut ahead)?;
        ahead.truncate(filled);
        let (encoding, mark_bytes) = Encoding::for_bom(&ahead).unwrap_or((encoding, 0));
        ahead.drain(..mark_bytes);
        let conversion = (encoding != UTF_8).then(|| Conversion {
            encoding,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: std::mem::take(&mut ahead),
            from: 0,
            last: filled < 3,
            offset: mark_bytes as u64,
            line: 1,
        });
        Ok(Self { bytes, ahead, conversion, ended: filled < 3, mark_bytes })
    }

    /// The part's name.
    pub(crate) fn shown(&self) -> &str {
        self.bytes.shown()
    }

    /// How long the byte order mark is that stands before the text.
    pub(crate) fn mark_bytes(&self) -> u64 {
        self.mark_bytes as u64
    }

    /// Appends up to `bytes_max` bytes of text to `buffer`; `false` at the end.
    pub(crate) fn append(&mut self, buffer: &mut Vec<u8>, bytes_max: usize) -> Result<bool> {
        let start = buffer.len();
        if let Some(conversion) = &mut self.conversion {
            buffer.reserve(bytes_max);
            while buffer.len() - start < bytes_max {
                if !conversion.step(&mut self.bytes, buffer, start + bytes_max)? {
                    return Ok(false);
                }
            }
            return Ok(true);
        }
        buffer.append(&mut self.ahead);
        if self.ended {
            return Ok(false);
        }
        let from = buffer.len();
        buffer.resize((start + bytes_max).max(from), 0);
        let filled = self.bytes.read(&mut buffer[from..])?;
        self.ended = from + filled < buffer.len();
        buffer.truncate(from + filled);
        Ok(!self.ended)
    }
}

impl Conversion {
    /// Converts a stretch; `false` when everything has been.
    fn step(&mut self, bytes: &mut Unpacked, buffer: &mut Vec<u8>, bytes_max: usize) -> Result<bool> {
        if self.from == self.input.len() && !self.last {
            self.input.resize(INPUT_BYTES, 0);
            let filled = bytes.read(&mut self.input)?;
            self.last = filled < INPUT_BYTES;
            self.input.truncate(filled);
            self.from = 0;
        }
        let start = buffer.len();
        // The decoder needs room for its longest letter, and tells what it has filled.
        buffer.resize(bytes_max + 16, 0);
        let source = &self.input[self.from..];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(source, &mut buffer[start..], self.last);
        buffer.truncate(start + written);
        self.from += read;
        self.offset += read as u64;
        self.line += memchr::memchr_iter(b'\n', &buffer[start..]).count() as u64;
        match result {
            DecoderResult::InputEmpty => Ok(!self.last),
            DecoderResult::OutputFull => Ok(true),
            DecoderResult::Malformed(length, after) => {
                let offset = self.offset - u64::from(length) - u64::from(after);
                Err(self.broken(bytes.shown(), offset))
            }
        }
    }

    fn broken(&self, shown: &str, offset: u64) -> Error {
        let name = self.encoding.name();
        Error::new(Code::InvalidEncoding, format!("the byte at offset {offset} is no letter in {name}"))
            .at(Place::line(shown, self.line))
            .hint("name the file's encoding in the source, such as `encoding: latin1`")
    }
}
