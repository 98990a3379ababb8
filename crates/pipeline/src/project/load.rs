//! Reading a whole project: find its root, read every file, put together what they say about each node.
//!
//! Files are read and parsed side by side and put together in the order of their paths. No problem stops the
//! reading: all are reported at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bywash_core::{Code, Error, Place, Result, suggestion};
use bywash_lake::LakePlace;

use super::document::Document;
use super::fields::{Problems, together};
use super::files::{self, ProjectFile, Role};
use super::model_properties::{self, ModelProperties};
use super::model_sql::KnownQueries;
use super::models::{self, Model};
use super::python_files::{self, PythonFile, PythonFiles};
use super::python_functions::{self, PythonFunction};
use super::python_models;
use super::seeds::{self, Seed, SeedProperties};
use super::settings::{self, Settings};
use super::sources::{self, Resource};
use super::sql_tests::{self, SqlTest};

/// What a project's files say.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// The folder with `bywash.toml`.
    pub root: PathBuf,
    /// The chosen target, if any.
    pub target: Option<String>,
    /// What `bywash.toml`, the target and the environment set.
    pub settings: Settings,
    /// The tables of all sources.
    pub resources: Vec<Resource>,
    /// The small tables kept beside the code.
    pub seeds: Vec<Seed>,
    /// The queries.
    pub models: Vec<Model>,
    /// The functions of SQL that are written in Python.
    pub functions: Vec<Arc<PythonFunction>>,
    /// The tests that are files.
    pub sql_tests: Vec<SqlTest>,
    /// Every file that was read, by path.
    pub files: Vec<ProjectFile>,
    /// Tables whose files could not be read, so that nobody calls them unknown besides.
    pub broken: Vec<bywash_core::TableName>,
    /// What is wrong with `bywash.toml` or the environment: then nobody knows where the lake lies.
    pub settings_error: Option<Error>,
}

/// Files as they will be, by their paths relative to the root: they are read as if they were written already.
pub type Unsaved = BTreeMap<PathBuf, String>;

impl Project {
    /// Finds the project around `start` and reads it.
    ///
    /// # Errors
    /// Every problem of its files, as one error.
    pub fn load(start: &Path, target: Option<&str>) -> Result<Self> {
        let (project, problems) = Self::read(start, target, &Unsaved::new(), None)?;
        match together(problems) {
            Some(error) => Err(error),
            None => Ok(project),
        }
    }

    /// Finds the project around `start` and reads it with these files as they will be, problems beside it.
    ///
    /// `before` is what was read of it some time ago: queries that have not changed since are not parsed again.
    ///
    /// # Errors
    /// No project, or one whose `bywash.toml` cannot be opened.
    pub fn read(
        start: &Path,
        target: Option<&str>,
        unsaved: &Unsaved,
        before: Option<&Self>,
    ) -> Result<(Self, Vec<Error>)> {
        let root = find_root(start)?;
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let known = before.map(KnownQueries::of).unwrap_or_default();
        Self::read_unsaved(root, target, &environment, unsaved, known)
    }

    /// Reads the project at `root` with an environment.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_with(
        root: PathBuf,
        target: Option<&str>,
        environment: &[(String, String)],
    ) -> Result<(Self, Vec<Error>)> {
        Self::read_unsaved(root, target, environment, &Unsaved::new(), KnownQueries::default())
    }

    fn read_unsaved(
        root: PathBuf,
        target: Option<&str>,
        environment: &[(String, String)],
        unsaved: &Unsaved,
        known: KnownQueries<'_>,
    ) -> Result<(Self, Vec<Error>)> {
        let (problems, of_settings) = (Problems::default(), Problems::default());
        let path = Path::new(settings::FILE_NAME);
        let bytes = files::read_bytes(&root, path)?;
        let mut listed = vec![ProjectFile::new(path, &bytes)];
        let settings = settings::read(&files::to_document(path, bytes)?, target, environment, &of_settings);
        let of_settings = of_settings.into_vec();
        let settings_error = together(of_settings.clone());
        of_settings.into_iter().for_each(|problem| problems.push(problem));
        let entries = files::list(&root, unsaved, &problems);
        let mut parts = Parts::default();
        let reading = Reading { root: &root, settings: &settings, unsaved, known };
        for outcome in reading.all(&entries)? {
            listed.extend(outcome.file);
            outcome.problems.into_iter().for_each(|problem| problems.push(problem));
            parts.take(outcome.content);
        }
        listed.extend(parts.read_python(&reading, &problems));
        listed.sort_by(|first, second| first.path.cmp(&second.path));
        let target = target.map(str::to_owned);
        let base = Self { root, target, settings, settings_error, files: listed, ..Self::default() };
        let project = parts.put_together(base, &problems);
        Ok((project, problems.into_vec()))
    }

    /// The folder of the lake.
    #[must_use]
    pub fn lake_folder(&self) -> PathBuf {
        self.root.join(&self.settings.lake_path)
    }

    /// Where the lake is.
    #[must_use]
    pub fn lake_place(&self) -> LakePlace {
        let (catalog, warehouse) = (self.settings.catalog.clone(), self.settings.warehouse.clone());
        LakePlace { catalog, warehouse, ..LakePlace::folder(&self.lake_folder()) }
    }
}

