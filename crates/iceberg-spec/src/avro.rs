//! The little of Avro that our own manifests need: values in binary form and the container file.
//!
//! Written here because the `iceberg` crate's writer leaks memory for each partition value and cannot write all
//! partition types; equal input gives equal bytes.

use std::collections::HashMap;

use bywash_core::ObjectId;

/// What every container file begins with.
const MAGIC: &[u8] = b"Obj\x01";
/// Bytes of the marker that ends a block.
const MARKER: usize = 16;

/// Values appended in the order of their schema.
#[derive(Default)]
pub(crate) struct AvroBytes(Vec<u8>);

impl AvroBytes {
    /// `int` and `long`: zigzag, then seven bits a byte.
    pub(crate) fn long(&mut self, value: i64) -> &mut Self {
        let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while rest >= 0x80 {
            self.0.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.0.push(rest as u8);
        self
    }

    /// A count that Avro holds as a `long`.
    pub(crate) fn count(&mut self, value: u64) -> &mut Self {
        self.long(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// `boolean`.
    pub(crate) fn boolean(&mut self, value: bool) -> &mut Self {
        self.0.push(u8::from(value));
        self
    }

    /// `bytes` and `string`: the length, then the content.
    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.count(value.len() as u64);
        self.raw(value)
    }

    /// `fixed`, `float`, `double`: the content alone.
    pub(crate) fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.0.extend_from_slice(value);
        self
    }

    /// `["null", T]`.
    pub(crate) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        match value {
            Some(value) => {
                self.long(1);
                write(self, value);
            }
            None => {
                self.long(0);
            }
        }
        self
    }

    /// An `array` in one block.
    pub(crate) fn array<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        if items.len() > 0 {
            self.count(items.len() as u64);
            items.for_each(|item| write(self, item));
        }
        self.long(0)
    }
}

/// A container file holding these records, uncompressed, in one block.
pub(crate) fn container(metadata: &[(&str, String)], records: u64, data: &AvroBytes) -> Vec<u8> {
    let mut file = AvroBytes::default();
    file.raw(MAGIC);
    file.array(metadata.iter(), |file, (key, value)| {
        file.bytes(key.as_bytes()).bytes(value.as_bytes());
    });
    let marker = ObjectId::of(&data.0);
    file.raw(marker.as_bytes());
    if records > 0 {
        file.count(records).bytes(&data.0).raw(marker.as_bytes());
    }
    file.0
}

/// Values read in the order of their schema. `None` is anything unexpected; then nothing more is to be read.
pub(crate) struct AvroReader<'a>(&'a [u8]);

impl<'a> AvroReader<'a> {
    /// `int` and `long`.
    pub(crate) fn long(&mut self) -> Option<i64> {
        let mut zigzag = 0_u64;
        for place in 0..10 {
            let byte = *self.raw(1)?.first()?;
            zigzag |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
            }
        }
        None
    }

    /// An `int`.
    pub(crate) fn int(&mut self) -> Option<i32> {
        self.long()?.try_into().ok()
    }

    /// A count that Avro holds as a `long`.
    pub(crate) fn count(&mut self) -> Option<u64> {
        self.long()?.try_into().ok()
    }

    /// `boolean`.
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.raw(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    /// `bytes`.
    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?.try_into().ok()?;
        self.raw(length)
    }

    /// `string`.
    pub(crate) fn string(&mut self) -> Option<String> {
        str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }

    /// `fixed`, `float`, `double`.
    pub(crate) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// `["null", T]`.
    pub(crate) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.long()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// An `array`, as we write it: without the sizes of its blocks.
    pub(crate) fn array<T, C: Default + Extend<T>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<C> {
        let mut items = C::default();
        loop {
            let count = self.count()?;
            if count == 0 {
                return Some(items);
            }
            for _ in 0..count {
                items.extend([read(self)?]);
            }
        }
    }
}

/// The metadata of an uncompressed container file, and its records, all of which `read` reads.
pub(crate) fn read_container<'a, H, T>(
    bytes: &'a [u8],
    understand: impl FnOnce(HashMap<String, Vec<u8>>) -> Option<H>,
    mut read: impl FnMut(&mut AvroReader<'a>, &H) -> Option<T>,
) -> Option<(H, Vec<T>)> {
    let mut file = AvroReader(bytes);
    if file.raw(MAGIC.len())? != MAGIC {
        return None;
    }
    let metadata: HashMap<String, Vec<u8>> = file.array(|file| Some((file.string()?, file.bytes()?.to_vec())))?;
    if metadata.get("avro.codec").is_some_and(|codec| codec != b"null") {
        return None;
    }
    let head = understand(metadata)?;
    let (marker, mut records) = (file.raw(MARKER)?, Vec::new());
    while !file.0.is_empty() {
        let count = file.count().filter(|count| *count > 0)?;
        let mut block = AvroReader(file.bytes()?);
        for _ in 0..count {
            records.push(read(&mut block, &head)?);
        }
        if !block.0.is_empty() || file.raw(MARKER)? != marker {
            return None;
        }
    }
    Some((head, records))
}
