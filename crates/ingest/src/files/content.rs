//! Which content a file has, so that none is loaded twice.
//!
//! The hash covers the raw bytes as they lie on the disk: the same table packed otherwise is other content.

use std::fs::File;
use std::io::Read;

use bywash_core::{Error, ObjectId, Result};

use super::find::FoundFile;

const BLOCK_BYTES: usize = 1 << 20;

/// The BLAKE3 hash of a file's bytes; equal to `ObjectId::of` of all of them.
///
/// # Errors
/// The file cannot be read.
pub fn content_hash(file: &FoundFile) -> Result<ObjectId> {
    let failed = |error: std::io::Error| Error::io("read", file.shown.as_ref(), &error);
    let mut reader = File::open(&file.path).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match reader.read(&mut block) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(&block[..count]);
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    hasher.finalize().to_hex()[..32].parse()
}