/// The nearest folder at or above `start` that holds a `bywash.toml`.
///
/// # Errors
/// None up to the root of the file system.
pub fn find_root(start: &Path) -> Result<PathBuf> {
    let start = std::path::absolute(start).map_err(|error| Error::io("find", start, &error))?;
    if !start.is_dir() {
        return Err(Error::new(Code::NoProject, format!("there is no folder `{}`", start.display())));
    }
    match start.ancestors().find(|folder| folder.join(settings::FILE_NAME).is_file()) {
        Some(root) => Ok(root.to_owned()),
        None => {
            let message = format!("no `{}` in `{}` or above it", settings::FILE_NAME, start.display());
            Err(Error::new(Code::NoProject, message)
                .hint("make a project with `bywash init DIR`, or name its folder with `-C DIR`"))
        }
    }
}

/// What one file says.
enum Content {
    Source(Vec<Resource>),
    Seed(Box<Seed>),
    SeedProperties(Vec<SeedProperties>),
    Model(Box<Model>),
    Python(Box<PythonFile>),
    Broken(bywash_core::TableName),
    ModelProperties(Vec<ModelProperties>),
    Test(Box<SqlTest>),
    Nothing,
}

struct Outcome {
    file: Option<ProjectFile>,
    content: Content,
    problems: Vec<Error>,
}

/// What every file of a project is read with.
struct Reading<'a> {
    root: &'a Path,
    settings: &'a Settings,
    unsaved: &'a Unsaved,
    known: KnownQueries<'a>,
}

impl Reading<'_> {
    /// Reads all files on several threads; the outcomes are in the order of the entries.
    fn all(&self, entries: &[(PathBuf, Role)]) -> Result<Vec<Outcome>> {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(8);
        let share = entries.len().div_ceil(threads).max(16);
        std::thread::scope(|scope| {
            let read = |(path, role): &(PathBuf, Role)| self.file(path, *role);
            let workers: Vec<_> = entries
                .chunks(share)
                .map(|part| scope.spawn(move || part.iter().map(read).collect::<Vec<_>>()))
                .collect();
            let mut outcomes = Vec::with_capacity(entries.len());
            for worker in workers {
                outcomes.extend(worker.join().map_err(|_| Error::bug("reading the project's files came to a panic"))?);
            }
            Ok(outcomes)
        })
    }

    fn file(&self, path: &Path, role: Role) -> Outcome {
        let (settings, problems) = (self.settings, Problems::default());
        let Some(bytes) = problems.keep(self.bytes(path)) else {
            return Outcome { file: None, content: broken(path, role, settings), problems: problems.into_vec() };
        };
        let file = ProjectFile::new(path, &bytes);
        let content = match role {
            Role::Seed => match problems.keep(Seed::new(path.to_owned(), file.content)) {
                Some(seed) => Content::Seed(Box::new(seed)),
                None => Content::Nothing,
            },
            _ => match problems.keep(files::to_document(path, bytes)) {
                Some(document) => self.document(&document, role, &problems),
                None => broken(path, role, settings),
            },
        };
        Outcome { file: Some(file), content, problems: problems.into_vec() }
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>> {
        match self.unsaved.get(path) {
            Some(text) => Ok(text.clone().into_bytes()),
            None => files::read_bytes(self.root, path),
        }
    }

    fn document(&self, document: &Document, role: Role, problems: &Problems) -> Content {
        let path = document.path();
        match role {
            Role::Source => Content::Source(sources::read(document, problems)),
            Role::SeedProperties => Content::SeedProperties(seeds::read_properties(document, problems)),
            Role::ModelProperties => Content::ModelProperties(model_properties::read(document, problems)),
            Role::Test => match sql_tests::read(document, &self.known, problems) {
                Some(test) => Content::Test(Box::new(test)),
                None => Content::Nothing,
            },
            Role::Model => match problems.keep(models::name_of(path, namespace(self.settings))) {
                Some(name) => match models::read(name.clone(), document, &self.known, problems) {
                    Some(model) => Content::Model(Box::new(model)),
                    None => Content::Broken(name),
                },
                None => Content::Nothing,
            },
            Role::PythonModel | Role::PythonFunctions => {
                Content::Python(Box::new(python_files::read(document, problems)))
            }
            Role::Later(what) => {
                let message = format!("{what} are not supported yet: `{}`", path.display());
                let error = Error::new(Code::NotYetSupported, message).at(Place::file(path));
                problems.push(error.hint("move the file out of the project for now"));
                Content::Nothing
            }
            Role::Seed => Content::Nothing,
        }
    }
}

