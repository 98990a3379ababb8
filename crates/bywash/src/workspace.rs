//! A project opened for work: its files, its graph, its lake, the engine, and the branch one is on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Code, Error, RefName, Result, TableName, TableRef};
use bywash_engine::sql::{ParameterValue, Parameters};
use bywash_engine::{Engine, EngineSettings, available_memory};
use bywash_ingest::{FileReaders, QuotedFiles};
use bywash_lake::{Head, Lake, LakePlace};
use bywash_pipeline::events::Listener;
use bywash_pipeline::graph::{Graph, Loaded};
use bywash_pipeline::lake_view::{FileOpener, LakeResolver, WorkingTree};
use bywash_pipeline::project::{Project, Settings, Unsaved, find_root};
use bywash_pipeline::run::{FunctionSettings, Functions, KnownPlans, Runner};
use bywash_python::PoolSettings;

use crate::arguments::{Parameter, ParameterFlags, ProjectFlags, RefFlags};
use crate::context::Context;

/// How long to wait for a catalog that another process holds, unless the settings say otherwise.
const PATIENCE: Duration = Duration::from_secs(20);

/// A project opened for work.
pub struct Workspace {
    /// Its files.
    pub project: Arc<Project>,
    /// Its nodes.
    pub graph: Arc<Graph>,
    /// Its lake.
    pub lake: Lake,
    /// Runs SQL.
    pub engine: Arc<Engine>,
    /// Runs functions in Python.
    pub functions: Functions,
    known: Arc<KnownPlans>,
    folder: PathBuf,
}

/// What a project was, for the next look at it: what did not change is neither parsed nor planned again.
pub struct Remembered {
    project: Arc<Project>,
    known: Arc<KnownPlans>,
}

impl Remembered {
    /// The files that were read, by their paths from the project's root.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.project.files.iter().map(|file| file.path.as_str())
    }
}

impl Workspace {
    /// Opens the project around the context's folder; everything wrong with its files is one error.
    ///
    /// # Errors
    /// No project, problems in its files, a lake that cannot be opened.
    pub async fn open(context: &Context, flags: &ProjectFlags) -> Result<Self> {
        Self::open_with(context, flags, &Unsaved::new()).await
    }

