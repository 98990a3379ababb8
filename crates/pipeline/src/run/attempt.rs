//! One attempt of a run on one head of its target: every selected node once, in the order of the graph.
//!
//! Nodes that are ready run side by side. When one fails, those that need it are skipped and the others finish, so
//! that a run tells all it can. Nothing is visible outside the run's own ref.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bywash_core::{Code, Error, ObjectId, Result, TableName};
use bywash_engine::ColumnsRead;
use bywash_lake::Lake;
use bywash_lake::objects::{Entry, FileContent, HashTree};
use bywash_lake::storage::{StagedFiles, faults};
use bywash_lake::store::{LoadRow, Output, RefKind, RefSwap, RunNodeRow, TestRow, Transaction};
use tokio::task::JoinSet;

use super::frozen::Frozen;
use super::inputs::Input;
use super::log::run_ref;
use super::python_model::Calls;
use super::report::{NodeReport, RunReport, RunStatus, TestReport};
use super::runner::{RunOptions, Runner, Start};
use crate::events::{Event, NodeStatus};
use crate::graph::{Body, Node, NodeId};
use crate::lake_view::WorkingTree;

/// One attempt.
pub(super) struct Attempt {
    pub(super) runner: Arc<Runner>,
    pub(super) options: Arc<RunOptions>,
    pub(super) tree: Arc<WorkingTree>,
    pub(super) merged: Option<ObjectId>,
    /// What was written and is not committed: a node that fails takes its files with it.
    staged: StagedFiles,
    pub(super) frozen: Arc<Frozen>,
    /// Which columns of which tables models read, as far as that was looked at.
    columns: Mutex<HashMap<TableName, ColumnsRead>>,
    reports: Mutex<Vec<NodeReport>>,
    tests: Mutex<Vec<TestReport>>,
    /// The commit of the run's own ref; nodes take turns to move it.
    own_head: tokio::sync::Mutex<Option<ObjectId>>,
    pub(super) calls: Calls,
    /// The project's files, once a commit has named them.
    pub(super) files: tokio::sync::OnceCell<HashTree<FileContent>>,
}

/// What a node gives back when it did not fail.
pub(super) struct Done {
    pub(super) status: NodeStatus,
    pub(super) reason: String,
    pub(super) rows: u64,
    pub(super) rows_in: u64,
    pub(super) bytes: u64,
    pub(super) warnings: Vec<String>,
}

impl Done {
    pub(super) fn reused(entry: &Entry, reason: impl Into<String>) -> Self {
        let table = entry.table();
        Self {
            status: NodeStatus::Reused,
            reason: reason.into(),
            rows: table.map_or(0, |table| table.rows),
            rows_in: 0,
            bytes: table.map_or(0, |table| table.bytes),
            warnings: Vec::new(),
        }
    }

    /// Nothing came of it.
    fn nothing(status: NodeStatus, reason: String) -> Self {
        Self { status, reason, rows: 0, rows_in: 0, bytes: 0, warnings: Vec::new() }
    }

    pub(super) fn ran(entry: &Entry, reason: impl Into<String>, rows_in: u64) -> Self {
        Self { status: NodeStatus::Ran, rows_in, ..Self::reused(entry, reason) }
    }
}

impl Attempt {
    /// An attempt that writes through this lake, or only plans what would be written.
    pub(super) async fn new(
        runner: &Runner,
        (lake, staged): (Lake, StagedFiles),
        options: Arc<RunOptions>,
        start: Option<Start>,
        frozen: Arc<Frozen>,
    ) -> Result<Arc<Self>> {
        let runner = Arc::new(Runner { lake, ..runner.clone() });
        let (tree, merged) = match start {
            Some(start) => {
                let tree = WorkingTree::with_objects(runner.lake.clone(), start.head, start.objects);
                tree.begin_with(&start.tree).await?;
                (tree, start.merged)
            }
            None => (WorkingTree::new(runner.lake.clone(), runner.lake.branch(&options.target).await?), None),
        };
        let own_head = runner.lake.store().read_ref(&run_ref(&options.run)).await?.map(|row| row.commit);
        Ok(Arc::new(Self {
            runner,
            options,
            tree: Arc::new(tree),
            merged,
            staged,
            frozen,
            columns: Mutex::default(),
            reports: Mutex::default(),
            tests: Mutex::default(),
            own_head: tokio::sync::Mutex::new(own_head),
            calls: Calls::default(),
            files: tokio::sync::OnceCell::new(),
        }))
    }

