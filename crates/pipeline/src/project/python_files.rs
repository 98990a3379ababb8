//! The files of Python that a project's functions reach: read once each, by path.
//!
//! A function's file imports helpers, which import others; all of them count in its recipe (rule R3) and belong to the
//! project's files. Where an import leads is known from the text alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bywash_core::{Error, ObjectId, ObjectIdBuilder};
use bywash_python::syntax::{self, Module};

use super::document::Document;
use super::fields::Problems;
use super::files::{self, ProjectFile};

/// A file of Python that was read.
#[derive(Debug)]
pub(super) struct PythonFile {
    pub(super) path: PathBuf,
    pub(super) module: Module,
}

/// Reads a file; its problems are reported.
pub(super) fn read(document: &Document, problems: &Problems) -> PythonFile {
    let (module, found) = syntax::read(document.path(), document.text());
    found.into_iter().for_each(|problem| problems.push(problem));
    PythonFile { path: document.path().to_owned(), module }
}

/// Every file that was read, and those that they lead to.
pub(super) struct PythonFiles<'a> {
    known: BTreeMap<PathBuf, Option<Module>>,
    /// Helpers outside of the folders that are read anyway.
    found: Vec<ProjectFile>,
    read: &'a dyn Fn(&Path) -> Result<Vec<u8>, Error>,
    is_there: &'a dyn Fn(&Path) -> bool,
}

impl<'a> PythonFiles<'a> {
    pub(super) fn new(
        known: impl IntoIterator<Item = (PathBuf, Module)>,
        read: &'a dyn Fn(&Path) -> Result<Vec<u8>, Error>,
        is_there: &'a dyn Fn(&Path) -> bool,
    ) -> Self {
        let known = known.into_iter().map(|(path, module)| (path, Some(module))).collect();
        Self { known, found: Vec::new(), read, is_there }
    }

    /// The helpers that a file reaches, and what stands for their code.
    pub(super) fn helpers(&mut self, file: &Path, problems: &Problems) -> (Vec<PathBuf>, ObjectId) {
        let mut reached: BTreeSet<PathBuf> = BTreeSet::new();
        let mut waiting = vec![file.to_owned()];
        while let Some(path) = waiting.pop() {
            let imports = self.module(&path, problems).map(|module| module.imports.clone()).unwrap_or_default();
            for candidate in imports.iter().flat_map(|import| import.candidates(&path)) {
                if candidate != file && !reached.contains(&candidate) && (self.is_there)(&candidate) {
                    reached.insert(candidate.clone());
                    waiting.push(candidate);
                }
            }
        }
        let mut code = ObjectIdBuilder::default().part("helpers");
        for path in &reached {
            let canonical = self.module(path, problems).map(|module| module.canonical.as_str()).unwrap_or_default();
            code = code.part(files::shown(path)).part(canonical);
        }
        (reached.into_iter().collect(), code.finish())
    }

    /// Those that were not read with the project's own folders.
    pub(super) fn into_found(self) -> Vec<ProjectFile> {
        self.found
    }

    fn module(&mut self, path: &Path, problems: &Problems) -> Option<&Module> {
        if !self.known.contains_key(path) {
            let module = problems.keep((self.read)(path)).and_then(|bytes| {
                self.found.push(ProjectFile::new(path, &bytes));
                let document = problems.keep(files::to_document(path, bytes))?;
                Some(read(&document, problems).module)
            });
            self.known.insert(path.to_owned(), module);
        }
        self.known.get(path).and_then(Option::as_ref)
    }
}