    /// The same with these files as they will be.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_with(context: &Context, flags: &ProjectFlags, unsaved: &Unsaved) -> Result<Self> {
        let loaded = Loaded::read(&context.folder, flags.target.as_deref(), unsaved, None)?.settled()?;
        let lake = open_lake(&loaded.project, false).await?;
        let names = names_in(&loaded.project, &lake).await?;
        // Tables at other refs and system tables are looked up when they are read.
        let (project, graph) = loaded.check(&names, |_: &TableRef| true)?;
        Self::of(context, project, graph, lake)
    }

    /// Opens the project as far as it can be read, and tells what is wrong with the rest.
    ///
    /// # Errors
    /// No project, something wrong with its settings, a lake that cannot be opened.
    pub async fn open_with_problems(
        context: &Context,
        flags: &ProjectFlags,
        before: Option<&Remembered>,
    ) -> Result<(Self, Vec<Error>)> {
        let project = before.map(|before| &*before.project);
        let loaded = Loaded::read(&context.folder, flags.target.as_deref(), &Unsaved::new(), project)?.settled()?;
        let lake = open_lake(&loaded.project, false).await?;
        let names = names_in(&loaded.project, &lake).await?;
        let (project, graph, problems) = loaded.with_problems(&names, |_: &TableRef| true);
        let mut workspace = Self::of(context, project, graph, lake)?;
        if let Some(before) = before {
            workspace.known = before.known.clone();
        }
        Ok((workspace, problems))
    }

    /// Opens a project whose models may have problems that do not matter here: to look at tables, branches, history.
    ///
    /// # Errors
    /// No project, something wrong with its settings, a lake that cannot be opened.
    pub async fn open_lake(context: &Context, flags: &ProjectFlags) -> Result<Self> {
        Self::open_moved_lake(context, flags, false).await
    }

    /// The same, of a lake whose warehouse `has_moved`.
    ///
    /// # Errors
    /// As for [`Self::open_lake`].
    pub async fn open_moved_lake(context: &Context, flags: &ProjectFlags, has_moved: bool) -> Result<Self> {
        let loaded = Loaded::read(&context.folder, flags.target.as_deref(), &Unsaved::new(), None)?;
        // With settings that cannot be read another lake would be opened, or even made.
        if let Some(error) = loaded.project.settings_error {
            return Err(error);
        }
        let lake = open_lake(&loaded.project, has_moved).await?;
        Self::of(context, loaded.project, loaded.graph, lake)
    }

    /// Opens a project of the past, which stands in a folder of its own, on the lake of today as it was at a commit. What
    /// is set about the machine and the lake is what is set today.
    ///
    /// # Errors
    /// Problems in its files.
    pub async fn restored(&self, context: &Context, folder: &Path, at: &Head) -> Result<Self> {
        let mut loaded = Loaded::read(folder, None, &Unsaved::new(), None)?.settled()?;
        let then = std::mem::take(&mut loaded.project.settings);
        loaded.project.settings = Settings { name: then.name, folders: then.folders, ..self.project.settings.clone() };
        let lake = &self.lake;
        let tables = at.commit.tree.all(&lake.objects()).await?;
        let names = tables.keys().map(|name| name.parse()).collect::<Result<Vec<TableName>>>()?;
        let (project, graph) = loaded.check(&names, |_: &TableRef| true)?;
        Self::of(context, project, graph, lake.clone())
    }

    fn of(context: &Context, project: Project, graph: Graph, lake: Lake) -> Result<Self> {
        let engine = engine_for(&project.settings, &project.root.join(CACHE_FOLDER))?;
        let functions = Functions::new(function_settings(&project, &engine));
        let engine = project.functions.iter().try_fold(engine, |engine, function| {
            let added = engine.with_functions(vec![functions.of_sql(function)]);
            added.map_err(|error| error.at(function.place.clone()))
        })?;
        Ok(Self {
            known: Arc::new(KnownPlans::new(&project.root.join(CACHE_FOLDER))),
            project: Arc::new(project),
            graph: Arc::new(graph),
            lake,
            engine: Arc::new(engine),
            functions,
            folder: context.folder.clone(),
        })
    }

    /// What the next look at the same project begins with.
    #[must_use]
    pub fn remembered(&self) -> Remembered {
        Remembered { project: self.project.clone(), known: self.known.clone() }
    }

    /// The branch that `--ref` names, or else the one that is checked out.
    ///
    /// # Errors
    /// Not the name of a branch.
    pub fn branch(&self, flags: &RefFlags) -> Result<RefName> {
        match &flags.reference {
            Some(text) => text.parse(),
            None => current_branch(&self.project.root),
        }
    }

    /// The commit that `--ref` names, or else the head of the branch that is checked out.
    ///
    /// # Errors
    /// Nothing is called that.
    pub async fn head(&self, flags: &RefFlags) -> Result<Head> {
        match &flags.reference {
            Some(text) => self.resolve(text).await,
            None => self.lake.branch(&current_branch(&self.project.root)?).await,
        }
    }

    /// The commit that a word stands for; `HEAD` is the latest of the branch that is checked out.
    ///
    /// # Errors
    /// Nothing is called that.
    pub async fn resolve(&self, text: &str) -> Result<Head> {
        match text.strip_prefix("HEAD") {
            Some(rest) if rest.is_empty() || rest.starts_with('~') => {
                self.lake.resolve(&format!("{}{rest}", current_branch(&self.project.root)?)).await
            }
            _ => self.lake.resolve(text).await,
        }
    }

    /// What SQL finds in a commit; files in quotes are relative to where the command was typed.
    #[must_use]
    pub fn resolver(&self, head: Head) -> LakeResolver {
        let tree = Arc::new(WorkingTree::new(self.lake.clone(), head));
        LakeResolver::new(tree, self.files())
    }

    /// Files in quotes, relative to where the command was typed.
    #[must_use]
    pub fn quoted_files(&self) -> QuotedFiles {
        QuotedFiles::new(&self.folder)
    }

    /// The same for a resolver.
    #[must_use]
    pub fn files(&self) -> Arc<dyn FileOpener> {
        Arc::new(self.quoted_files())
    }

    /// What runs the graph.
    #[must_use]
    pub fn runner(&self, listener: Arc<dyn Listener>) -> Arc<Runner> {
        self.functions.tell(listener.clone());
        Arc::new(Runner {
            lake: self.lake.clone(),
            engine: self.engine.clone(),
            project: self.project.clone(),
            graph: self.graph.clone(),
            sources: Arc::new(FileReaders::new(&self.project.root.join(CACHE_FOLDER))),
            functions: self.functions.clone(),
            known: self.known.clone(),
            listener,
        })
    }

    /// How long to wait for a catalog that another process holds.
    #[must_use]
    pub fn patience(&self) -> Duration {
        patience(&self.project)
    }

    /// A folder for what can be rebuilt.
    #[must_use]
    pub fn cache_folder(&self) -> PathBuf {
        self.project.root.join(CACHE_FOLDER)
    }
}

/// Where caches and run logs lie; `bywash clean` empties it but for the two files below.
pub const CACHE_FOLDER: &str = ".bywash";
/// Names the branch that is checked out.
pub const BRANCH_FILE: &str = "branch";
/// Where the lines that functions write are kept, in the folder for caches.
const LOG_FOLDER: &str = "logs";
/// Keeps what was typed in the shell.
pub const HISTORY_FILE: &str = "history";