    pub(super) fn base(&self) -> ObjectId {
        self.tree.base().id
    }

    /// Loads, checks, computes and tests.
    pub(super) async fn execute(self: &Arc<Self>) -> Result<()> {
        let (sources, models) = self.selected().await?;
        // First, so that all commits of the run have the same lock.
        self.resolve_packages(&models).await;
        if self.options.loads {
            faults::enter_phase("load");
            self.run_nodes(&sources).await?;
        }
        faults::enter_phase("write");
        self.check_before_running(&models).await?;
        self.run_nodes(&models).await?;
        if !self.has_failed() {
            self.run_tests().await?;
        }
        Ok(())
    }

    /// The selected sources and models, each after what it reads.
    pub(super) async fn selected(&self) -> Result<(Vec<NodeId>, Vec<NodeId>)> {
        let graph = &self.runner.graph;
        let (mut sources, mut models) = (Vec::new(), Vec::new());
        for id in graph.order().iter().copied().filter(|id| self.options.selected.contains(id)) {
            let node = graph.node(id);
            let left_out = self.options.only_built && self.tree.entry(&node.name).await?.is_none();
            match &node.body {
                Body::Resource(_) | Body::Seed(_) => sources.push(id),
                Body::Model(_) if !left_out => models.push(id),
                Body::Model(_) | Body::Test(_) => {}
            }
        }
        Ok((sources, models))
    }

    async fn run_nodes(self: &Arc<Self>, nodes: &[NodeId]) -> Result<()> {
        let chosen: BTreeSet<_> = nodes.iter().copied().collect();
        let parents = |id: NodeId| -> BTreeSet<NodeId> {
            self.runner.graph.node(id).parents.iter().copied().filter(|parent| chosen.contains(parent)).collect()
        };
        let mut waiting: Vec<(NodeId, BTreeSet<NodeId>)> = nodes.iter().map(|id| (*id, parents(*id))).collect();
        let mut running: JoinSet<(NodeId, bool)> = JoinSet::new();
        let most = self.runner.engine.settings().threads.max(1);
        let mut failed = self.failed_nodes();
        loop {
            self.skip_behind(&failed, &mut waiting);
            while running.len() < most {
                let Some(place) = waiting.iter().position(|(_, left)| left.is_empty()) else { break };
                let (id, _) = waiting.remove(place);
                let attempt = self.clone();
                running.spawn(async move { (id, attempt.run_node(id).await) });
            }
            let Some(finished) = running.join_next().await else { return Ok(()) };
            let (id, succeeded) =
                finished.map_err(|error| Error::bug("a node ended without a result").caused_by(error))?;
            if !succeeded {
                failed.insert(id);
            }
            for (_, left) in &mut waiting {
                left.remove(&id);
            }
        }
    }

    /// Nodes behind a failure are not tried.
    fn skip_behind(&self, failed: &BTreeSet<NodeId>, waiting: &mut Vec<(NodeId, BTreeSet<NodeId>)>) {
        let mut gone = failed.clone();
        loop {
            let behind =
                |id: &NodeId| self.runner.graph.node(*id).parents.iter().find(|parent| gone.contains(parent)).copied();
            let Some((place, parent)) =
                waiting.iter().enumerate().find_map(|(place, (id, _))| behind(id).map(|parent| (place, parent)))
            else {
                return;
            };
            let (id, _) = waiting.remove(place);
            let reason = format!("`{}` did not succeed", self.runner.graph.node(parent).name);
            self.finish(self.runner.graph.node(id), Done::nothing(NodeStatus::Skipped, reason), 0, None);
            gone.insert(id);
        }
    }

    fn failed_nodes(&self) -> BTreeSet<NodeId> {
        let bad: BTreeSet<_> = self
            .lock_reports()
            .iter()
            .filter(|report| matches!(report.status, NodeStatus::Failed | NodeStatus::Skipped))
            .map(|report| report.name.clone())
            .collect();
        self.runner.graph.nodes().iter().filter(|node| bad.contains(&node.name)).map(|node| node.id).collect()
    }

