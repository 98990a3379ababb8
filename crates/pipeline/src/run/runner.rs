//! The door to running: what a run needs, what it is asked, and its loop over heads of the target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bywash_core::{Code, Error, RefName, Result, SystemClock, TableName};
use bywash_engine::Engine;
use bywash_engine::sql::Parameters;
use bywash_lake::objects::{Entry, HashTree, Objects};
use bywash_lake::store::RunRow;
use bywash_lake::{Head, Lake};

use super::attempt::Attempt;
use super::check::Given;
use super::expiry;
use super::frozen::Frozen;
use super::functions::Functions;
use super::known_plans::KnownPlans;
use super::log::{self, RunLog};
use super::publish::Published;
use super::report::{RunReport, RunStatus};
use crate::events::Listener;
use crate::graph::{Graph, NodeId};
use crate::project::Project;
use crate::source::SourceReader;

/// How often a run plans again before it gives up on a target that never stands still.
const MOST_PLANS: i64 = 100;

/// How long the ref of a run that did not publish stays, unless the settings say otherwise.
pub const KEEP_RUNS: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Everything a run works with.
#[derive(Clone)]
pub struct Runner {
    /// The lake.
    pub lake: Lake,
    /// The engine.
    pub engine: Arc<Engine>,
    /// The project.
    pub project: Arc<Project>,
    /// Its graph.
    pub graph: Arc<Graph>,
    /// Reads files of sources.
    pub sources: Arc<dyn SourceReader>,
    /// Runs functions in Python.
    pub functions: Functions,
    /// What planning said of models before.
    pub known: Arc<KnownPlans>,
    /// Hears what happens.
    pub listener: Arc<dyn Listener>,
}

/// A tree to begin with that is not the target's own: a merge, a revert.
#[derive(Clone)]
pub struct Start {
    /// The head of the target that the tree was made from.
    pub head: Head,
    /// The tree.
    pub tree: HashTree<Entry>,
    /// Objects of the tree that are pending.
    pub objects: Objects,
    /// A second parent of the commit.
    pub merged: Option<bywash_core::ObjectId>,
}

/// What a run is asked to do.
#[derive(Clone)]
pub struct RunOptions {
    /// The run's id.
    pub run: String,
    /// What was asked, in words, for the log and the commit's message.
    pub command: String,
    /// The branch to publish to.
    pub target: RefName,
    /// The nodes to bring up to date.
    pub selected: BTreeSet<NodeId>,
    /// Whether sources are loaded.
    pub loads: bool,
    /// Compute everything selected from all of its inputs.
    pub full_refresh: bool,
    /// Take no kept output.
    pub no_cache: bool,
    /// Resume or report the run with this key instead of doubling it.
    pub run_key: Option<String>,
    /// Values of `$name` in models.
    pub parameters: Parameters,
    /// Their texts, for keys.
    pub parameter_texts: BTreeMap<String, String>,
    /// Nodes whose drifted tables are to be kept as they are (rule R7).
    pub adopt: BTreeSet<TableName>,
    /// Nodes whose drifted tables are to be overwritten.
    pub overwrite: BTreeSet<TableName>,
    /// Compute only models whose tables are in the tree already: a merge or revert builds nothing new.
    pub only_built: bool,
    /// Where to begin, if not at the target's head.
    pub start: Option<Start>,
    /// What is to be done when everything has succeeded and nothing is visible yet; if it fails, nothing will be.
    pub before_publish: Option<BeforePublish>,
}

impl RunOptions {
    /// The parameters with their texts.
    pub(super) fn given(&self) -> Given {
        (self.parameters.clone(), self.parameter_texts.clone())
    }
}

/// Something that belongs to a publish and is no part of the lake; done again when the run plans again.
pub type BeforePublish = Arc<dyn Fn() -> Result<()> + Send + Sync>;