/// The tables of the branch that is checked out.
async fn names_in(project: &Project, lake: &Lake) -> Result<Vec<TableName>> {
    let branch = current_branch(&project.root)?;
    let known = match lake.branch(&branch).await {
        Ok(head) => head.commit.tree.all(&lake.objects()).await?.into_keys().collect(),
        Err(_) => Vec::new(),
    };
    known.iter().map(|name| name.parse()).collect()
}

async fn open_lake(project: &Project, has_moved: bool) -> Result<Lake> {
    let place = LakePlace { has_moved, ..project.lake_place() };
    Lake::open(&place, patience(project)).await
}

fn patience(project: &Project) -> Duration {
    project.settings.catalog_patience.unwrap_or(PATIENCE)
}

/// The engine that a project's settings ask for.
///
/// # Errors
/// Settings that it cannot keep.
pub fn engine_for(settings: &Settings, cache: &Path) -> Result<Engine> {
    let mut wanted = EngineSettings { spill_folder: spill_folder(cache), ..EngineSettings::default() };
    wanted.memory_limit = settings.memory_limit.unwrap_or(wanted.memory_limit);
    wanted.spill_limit = settings.spill_limit.unwrap_or(wanted.spill_limit);
    wanted.threads = settings.threads.unwrap_or(wanted.threads);
    Engine::new(wanted)
}

/// Where functions in Python run. Nothing is made before one does.
fn function_settings(project: &Project, engine: &Engine) -> FunctionSettings {
    let (settings, folder) = (&project.settings, project.root.join(CACHE_FOLDER));
    let mut pool = PoolSettings::new(spill_folder(&folder), settings.python_cache.clone().unwrap_or_else(user_cache));
    pool.workers = engine.settings().threads.max(1);
    // Without a limit the kernel would end what it finds first, which may be this process.
    pool.memory = Some(settings.python_memory_limit.unwrap_or_else(|| available_memory() / 2));
    let logs = folder.join(LOG_FOLDER);
    FunctionSettings { pool, interpreter: settings.python.clone(), project: project.root.clone(), logs }
}

/// Where programs of this user keep what they can make again.
fn user_cache() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("bywash")
}

/// Where queries spill to: with the project's caches, or, for users who may not write there, with temporary files, of
/// which the shared folder may be another user's.
fn spill_folder(cache: &Path) -> PathBuf {
    let usual = cache.join("spill");
    let shared = std::env::temp_dir().join("bywash-spill");
    let own = std::env::temp_dir().join(format!("bywash-spill-{}", std::process::id()));
    let can_write =
        |folder: &PathBuf| std::fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)).is_ok();
    [&usual, &shared, &own].into_iter().find(|folder| can_write(folder)).unwrap_or(&usual).clone()
}

/// The branch that is checked out; `main` until another is.
///
/// # Errors
/// The file that says so cannot be read.
pub fn current_branch(root: &Path) -> Result<RefName> {
    let file = root.join(CACHE_FOLDER).join(BRANCH_FILE);
    match std::fs::read_to_string(&file) {
        Ok(name) => name.trim().parse(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(RefName::main()),
        Err(error) => Err(Error::io("read", &file, &error)),
    }
}

/// Makes another branch the one that is checked out.
///
/// # Errors
/// The file that says so cannot be written.
pub fn check_out(root: &Path, name: &RefName) -> Result<()> {
    let folder = root.join(CACHE_FOLDER);
    let file = folder.join(BRANCH_FILE);
    std::fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, &error))?;
    std::fs::write(&file, format!("{name}\n")).map_err(|error| Error::io("write", &file, &error))
}

/// Whether the context's folder lies in a project.
#[must_use]
pub fn in_project(context: &Context) -> bool {
    find_root(&context.folder).is_ok()
}

/// The values of `--param`, and their texts for keys.
#[must_use]
pub fn parameters(flags: &ParameterFlags) -> (Parameters, std::collections::BTreeMap<String, String>) {
    let value = |parameter: &Parameter| (parameter.name.clone(), ParameterValue::guess(&parameter.value));
    let text = |parameter: &Parameter| (parameter.name.clone(), parameter.value.clone());
    (flags.parameters.iter().map(value).collect(), flags.parameters.iter().map(text).collect())
}

/// A table's full name from what was typed: `raw.flights`, or `flights` where that is unique.
///
/// # Errors
/// No such table, or several.
pub async fn table_name(resolver: &LakeResolver, typed: &str) -> Result<TableName> {
    let reference = TableRef::parse(typed)?;
    if reference.at.is_some() {
        return Err(Error::new(Code::WrongUsage, format!("`{typed}` names a ref")).hint("name the ref with `--ref`"));
    }
    resolver.full_name(&reference).await
}