    async fn run_node(self: Arc<Self>, id: NodeId) -> bool {
        let node = self.runner.graph.node(id);
        let began = Instant::now();
        let result = match &node.body {
            Body::Resource(resource) => self.load_resource(node, resource).await,
            Body::Seed(seed) => self.load_seed(node, seed).await,
            Body::Model(model) => self.run_model(node, model).await,
            Body::Test(_) => return true,
        };
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match result {
            Ok(done) => {
                self.finish(node, done, ms, None);
                true
            }
            Err(error) => {
                self.staged.discard([&node.name, &node.name.rejected()]).await;
                let done = Done::nothing(NodeStatus::Failed, error.message().to_owned());
                self.finish(node, done, ms, Some(error));
                false
            }
        }
    }

    fn finish(&self, node: &Node, done: Done, ms: u64, error: Option<Error>) {
        self.runner.listener.hear(Event::NodeFinished {
            name: node.name.to_string(),
            kind: node.kind().to_owned(),
            status: done.status,
            rows: done.rows,
            bytes: done.bytes,
            elapsed: std::time::Duration::from_millis(ms),
            note: Some(done.reason.clone()).filter(|reason| !reason.is_empty()),
        });
        for text in &done.warnings {
            self.runner.listener.hear(Event::Warning { name: node.name.to_string(), text: text.clone() });
        }
        self.lock_reports().push(NodeReport {
            name: node.name.clone(),
            kind: node.kind(),
            status: done.status,
            reason: done.reason,
            rows: done.rows,
            rows_in: done.rows_in,
            bytes: done.bytes,
            ms,
            warnings: done.warnings,
            error,
        });
    }

    pub(super) fn started(&self, node: &Node) {
        self.runner.listener.hear(Event::NodeStarted { name: node.name.to_string(), kind: node.kind().to_owned() });
    }

    /// Puts finished entries in the tree and commits them under the run's own ref, with their keys (rule R2).
    pub(super) async fn keep(
        &self,
        entries: &[(TableName, Entry)],
        key: ObjectId,
        node: &Node,
        loads: Vec<LoadRow>,
    ) -> Result<()> {
        for (name, entry) in entries {
            self.tree.put(name, Some(entry.clone()));
        }
        let mut own_head = self.own_head.lock().await;
        let objects = self.tree.objects();
        let swap = self.own_commit(*own_head, &node.name.to_string()).await?;
        let id = swap.new;
        let kept = entries.iter().map(|(name, entry)| (name.to_string(), entry.clone())).collect::<BTreeMap<_, _>>();
        let version = entries.first().map_or(key, |(_, entry)| entry.version());
        let output = Output {
            key,
            node: node.name.to_string(),
            entry: objects.add(&kept)?,
            version,
            run: self.options.run.clone(),
        };
        let transaction = Transaction { swaps: vec![swap], outputs: vec![output], loads, ..Transaction::default() };
        // Whatever this call answers, the transaction may have named them.
        self.staged.keep(entries.iter().map(|(name, _)| name));
        if !self.runner.lake.transact(objects, transaction).await? {
            let message =
                format!("`{}` cannot be kept: its columns, or the ref of this run, were changed meanwhile", node.name);
            return Err(Error::new(Code::TargetMoved, message).hint("run again: what is finished is reused"));
        }
        *own_head = id;
        Ok(())
    }

    /// Keeps what a failed run came to, what it took from other runs included: so it can be looked at and done again.
    pub(super) async fn keep_tree(&self) -> Result<()> {
        let mut own_head = self.own_head.lock().await;
        let swap = self.own_commit(*own_head, "failed").await?;
        let id = swap.new;
        let transaction = Transaction { swaps: vec![swap], ..Transaction::default() };
        if self.runner.lake.transact(self.tree.objects(), transaction).await? {
            *own_head = id;
        }
        Ok(())
    }

