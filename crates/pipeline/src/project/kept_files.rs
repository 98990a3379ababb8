//! Which files of a project travel with its commits: those that were read, and the lock of packages; never one that git
//! ignores, because nobody meant to give that away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use bywash_core::Result;
use ignore::WalkBuilder;

use super::Project;
use super::files::{self, ProjectFile};

/// The lock of packages, beside the project.
pub(crate) const LOCK_FILE: &str = "bywash.lock";

impl Project {
    /// The contents of the files that a commit keeps, by their paths from the root with forward slashes. The lock is read
    /// now, since a run may have written it; all others are as they were when the project was read.
    ///
    /// # Errors
    /// The lock cannot be read.
    pub(crate) fn kept_files(&self) -> Result<BTreeMap<String, Bytes>> {
        let mut found: BTreeMap<String, Bytes> =
            self.files.iter().map(|file| (file.path.clone(), file.bytes.clone())).collect();
        if self.root.join(LOCK_FILE).is_file() {
            let lock = files::read_bytes(&self.root, Path::new(LOCK_FILE))?;
            let lock = ProjectFile::new(Path::new(LOCK_FILE), &lock);
            found.insert(lock.path, lock.bytes);
        }
        let seen = seen_by_git(&self.root, found.keys().map(PathBuf::from).collect());
        found.retain(|path, _| seen.contains(Path::new(path)));
        Ok(found)
    }
}

/// Those of the files that no pattern of git's names, in the repository that the project lies in, the project's own
/// folder included. Outside of a repository, the `.gitignore` files of the project say so.
fn seen_by_git(root: &Path, files: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let repository = root.ancestors().find(|folder| folder.join(".git").exists());
    let on_the_way: BTreeSet<PathBuf> =
        files.iter().flat_map(|file| root.join(file).ancestors().map(Path::to_owned).collect::<Vec<_>>()).collect();
    let mut walk = WalkBuilder::new(repository.unwrap_or(root));
    walk.hidden(false).ignore(false).parents(false).require_git(repository.is_some()).follow_links(true);
    walk.filter_entry(move |entry| on_the_way.contains(entry.path()));
    let seen = walk.build().flatten().filter_map(|entry| Some(entry.path().strip_prefix(root).ok()?.to_owned()));
    seen.filter(|path| files.contains(path)).collect()
}
