//! The modules that a file imports and that may lie in the project: where to look for them.
//!
//! Imports count wherever they stand, also inside functions. The root of the project is where absolute imports are
//! looked for, and a relative one starts at the file's own folder. Whether a file is there, only who reads the
//! project knows; a module of a package is none of the project's.

use std::path::{Path, PathBuf};

use super::tree::File;

/// An import, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalImport {
    /// How many dots stand before it: none for an absolute import.
    level: usize,
    /// The parts of its name, with the name that is taken from it, which may be a module too.
    parts: Vec<String>,
}

impl LocalImport {
    /// The files, relative to the project, that importing this from `file` may run.
    #[must_use]
    pub fn candidates(&self, file: &Path) -> Vec<PathBuf> {
        let mut folder = PathBuf::new();
        if self.level > 0 {
            folder = file.parent().unwrap_or(Path::new("")).to_owned();
            for _ in 1..self.level {
                folder.pop();
            }
        }
        let mut found = vec![folder.join("__init__.py")];
        for part in &self.parts {
            found.push(folder.join(format!("{part}.py")));
            folder.push(part);
            found.push(folder.join("__init__.py"));
        }
        found
    }
}

/// The imports of a file, each once.
pub(super) fn of(file: &File<'_>) -> Vec<LocalImport> {
    let imports = file.everything().into_iter().flat_map(|statement| file.imports(statement));
    let mut found: Vec<_> = imports
        .map(|import| LocalImport {
            level: import.level,
            parts: import.module.into_iter().chain(import.member).collect(),
        })
        .collect();
    found.sort();
    found.dedup();
    found
}