impl Runner {
    /// Runs, and publishes if everything holds.
    ///
    /// A failed node or test is no error here: the report tells it, and nothing was published.
    ///
    /// # Errors
    /// The project does not fit the lake, a drifted table, a catalog that cannot be written.
    pub async fn run(self: &Arc<Self>, options: RunOptions) -> Result<RunReport> {
        let began = Instant::now();
        if let Some(report) = self.earlier(&options).await? {
            return Ok(report);
        }
        expiry::sweep_runs(&self.lake, self.project.settings.keep_runs.unwrap_or(KEEP_RUNS)).await?;
        let log = RunLog::begin(&self.lake, self.first_row(&options)).await?;
        let ended = self.run_until_published(Arc::new(options), &log).await;
        match ended {
            Ok(mut report) => {
                report.ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                Ok(report)
            }
            Err(error) => {
                // A catalog that takes no row has most likely failed the run too: the first error is the one to tell.
                let _ = log.end("failed", None, Some(error.message().to_owned())).await;
                Err(error)
            }
        }
    }

    async fn run_until_published(self: &Arc<Self>, options: Arc<RunOptions>, log: &Arc<RunLog>) -> Result<RunReport> {
        let mut start = options.start.clone();
        let mut replanned = false;
        let frozen: Arc<Frozen> = Arc::default();
        loop {
            log.planned();
            if log.row().plans > MOST_PLANS {
                return Err(Error::new(Code::TargetMoved, format!("`{}` never stands still", options.target))
                    .hint("other runs publish to it all the time; run again when they are done"));
            }
            let lake = self.lake.staged().await?;
            let attempt = Attempt::new(self, lake, options.clone(), start.take(), frozen.clone()).await?;
            attempt.execute().await?;
            if attempt.has_failed() {
                let report = attempt.report(RunStatus::Failed, attempt.base(), None);
                let error = report.error().map(|error| error.message().to_owned());
                // What failed is told even where the catalog takes no more rows, as on a full disk.
                let _ = attempt.keep_tree().await;
                let _ = attempt.log_nodes().await;
                let _ = log.end("failed", None, error).await;
                return Ok(report);
            }
            if let Some(prepare) = &options.before_publish {
                prepare()?;
            }
            match attempt.publish(log, replanned).await? {
                Published::Done { commit, how } => return Ok(attempt.report(RunStatus::Published, commit, Some(how))),
                Published::Unchanged => {
                    return Ok(attempt.report(RunStatus::Unchanged, attempt.base(), None));
                }
                Published::PlanAgain if options.start.is_some() => {
                    return Err(Error::new(Code::TargetMoved, format!("`{}` has moved meanwhile", options.target))
                        .hint("nothing was changed: run the command again"));
                }
                Published::PlanAgain => replanned = true,
            }
        }
    }

    /// `--run-key`: a run with this key that has ended well is reported, one that lives is refused, another resumed.
    async fn earlier(&self, options: &RunOptions) -> Result<Option<RunReport>> {
        let Some(key) = &options.run_key else { return Ok(None) };
        let Some(row) = self.lake.store().run_by_key(key).await? else { return Ok(None) };
        if log::is_alive(&row) {
            return Err(Error::new(
                Code::TargetMoved,
                format!("a run with the key `{key}` is under way: `{}`", row.id),
            )
            .hint("wait for it; `bywash query \"from bywash.runs\"` shows it"));
        }
        let status = match row.status.as_str() {
            "published" => RunStatus::Published,
            "unchanged" => RunStatus::Unchanged,
            _ => return Ok(None),
        };
        let head = self.lake.branch(&options.target).await?;
        Ok(Some(RunReport {
            run: row.id,
            status,
            target: row.target,
            commit: row.commit.unwrap_or(head.id),
            publish: None,
            nodes: Vec::new(),
            tests: Vec::new(),
            earlier: true,
            ms: 0,
        }))
    }

    fn first_row(&self, options: &RunOptions) -> RunRow {
        let now = SystemClock.now();
        RunRow {
            id: options.run.clone(),
            run_key: options.run_key.clone(),
            command: options.command.clone(),
            status: "running".to_owned(),
            target: options.target.to_string(),
            started: now,
            heartbeat: now,
            host: log::host(),
            process: i64::from(std::process::id()),
            ..RunRow::default()
        }
    }
}
