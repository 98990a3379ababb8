//! Which files belong to a project, and reading them.
//!
//! Only the folders that have a meaning are looked into; hidden files never are. Every path is relative to the
//! project's root and every listing is sorted, so that the same project reads the same everywhere.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use bywash_core::{Code, Error, ObjectId, Place, Result, format_bytes};

use super::document::Document;
use super::fields::Problems;
use super::load::Unsaved;

/// A file of a project is written by people; data belongs into sources.
const MOST_BYTES: u64 = 16 << 20;
/// Deeper than this is a loop of links.
const MOST_FOLDERS: usize = 32;

/// What a file is to the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `sources/*.yml`
    Source,
    /// `seeds/*.csv`
    Seed,
    /// `seeds/*.yml`
    SeedProperties,
    /// `models/**/*.sql`
    Model,
    /// `models/**/*.py`
    PythonModel,
    /// `functions/*.py`
    PythonFunctions,
    /// `models/**/*.yml`
    ModelProperties,
    /// `tests/*.sql`
    Test,
    /// Something that a later release reads; refused, because leaving it out would change what a run means.
    Later(&'static str),
}

/// Every folder that is read, and what the files in it are by their ending.
const FOLDERS: &[(&str, &[(&str, Role)])] = &[
    ("sources", &[("yml", Role::Source), ("yaml", Role::Source), ("py", Role::Later("Python sources"))]),
    ("seeds", &[("csv", Role::Seed), ("yml", Role::SeedProperties), ("yaml", Role::SeedProperties)]),
    (
        "models",
        &[
            ("sql", Role::Model),
            ("py", Role::PythonModel),
            ("yml", Role::ModelProperties),
            ("yaml", Role::ModelProperties),
        ],
    ),
    ("tests", &[("sql", Role::Test), ("yml", Role::Later("unit tests")), ("yaml", Role::Later("unit tests"))]),
    ("functions", &[("sql", Role::Later("functions")), ("py", Role::PythonFunctions)]),
    ("policies", &[("rego", Role::Later("policies"))]),
    ("edge", &[("yml", Role::Later("edge filters"))]),
    ("endpoints", &[("sql", Role::Later("endpoints"))]),
];

/// Every folder that is read.
pub fn folders() -> impl Iterator<Item = &'static str> {
    FOLDERS.iter().map(|(folder, _)| *folder)
}

/// A file of the project as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectFile {
    /// Relative to the project's root, with forward slashes.
    pub path: String,
    /// What stands for its content.
    pub content: ObjectId,
    /// Its content, which commits keep.
    pub bytes: Bytes,
}

impl ProjectFile {
    /// A file of these bytes.
    #[must_use]
    pub fn new(path: &Path, bytes: &[u8]) -> Self {
        Self { path: shown(path), content: ObjectId::of(bytes), bytes: Bytes::copy_from_slice(bytes) }
    }
}

/// Every file that has a meaning, sorted by path; also those that are not written yet.
pub fn list(root: &Path, unsaved: &Unsaved, problems: &Problems) -> Vec<(PathBuf, Role)> {
    let mut found = Vec::new();
    for (folder, roles) in FOLDERS {
        if root.join(folder).is_dir() {
            let mut walk = Walk { root, roles, problems, found: &mut found };
            problems.keep(walk.folder(Path::new(folder), 0));
        }
    }
    for path in unsaved.keys() {
        let roles = FOLDERS.iter().find(|(folder, _)| path.starts_with(folder));
        if let Some(role) = roles.and_then(|(_, roles)| role_of(path, roles)) {
            found.push((path.clone(), role));
        }
    }
    found.sort_by(|(first, _), (second, _)| first.cmp(second));
    found.dedup_by(|(later, _), (first, _)| later == first);
    found
}

struct Walk<'a> {
    root: &'a Path,
    roles: &'a [(&'a str, Role)],
    problems: &'a Problems,
    found: &'a mut Vec<(PathBuf, Role)>,
}

impl Walk<'_> {
    /// Looks into a folder; one below it that cannot be read is reported and passed over.
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<()> {
        if depth > MOST_FOLDERS {
            return Err(Error::new(Code::FileSystem, format!("more than {MOST_FOLDERS} folders inside one another"))
                .at(Place::file(folder))
                .hint("a link to a folder above makes a loop: remove it"));
        }
        let unreadable = |error: std::io::Error| Error::io("read the folder", folder, &error);
        for entry in fs::read_dir(self.root.join(folder)).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            if name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path = folder.join(&name);
            let kind = entry.file_type().map_err(unreadable)?;
            // A link counts as what it points to.
            let is_folder = if kind.is_symlink() { self.root.join(&path).is_dir() } else { kind.is_dir() };
            if is_folder {
                self.problems.keep(self.folder(&path, depth + 1));
            } else if let Some(role) = role_of(&path, self.roles) {
                self.found.push((path, role));
            }
        }
        Ok(())
    }
}

fn role_of(path: &Path, roles: &[(&str, Role)]) -> Option<Role> {
    let ending = path.extension()?.to_str()?;
    roles.iter().find(|(known, _)| *known == ending).map(|(_, role)| *role)
}

/// A file's bytes.
///
/// # Errors
/// A file that is too large, missing, or not ours to read.
pub fn read_bytes(root: &Path, path: &Path) -> Result<Vec<u8>> {
    let whole = root.join(path);
    let unreadable = |error: std::io::Error| Error::io("read", path, &error).at(Place::file(path));
    let found = fs::metadata(&whole).map_err(unreadable)?;
    if !found.is_file() {
        let message = format!("`{}` is not a file that can be read to its end", path.display());
        return Err(Error::new(Code::UnreadableFile, message).at(Place::file(path)));
    }
    let bytes = found.len();
    if bytes > MOST_BYTES {
        let message = format!("`{}` is too large for a file of the project: {}", path.display(), format_bytes(bytes));
        return Err(Error::new(Code::UnreadableFile, message)
            .at(Place::file(path))
            .hint("put data elsewhere and load it as a source, with `bywash load`"));
    }
    fs::read(&whole).map_err(unreadable)
}

/// A text file; a byte order mark at its beginning is taken off.
///
/// # Errors
/// Bytes that are no UTF-8.
pub fn to_document(path: &Path, bytes: Vec<u8>) -> Result<Document> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Document::new(path, text.strip_prefix('\u{feff}').unwrap_or(&text))),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            Err(Error::new(Code::InvalidEncoding, format!("`{}` is not UTF-8 at byte {at}", path.display()))
                .at(Place::line(path, line))
                .hint("save the file as UTF-8"))
        }
    }
}

/// The path of a project's file as commits and messages name it.
#[must_use]
pub fn shown(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
