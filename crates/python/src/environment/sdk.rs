//! The SDK of this binary, put where workers find it: one folder for each content, kept like environments.

use std::fs;
use std::path::{Path, PathBuf};

use bywash_core::{Error, ObjectId, Result};

include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// The folder that holds the package `bywash` as this binary knows it.
pub(crate) fn unpack(cache: &Path) -> Result<PathBuf> {
    let contents: Vec<u8> = SDK.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes].concat()).collect();
    let folder = cache.join("sdk").join(ObjectId::of(&contents).to_string());
    if !folder.exists() {
        super::put_whole(&folder, |unfinished| {
            for (name, bytes) in SDK {
                let file = unfinished.join("bywash").join(name);
                let parent = file.parent().unwrap_or(unfinished);
                fs::create_dir_all(parent).map_err(|error| Error::io("create", parent, &error))?;
                fs::write(&file, bytes).map_err(|error| Error::io("write", &file, &error))?;
            }
            Ok(())
        })?;
    }
    Ok(folder)
}
