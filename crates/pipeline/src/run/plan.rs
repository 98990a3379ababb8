//! What a run would do: the same decisions as a run's, without loading, computing or writing anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use bywash_core::{Result, TableName};

use super::attempt::Attempt;
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
    /// Why.
    pub reason: String,
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
        let mut planned: BTreeMap<NodeId, PlannedNode> = BTreeMap::new();
        for id in sources.into_iter().filter(|_| loads).chain(models) {
            let node = self.graph.node(id);
            let moving =
                node.parents.iter().find(|parent| planned.get(parent).is_some_and(|node| node.action != Action::Reuse));
            let (action, reason) = match (&node.body, moving) {
                (_, Some(parent)) => (Action::Run, format!("`{}` will change", self.graph.node(*parent).name)),
                (Body::Model(model), None) => {
                    let work = attempt.prepare(node, model).await?;
                    match attempt.plan_model(&work).await? {
                        ModelPlan::Stands(_) => (Action::Reuse, "up to date".to_owned()),
                        ModelPlan::Take(_, reason) => (Action::Reuse, reason.to_owned()),
                        ModelPlan::Extend(_) => (Action::Extend, "new rows".to_owned()),
                        ModelPlan::Run(reason) => (Action::Run, reason),
                    }
                }
                (_, None) => match attempt.new_files(node).await? {
                    None => (Action::Reuse, "no new file".to_owned()),
                    Some(files) => (Action::Load, files),
                },
            };
            planned.insert(id, PlannedNode { name: node.name.clone(), kind: node.kind(), action, reason });
        }
        let order = self.graph.order().iter();
        Ok(order.filter_map(|id| planned.remove(id)).collect())
    }
}
