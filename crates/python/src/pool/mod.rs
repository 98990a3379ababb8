//! Workers, warm and ready: one process an environment that has imported Arrow, and a fork of it for every call.

mod bounds;
mod ending;
mod frames;
mod job;
mod lines;
mod outcome;
mod session;
mod udf;
mod warm;
mod words;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::datatypes::Schema;
use bywash_core::{Error, Result};
use tempfile::TempDir;
use tokio::sync::{Mutex, Semaphore};

use self::bounds::Bounds;
use self::job::job;
use self::outcome::outcome;
use self::session::{End, Pipes, Session, Told};
use self::warm::{Warm, folders_of};
use self::words::Begin;
use crate::answer::{Answer, Timings};
use crate::environment::unpack;
use crate::isolation::{Abilities, Confinement, ControlGroups, abilities};
use crate::{Call, Environment, Handover, LogLine, PoolSettings};

pub use self::udf::Udf;

/// Where the lines of a function go.
type Log = Arc<dyn Fn(LogLine) + Send + Sync>;

/// Runs functions. Clones share the workers; the last one dropped ends them all.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: PoolSettings,
    /// Before the folder and the groups: workers end first.
    warm: Mutex<HashMap<Kind, Arc<Warm>>>,
    slots: Semaphore,
    groups: ControlGroups,
    abilities: Abilities,
    folder: TempDir,
    sdk: PathBuf,
}

/// Calls of one kind share a warm process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    environment: Environment,
    confinement: Confinement,
}

impl Pool {
    /// A pool that has started nothing yet.
    ///
    /// # Errors
    /// Its folders cannot be made.
    pub fn new(settings: PoolSettings) -> Result<Self> {
        let failed = |error| Error::io("create a folder in", &settings.spill, &error);
        std::fs::create_dir_all(&settings.spill).map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("python-").tempdir_in(&settings.spill).map_err(failed)?;
        std::fs::create_dir(folder.path().join("scratch")).map_err(failed)?;
        let groups = if settings.control_groups { ControlGroups::find() } else { ControlGroups::default() };
        Ok(Self(Arc::new(Inner {
            warm: Mutex::default(),
            slots: Semaphore::new(settings.workers.max(1)),
            groups,
            abilities: abilities(),
            folder,
            sdk: unpack(&settings.cache)?,
            settings,
        })))
    }

    /// What this system cannot keep functions from: for saying once.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let abilities = self.0.abilities;
        let missing = [
            (abilities.files, "Python functions can read and write your files: this system has no Landlock"),
            (abilities.network, "Python functions can use the network: this system has no seccomp"),
            (cfg!(target_os = "linux"), "the memory of Python functions is hardly limited: this system is not Linux"),
        ];
        missing.into_iter().filter(|(can, _)| !can).map(|(_, warning)| warning.to_owned()).collect()
    }

    /// Begins to hand rows with these columns to a function.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn handover(&self, schema: &Schema) -> Result<Handover> {
        Handover::new(self.folder(), schema)
    }

    /// Calls a function and waits for what it returns. Lines that it writes go to `log` while it runs, in their order
    /// within each stream. Dropping the future ends the function with everything that it started.
    ///
    /// # Errors
    /// One error that says what went wrong and where: the function raised (`python-exception`), died
    /// (`python-crashed`), took more than its limits (`python-limit`), or returned something else than declared
    /// (`python-columns`).
    pub async fn call(&self, call: Call, log: impl Fn(LogLine) + Send + Sync + 'static) -> Result<Answer> {
        let begin = Instant::now();
        let log: Log = Arc::new(log);
        let place = self.0.slots.acquire().await.map_err(|error| Error::bug(error.to_string()))?;
        let mut session = self.0.start(&call, &log, false).await?;
        let worker = begin.elapsed();
        let (mut told, end) = self.0.converse(&mut session, &log).await?;
        let outputs = outcome(&call, &session, &mut told, end);
        let whole = begin.elapsed();
        // Groups and folders go before somebody else has the place, and off the threads that run the graph.
        tokio::task::spawn_blocking(move || drop(session)).await.map_err(|error| Error::bug(error.to_string()))?;
        drop(place);
        let (at, begun) = told.begin.unwrap_or((Instant::now(), Begin::default()));
        let timings = Timings {
            worker,
            import: seconds(begun.import),
            decode: seconds(begun.decode),
            first_line: at.duration_since(begin),
            function: seconds(told.done.map_or(0.0, |done| done.function)),
            whole,
        };
        Ok(Answer { outputs: outputs?, timings })
    }

    /// Starts a function of SQL. `call.arguments` is empty; `call.expected` is one table with one column: its result.
    ///
    /// # Errors
    /// Its module cannot be imported.
    pub async fn udf(&self, call: Call, log: impl Fn(LogLine) + Send + Sync + 'static) -> Result<Udf> {
        Udf::start(self.clone(), call, Arc::new(log)).await
    }
}

impl Pool {
    /// Where rows are handed over.
    fn folder(&self) -> &Path {
        self.0.folder.path()
    }
}

impl Inner {
    /// A fork of a warm process that has its job.
    async fn start(&self, call: &Call, log: &Log, repeated: bool) -> Result<Session> {
        let warm = self.warm(call, false).await?;
        let scratch = self.folder.path().join("scratch");
        let bounds = Bounds::new(&self.settings, &self.groups, call.limits, &scratch, self.abilities.files)?;
        let failed = |error| Error::io("start a worker of", call.environment.python(), &error);
        let (pipes, theirs) = Pipes::new().map_err(failed)?;
        if warm.fork(&theirs).await.is_err() {
            // It has ended, which nothing should make it do; once more, with a new one.
            self.warm(call, true).await?.fork(&theirs).await.map_err(failed)?;
        }
        drop(theirs);
        let mut session = pipes.listen(bounds, log).map_err(failed)?;
        let (job, descriptors) = job(call, &session.bounds, repeated)?;
        // A run that has ended already says so when it is listened to.
        drop(session.say(&job, &descriptors).await);
        Ok(session)
    }

    /// The warm process for a call: the one there is, or a new one.
    async fn warm(&self, call: &Call, anew: bool) -> Result<Arc<Warm>> {
        let mut readable = folders_of(call.environment.python());
        readable.extend([self.sdk.clone(), call.project.clone()]);
        readable.extend(call.readable.iter().cloned());
        let scratch = self.folder.path().join("scratch");
        let confinement = Confinement { readable, scratch, network: call.network };
        let kind = Kind { environment: call.environment.clone(), confinement };
        let mut all = self.warm.lock().await;
        if anew {
            all.remove(&kind);
        }
        if let Some(warm) = all.get(&kind) {
            return Ok(Arc::clone(warm));
        }
        let warm = Arc::new(Warm::start(&call.environment, &self.sdk, kind.confinement.clone()).await?);
        all.insert(kind, Arc::clone(&warm));
        Ok(warm)
    }

    /// Listens to a run until nothing is left of it.
    async fn converse(&self, session: &mut Session, log: &Log) -> Result<(Told, End)> {
        let timeout = session.bounds.limits.timeout.unwrap_or(Duration::MAX);
        let spoken = tokio::time::timeout(timeout, async {
            let told = session.listen(self.folder.path(), log).await;
            (told, session.wait().await)
        });
        let (told, end) = match spoken.await {
            Ok((told, end)) => (told, end),
            Err(_) => {
                session.stop().await;
                (Ok(Told::default()), End::Late)
            }
        };
        session.finish().await;
        Ok((told?, end))
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
