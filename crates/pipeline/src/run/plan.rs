//! What a run would do: the same decisions as a run's, without loading, computing or writing anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bywash_core::{Code, Error, Micros, Result, TableName};
use bywash_lake::store::{CatalogStore, RunRow};

use super::attempt::Attempt;
use super::check::{Wanted, survey};
use super::model::ModelPlan;
use super::runner::{RunOptions, Runner};
use crate::graph::{Body, NodeId};

/// What a run would do with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Read new files.
    Load,
    /// Compute.
    Run,
    /// Compute from new rows alone.
    Extend,
    /// Take what is there.
    Reuse,
}

impl Action {
    /// The word for people and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Run => "run",
            Self::Extend => "extend",
            Self::Reuse => "reuse",
        }
    }
}

/// One line of a plan.
#[derive(Clone, Debug)]
pub struct PlannedNode {
    /// The node.
    pub name: TableName,
    /// What it is.
    pub kind: &'static str,
    /// What would be done.
    pub action: Action,
    /// Why: the first difference from what made its table.
    pub reason: String,
    /// The run that computed what is taken, and where that run published.
    pub from: Option<String>,
    /// What it came to when it last ran.
    pub last: Option<Past>,
    /// When its files were last loaded.
    pub loaded: Option<Micros>,
    /// Why it would fail.
    pub problem: Option<Error>,
}

/// What a node came to in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// Rows of its output.
    pub rows: i64,
    /// Bytes of its output.
    pub bytes: i64,
    /// How long it took.
    pub ms: i64,
}

/// What a run would do with one node, and why.
struct Decision {
    action: Action,
    reason: String,
    from: Option<String>,
}

impl Decision {
    fn new(action: Action, reason: impl Into<String>) -> Self {
        Self { action, reason: reason.into(), from: None }
    }
}

impl Runner {
    /// Plans a run on the head of its target.
    ///
    /// # Errors
    /// The catalog cannot be read, a source's folder cannot be listed, a table has drifted.
    pub async fn plan(self: &Arc<Self>, options: RunOptions) -> Result<Vec<PlannedNode>> {
        let loads = options.loads;
        let attempt = Attempt::new(self, self.lake.to_plan(), Arc::new(options), None, Arc::default()).await?;
        let (sources, models) = attempt.selected().await?;
        let past = PastRuns::read(self.lake.store().as_ref()).await?;
        let mut decided: BTreeMap<NodeId, Decision> = BTreeMap::new();
        for id in sources.into_iter().filter(|_| loads).chain(models.iter().copied()) {
            let decision = attempt.decide(id, &decided, &past).await?;
            decided.insert(id, decision);
        }
        let mut problems = attempt.problems(&models, &decided).await?;
        let order = self.graph.order().iter();
        let planned = order.filter_map(|id| decided.remove(id).map(|decision| (id, decision)));
        Ok(planned
            .map(|(id, Decision { action, reason, from })| {
                let node = self.graph.node(*id);
                let name = node.name.to_string();
                PlannedNode {
                    name: node.name.clone(),
                    kind: node.kind(),
                    action,
                    reason,
                    from,
                    last: past.nodes.get(&name).copied().filter(|_| action != Action::Reuse),
                    loaded: past.loads.get(&name).copied(),
                    problem: problems.remove(id),
                }
            })
            .collect())
    }
}

impl Attempt {
    async fn decide(&self, id: NodeId, decided: &BTreeMap<NodeId, Decision>, past: &PastRuns) -> Result<Decision> {
        let graph = &self.runner.graph;
        let node = graph.node(id);
        let moves = |parent: &NodeId| decided.get(parent).filter(|decision| decision.action != Action::Reuse);
        let moving = node.parents.iter().find_map(|parent| Some((graph.node(*parent), moves(parent)?)));
        let Body::Model(model) = &node.body else {
            return Ok(match self.new_files(node).await? {
                None => Decision::new(Action::Reuse, "no new file"),
                Some(files) => Decision::new(Action::Load, files),
            });
        };
        let work = self.prepare(node, model).await?;
        let planned = self.plan_model(&work).await?;
        Ok(match (planned, moving) {
            // What changed in the project comes first: its inputs may yet come out the same.
            (ModelPlan::Run(reason), None) => Decision::new(Action::Run, reason),
            (ModelPlan::Run(reason), Some(_)) if work.is_changed() => Decision::new(Action::Run, reason),
            (_, Some((parent, Decision { action: Action::Load, reason, .. }))) => {
                Decision::new(Action::Run, format!("`{}` has {reason}", parent.name))
            }
            (_, Some((parent, _))) => Decision::new(Action::Run, format!("`{}` may come out otherwise", parent.name)),
            (ModelPlan::Extend(_), None) => Decision::new(Action::Extend, "new rows"),
            (ModelPlan::Stands(_), None) => Decision::new(Action::Reuse, "up to date"),
            (ModelPlan::Take(_, reason), None) => {
                let output = self.runner.lake.store().output(work.key()).await?;
                let from = output.map(|output| past.shown(&output.run));
                Decision { from, ..Decision::new(Action::Reuse, reason) }
            }
        })
    }

    /// What is wrong with the models that would run, and with those that a run would not get to because of them.
    async fn problems(
        &self,
        models: &[NodeId],
        decided: &BTreeMap<NodeId, Decision>,
    ) -> Result<BTreeMap<NodeId, Error>> {
        let runs = |id: &&NodeId| decided.get(id).is_some_and(|decision| decision.action != Action::Reuse);
        let running: Vec<_> = models.iter().filter(runs).copied().collect();
        let found = survey(&self.runner, &self.tree, &running, &self.options.given(), Wanted::Problems).await?;
        let mut problems: BTreeMap<NodeId, Error> = found.problems.into_iter().collect();
        let graph = &self.runner.graph;
        for id in graph.order() {
            let broken = graph.node(*id).parents.iter().find(|parent| problems.contains_key(parent));
            if let Some(parent) = broken.filter(|_| decided.contains_key(id) && !problems.contains_key(id)) {
                let message = format!("it reads `{}`, which would fail", graph.node(*parent).name);
                problems.insert(*id, Error::new(Code::QueryFailed, message));
            }
        }
        Ok(problems)
    }
}

/// What earlier runs came to.
struct PastRuns {
    nodes: HashMap<String, Past>,
    loads: HashMap<String, Micros>,
    /// The branch that each run published to.
    targets: HashMap<String, String>,
}

impl PastRuns {
    async fn read(store: &dyn CatalogStore) -> Result<Self> {
        let runs: HashMap<String, RunRow> = store.runs().await?.into_iter().map(|run| (run.id.clone(), run)).collect();
        // The ids of runs are in the order of their times.
        let mut rows = store.run_nodes(None).await?;
        rows.sort_by(|one, other| one.run.cmp(&other.run));
        let ran = rows.into_iter().filter(|row| row.status == "ran");
        let nodes = ran.map(|row| (row.name, Past { rows: row.rows, bytes: row.bytes, ms: row.ms })).collect();
        let mut loads: HashMap<String, Micros> = HashMap::new();
        for row in store.loads(None).await? {
            let time = runs.get(&row.run).map_or(0, |run| run.started);
            let latest = loads.entry(row.table).or_insert(time);
            *latest = time.max(*latest);
        }
        Ok(Self { nodes, loads, targets: runs.into_iter().map(|(id, run)| (id, run.target)).collect() })
    }

    fn shown(&self, run: &str) -> String {
        match self.targets.get(run) {
            Some(target) => format!("run {run} on `{target}`"),
            None => format!("run {run}"),
        }
    }
}
