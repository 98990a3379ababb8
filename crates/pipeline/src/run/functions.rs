//! Where functions in Python run: environments, locks and workers, made when the first function needs them.
//!
//! A project without functions starts nothing and makes no folder.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bywash_core::{ObjectId, Result};
use bywash_python::{Environment, Environments, LockFile, LogLine, Pool, PoolSettings, Requirements, Stream};

use crate::blocking::blocking;
use crate::events::{Event, Listener, Silence};
use crate::project::LOCK_FILE;

/// Where functions run and what they may take.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// The workers.
    pub pool: PoolSettings,
    /// The interpreter of functions that ask for no package and no version of Python, if somebody has made one.
    pub interpreter: Option<PathBuf>,
    /// The root of the project.
    pub project: PathBuf,
    /// Where the lines that functions write are kept, a file a run.
    pub logs: PathBuf,
}

/// Runs functions. Clones share what is started; the last one dropped ends it.
#[derive(Clone)]
pub struct Functions {
    settings: Arc<FunctionSettings>,
    pool: Arc<Mutex<Option<Pool>>>,
    /// One thread at a time resolves packages and makes environments.
    environments: Arc<Mutex<Environments>>,
    /// Hears what functions of SQL write.
    listener: Arc<Mutex<Arc<dyn Listener>>>,
}

impl Functions {
    /// Nothing is started yet.
    #[must_use]
    pub fn new(settings: FunctionSettings) -> Self {
        let environments = Environments::new(settings.pool.cache.clone());
        Self {
            settings: Arc::new(settings),
            pool: Arc::default(),
            environments: Arc::new(Mutex::new(environments)),
            listener: Arc::new(Mutex::new(Arc::new(Silence))),
        }
    }

    /// Lets somebody hear what functions of SQL write, which belong to no run.
    pub fn tell(&self, listener: Arc<dyn Listener>) {
        *lock(&self.listener) = listener;
    }

    pub(super) fn listener(&self) -> Arc<dyn Listener> {
        lock(&self.listener).clone()
    }

    /// The root of the project.
    pub(super) fn project(&self) -> &PathBuf {
        &self.settings.project
    }

    /// The workers; what this machine cannot keep functions from is told once.
    pub(super) fn pool(&self, listener: &dyn Listener) -> Result<Pool> {
        let mut pool = lock(&self.pool);
        if let Some(pool) = &*pool {
            return Ok(pool.clone());
        }
        let made = Pool::new(self.settings.pool.clone())?;
        made.warnings().into_iter().for_each(|warning| listener.hear(Event::Message(format!("warning: {warning}"))));
        Ok(pool.insert(made).clone())
    }

    /// What stands for the packages in keys (rule R3): their lock, if they were resolved.
    pub(super) fn lock_id(&self, requirements: &Requirements) -> Result<Option<ObjectId>> {
        if self.own_interpreter(requirements).is_some() {
            return Ok(None);
        }
        Ok(LockFile::read(&self.lock_file())?.find(requirements).map(bywash_python::Lock::id))
    }

    /// Resolves packages, unless that was done. May take long, and use the network.
    pub(super) async fn resolve(&self, requirements: &Requirements) -> Result<()> {
        if self.own_interpreter(requirements).is_some() {
            return Ok(());
        }
        let (own, requirements) = (self.clone(), requirements.clone());
        blocking(move || lock(&own.environments).lock(&requirements, &own.lock_file()).map(drop)).await
    }

    /// An environment with these packages. May take long, and use the network.
    pub(super) async fn environment(&self, requirements: &Requirements) -> Result<Environment> {
        if let Some(interpreter) = self.own_interpreter(requirements) {
            return Ok(Environment::of_interpreter(interpreter));
        }
        let (own, requirements) = (self.clone(), requirements.clone());
        blocking(move || {
            let environments = lock(&own.environments);
            let resolved = environments.lock(&requirements, &own.lock_file())?;
            environments.prepare(&resolved)
        })
        .await
    }

    fn own_interpreter(&self, requirements: &Requirements) -> Option<&PathBuf> {
        let asks = requirements.python().is_some() || !requirements.packages().is_empty();
        self.settings.interpreter.as_ref().filter(|_| !asks)
    }

    fn lock_file(&self) -> PathBuf {
        self.settings.project.join(LOCK_FILE)
    }

    /// Takes the lines of a function: to whoever listens, and into the log of the run.
    pub(super) fn log(&self, run: &str, node: &str, listener: Arc<dyn Listener>) -> Arc<FunctionLog> {
        let path = self.settings.logs.join(format!("{run}.log"));
        Arc::new(FunctionLog { node: node.to_owned(), path, file: Mutex::new(None), listener })
    }
}

/// The lines of one function.
pub(super) struct FunctionLog {
    node: String,
    path: PathBuf,
    file: Mutex<Option<File>>,
    listener: Arc<dyn Listener>,
}

impl FunctionLog {
    pub(super) fn line(&self, line: &LogLine) {
        let level = match line.stream {
            Stream::Logging(level) => format!("{level:?}: ").to_lowercase(),
            Stream::Stdout | Stream::Stderr => String::new(),
        };
        let text = format!("{level}{}", line.text);
        // A log that cannot be written, as on a full disk, must not fail what it tells of.
        let _ = self.append(&text);
        self.listener.hear(Event::Line { name: self.node.clone(), text });
    }

    fn append(&self, text: &str) -> std::io::Result<()> {
        let mut file = lock(&self.file);
        if file.is_none() {
            self.path.parent().map_or(Ok(()), fs::create_dir_all)?;
            *file = Some(OpenOptions::new().create(true).append(true).open(&self.path)?);
        }
        // In one call, so that lines of functions side by side stay whole.
        file.as_mut().map_or(Ok(()), |file| file.write_all(format!("{}: {text}\n", self.node).as_bytes()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
