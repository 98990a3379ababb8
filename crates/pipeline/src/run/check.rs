//! Type-checking models without reading a row: each is planned against the schemas of what it reads, and all
//! problems are told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, Result, TableName};
use bywash_engine::Resolved;
use bywash_engine::sql::Parameters;

use super::attempt::Attempt;
use super::model::ModelPlan;
use super::python_inputs::check_inputs;
use super::runner::Runner;
use crate::graph::{Body, Graph, NodeId};
use crate::lake_view::{LakeResolver, NoFiles, WorkingTree};
use crate::project::ModelBody;
use crate::source::SourceFile;

/// Plans these models in the order of the graph, on a tree and on schemas of tables that are not there yet.
///
/// `parameters` are their values, and their texts for functions. Models that are not among `models` are taken from the tree, or planned too where the tree lacks them.
///
/// # Errors
/// Every problem, as one error.
pub async fn check_models(
    runner: &Runner,
    tree: &Arc<WorkingTree>,
    models: &[NodeId],
    parameters: (&Parameters, &BTreeMap<String, String>),
) -> Result<BTreeMap<TableName, SchemaRef>> {
    let values = parameters.0;
    let graph = &runner.graph;
    let mut known: BTreeMap<TableName, SchemaRef> = BTreeMap::new();
    let (mut problems, mut broken) = (Vec::new(), BTreeSet::new());
    let needed = with_ancestors(graph, models);
    for id in graph.order().iter().copied().filter(|id| needed.contains(id)) {
        let node = graph.node(id);
        if node.parents.iter().any(|parent| broken.contains(parent)) {
            broken.insert(id);
            continue;
        }
        let absent = tree.entry(&node.name).await?.is_none();
        let planned = match &node.body {
            Body::Model(model) if absent || models.contains(&id) => {
                let mut resolver = LakeResolver::new(tree.clone(), Arc::new(NoFiles)).await?;
                for (name, schema) in &known {
                    resolver = resolver.with(name.clone(), Resolved::Empty(schema.clone()));
                }
                let session = runner.engine.session(Arc::new(resolver));
                match &model.body {
                    ModelBody::Sql(query) => {
                        session.plan(query, values).await.and_then(|planned| planned.table_schema()).map(Some)
                    }
                    ModelBody::Python(python) => {
                        check_inputs(&session, python, parameters).await.map(|()| Some(python.schema.clone()))
                    }
                }
            }
            Body::Resource(resource) if absent => {
                source_types(runner, &resource.path, &resource.reader).await.map(Some)
            }
            Body::Seed(seed) if absent => {
                source_types(runner, &seed.path.to_string_lossy(), &seed.reader).await.map(Some)
            }
            _ => Ok(None),
        };
        match planned {
            Ok(schema) => _ = schema.map(|schema| known.insert(node.name.clone(), schema)),
            Err(error) => {
                broken.insert(id);
                problems.push(if error.places().is_empty() { error.at(node.place().clone()) } else { error });
            }
        }
    }
    Error::all(problems).map_or(Ok(known), Err)
}

/// Types from the heads of files that are not loaded yet.
async fn source_types(runner: &Runner, pattern: &str, reader: &crate::project::ReaderOptions) -> Result<SchemaRef> {
    let (sources, root) = (runner.sources.clone(), runner.project.root.clone());
    let (pattern, reader) = (pattern.to_owned(), reader.clone());
    let work = move || {
        let files: Vec<SourceFile> = sources.list(&root, &pattern)?;
        sources.guess(&files, &reader).map(|types| types.schema)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::bug("a reading thread ended").caused_by(error))?
}

/// These nodes and everything above them.
fn with_ancestors(graph: &Graph, models: &[NodeId]) -> BTreeSet<NodeId> {
    let mut found: BTreeSet<_> = models.iter().copied().collect();
    for id in graph.order().iter().rev() {
        if found.contains(id) {
            found.extend(graph.node(*id).parents.iter().copied());
        }
    }
    found
}

impl Runner {
    /// The sources among these nodes whose files are not there: a run that loads them would fail.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub async fn missing_files(&self, nodes: &[NodeId]) -> Result<Vec<(NodeId, Error)>> {
        let patterns = nodes.iter().filter_map(|id| {
            let node = self.graph.node(*id);
            let pattern = match &node.body {
                Body::Resource(resource) => resource.path.clone(),
                Body::Seed(seed) => seed.path.to_string_lossy().into_owned(),
                Body::Model(_) | Body::Test(_) => return None,
            };
            Some((*id, node.name.clone(), pattern, node.place().clone()))
        });
        let patterns: Vec<_> = patterns.collect();
        let (sources, root) = (self.sources.clone(), self.project.root.clone());
        let work = move || {
            let mut missing = Vec::new();
            for (id, name, pattern, place) in patterns {
                match sources.list(&root, &pattern) {
                    Err(error) if error.code() == Code::MissingFile => {
                        missing.push((id, error.context(format!("`{name}` ({place})"))));
                    }
                    other => _ = other?,
                }
            }
            Ok(missing)
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Error::bug("a listing thread ended").caused_by(error))?
    }
}

impl Attempt {
    /// Before the first model runs, every one that is to run is planned, so that all mistakes are told at once.
    pub(super) async fn check_before_running(&self, models: &[NodeId]) -> Result<()> {
        let mut changed = Vec::new();
        for id in models {
            let node = self.runner.graph.node(*id);
            let Some(model) = node.model() else { continue };
            let behind = node.parents.iter().any(|parent| changed.contains(parent));
            let runs = behind || {
                let work = self.prepare(node, model).await?;
                matches!(self.plan_model(&work).await?, ModelPlan::Run(_) | ModelPlan::Extend(_))
            };
            if runs {
                changed.push(*id);
            }
        }
        if changed.is_empty() || self.has_failed() {
            return Ok(());
        }
        let parameters = (&self.options.parameters, &self.options.parameter_texts);
        check_models(&self.runner, &self.tree, &changed, parameters).await.map(drop)
    }
}