    /// A commit of the tree as it is, and the run's own ref moved there.
    async fn own_commit(&self, expected: Option<ObjectId>, what: &str) -> Result<RefSwap> {
        let message = format!("run {}: {what}", self.options.run);
        let mut commit = self.runner.lake.next_commit(self.tree.base(), self.tree.tree().await?, message);
        self.sign(&mut commit).await?;
        let new = Some(self.tree.objects().add(&commit)?);
        let (name, kind) = (run_ref(&self.options.run), RefKind::Run);
        Ok(RefSwap { name, kind, expected, new, message: commit.message, run: commit.run })
    }

    /// The ref that holds what this run has finished, if it has finished anything.
    pub(super) async fn own_ref(&self) -> Option<String> {
        self.own_head.lock().await.map(|_| run_ref(&self.options.run))
    }

    /// The entries kept under a key, from any run on any branch.
    pub(super) async fn kept(&self, key: ObjectId) -> Result<Option<BTreeMap<String, Entry>>> {
        match self.runner.lake.store().output(key).await? {
            Some(output) => Ok(Some(self.tree.objects().read(output.entry).await?)),
            None => Ok(None),
        }
    }

    /// What a node reads, by full names.
    pub(super) fn inputs(&self, node: &Node) -> Vec<Input> {
        let mut found: HashMap<String, Input> = HashMap::new();
        for read in &node.reads {
            let name = read.name.clone().or_else(|| {
                let namespace = read.table.namespace.clone()?;
                TableName::new(namespace, read.table.name.clone()).ok()
            });
            if let Some(name) = name {
                let input = Input { name, at: read.table.at.clone() };
                found.insert(input.label(), input);
            }
        }
        let mut inputs: Vec<_> = found.into_values().collect();
        inputs.sort();
        inputs
    }

    pub(super) fn has_failed(&self) -> bool {
        let nodes = self.lock_reports().iter().any(|report| report.status == NodeStatus::Failed);
        nodes || self.lock_tests().iter().any(|test| test.status() == "failed")
    }

    pub(super) fn add_test(&self, test: TestReport) {
        self.lock_tests().push(test);
    }

    pub(super) fn report(&self, status: RunStatus, commit: ObjectId, publish: Option<&'static str>) -> RunReport {
        RunReport {
            run: self.options.run.clone(),
            status,
            target: self.options.target.to_string(),
            commit,
            publish,
            nodes: self.lock_reports().clone(),
            tests: self.lock_tests().clone(),
            earlier: false,
            ms: 0,
        }
    }

    /// Rows of nodes and tests for the catalog.
    pub(super) fn rows(&self) -> (Vec<RunNodeRow>, Vec<TestRow>) {
        let run = &self.options.run;
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (reports, results) = (self.lock_reports().clone(), self.lock_tests().clone());
        let nodes = reports.iter().map(|report| RunNodeRow {
            run: run.clone(),
            name: report.name.to_string(),
            kind: report.kind.to_owned(),
            status: report.status.as_str().to_owned(),
            reason: report.reason.clone(),
            rows: signed(report.rows),
            rows_in: signed(report.rows_in),
            bytes: signed(report.bytes),
            ms: signed(report.ms),
            error: report.error.as_ref().map(|error| error.message().to_owned()),
        });
        let nodes = nodes.collect();
        let tests = results.iter().map(|test| TestRow {
            run: run.clone(),
            name: test.name.clone(),
            table: test.table.clone(),
            status: test.status().to_owned(),
            bad_rows: signed(test.bad_rows),
            ms: signed(test.ms),
            query: test.query.clone(),
        });
        (nodes, tests.collect())
    }

    /// Writes the rows of a run that publishes nothing.
    pub(super) async fn log_nodes(&self) -> Result<()> {
        let (nodes, tests) = self.rows();
        let objects = self.runner.lake.objects();
        self.runner.lake.transact(&objects, Transaction { nodes, tests, ..Transaction::default() }).await?;
        Ok(())
    }

    pub(super) fn lock_columns(&self) -> MutexGuard<'_, HashMap<TableName, ColumnsRead>> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_reports(&self) -> MutexGuard<'_, Vec<NodeReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_tests(&self) -> MutexGuard<'_, Vec<TestReport>> {
        self.tests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
