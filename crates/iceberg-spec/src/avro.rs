//! The little of Avro that writing manifests needs: values in binary form and the container file.
//!
//! Written here because the `iceberg` crate's writer leaks memory for each partition value and cannot write all
//! partition types; equal input gives equal bytes.

use bywash_core::ObjectId;

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
    file.raw(b"Obj\x01");
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
