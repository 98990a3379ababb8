//! Folders that survive a crash: a new file is durable only when every folder on the way to it is.
//!
//! A folder is made durable by syncing the folder that holds it. What this process has not synced itself it syncs
//! once more, because another process may have made the folder and not got further.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::faults::failing_step;

/// The folders from a root downwards that are known to be durable.
#[derive(Debug)]
pub(super) struct Folders {
    root: PathBuf,
    durable: Mutex<HashSet<PathBuf>>,
}

impl Folders {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, durable: Mutex::default() }
    }

    /// Makes the folders that will hold a file; they are not yet durable.
    pub(super) fn create_for(&self, file: &Path) -> io::Result<()> {
        match file.parent() {
            Some(folder) => fs::create_dir_all(folder),
            None => Ok(()),
        }
    }

    /// Makes a file's name durable: syncs its folder, and the folders above that are not known to be.
    pub(super) fn sync_for(&self, file: &Path) -> io::Result<()> {
        let Some(folder) = file.parent() else { return Ok(()) };
        sync_folder(folder)?;
        // Held while syncing, so that two files in one new folder do not both sync what is above it.
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = Vec::new();
        for child in folder.ancestors().take_while(|child| child.starts_with(&self.root)) {
            if durable.contains(child) {
                break;
            }
            if let Some(parent) = child.parent() {
                sync_folder(parent)?;
            }
            new.push(child.to_owned());
        }
        durable.extend(new);
        Ok(())
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    let shown = folder.display().to_string();
    failing_step("fsync", &shown)?;
    File::open(folder)?.sync_all()?;
    failing_step("fsync", &shown)?;
    Ok(())
}