fn broken(path: &Path, role: Role, settings: &Settings) -> Content {
    match role {
        Role::Model => models::name_of(path, namespace(settings)).map_or(Content::Nothing, Content::Broken),
        _ => Content::Nothing,
    }
}

/// The namespace of models without a folder; a project whose name is missing has been told so.
fn namespace(settings: &Settings) -> &str {
    if settings.name.is_empty() { "project" } else { &settings.name }
}

/// Defaults for a folder that is not there are a slip of the fingers.
fn check_folders(project: &Project, problems: &Problems) {
    let models = project.root.join("models");
    for folder in &project.settings.folders {
        let name = folder.folder();
        if name == project.settings.name || models.join(name).is_dir() {
            continue;
        }
        let there = std::fs::read_dir(&models).into_iter().flatten().filter_map(|entry| {
            let entry = entry.ok().filter(|entry| entry.path().is_dir())?;
            entry.file_name().into_string().ok()
        });
        let there: Vec<String> = there.collect();
        let error = Error::new(Code::InvalidSetting, format!("there is no folder `models/{name}`"));
        let hint = suggestion(name, there.iter().map(String::as_str));
        problems.push(error.at(folder.place().clone()).maybe_hint(hint));
    }
}

/// What all files say, by kind.
#[derive(Default)]
struct Parts {
    project: Project,
    python_files: Vec<PythonFile>,
    seed_properties: Vec<SeedProperties>,
    model_properties: Vec<ModelProperties>,
}

impl Parts {
    fn take(&mut self, content: Content) {
        match content {
            Content::Source(resources) => self.project.resources.extend(resources),
            Content::Seed(seed) => self.project.seeds.push(*seed),
            Content::SeedProperties(properties) => self.seed_properties.extend(properties),
            Content::Model(model) => self.project.models.push(*model),
            Content::Python(file) => self.python_files.push(*file),
            Content::Broken(name) => self.project.broken.push(name),
            Content::ModelProperties(properties) => self.model_properties.extend(properties),
            Content::Test(test) => self.project.sql_tests.push(*test),
            Content::Nothing => {}
        }
    }

    fn put_together(self, base: Project, problems: &Problems) -> Project {
        let Self { project: Project { resources, mut seeds, mut models, functions, sql_tests, broken, .. }, .. } = self;
        for properties in self.seed_properties {
            match seeds.iter_mut().find(|seed| seed.name.name() == properties.name) {
                Some(seed) => seed.describe(properties),
                None => problems.push(seeds::unknown(&properties, &seeds)),
            }
        }
        let unread: Vec<String> = broken.iter().flat_map(|name| [name.name().to_owned(), name.to_string()]).collect();
        model_properties::attach(self.model_properties, &mut models, &unread, problems);
        for model in &mut models {
            model.settle(&base.settings, problems);
            python_functions::tell(model, &functions, problems);
        }
        check_folders(&base, problems);
        Project { resources, seeds, models, functions, sql_tests, broken, ..base }
    }

    /// Makes models of functions; gives the helpers that they reach outside of the folders that are read anyway.
    fn read_python(&mut self, reading: &Reading<'_>, problems: &Problems) -> Vec<ProjectFile> {
        let read = |path: &Path| reading.bytes(path);
        let is_there = |path: &Path| reading.unsaved.contains_key(path) || reading.root.join(path).is_file();
        let known = self.python_files.iter().map(|file| (file.path.clone(), file.module.clone()));
        let mut files = PythonFiles::new(known, &read, &is_there);
        let mut functions = Vec::new();
        for file in &self.python_files {
            let read = python_models::of(file, &mut files, namespace(reading.settings), problems);
            functions.extend(python_functions::of(file, &mut files, problems));
            let unread = file.module.broken.iter();
            let unread =
                unread.chain(file.module.models.iter().flat_map(|function| &function.outputs).map(|it| &it.name));
            let unread = unread.filter(|name| !read.iter().any(|model| model.name.name() == *name));
            let of_file = models::namespace_of(&file.path, namespace(reading.settings));
            let named = unread.filter_map(|name| bywash_core::TableName::new(of_file.clone().ok()?, name).ok());
            self.project.broken.extend(named);
            self.project.models.extend(read);
        }
        self.project.functions = python_functions::distinct(functions, problems);
        files.into_found()
    }
}
