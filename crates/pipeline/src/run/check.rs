//! Type-checking models without reading a row: each is planned against the schemas of what it reads, and all
//! problems are told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bywash_core::{Code, Error, ObjectId, Result, TableName};
use bywash_engine::sql::Parameters;
use bywash_engine::{ColumnsRead, Origins, Resolved, Session};
use bywash_lake::objects::Entry;
use tokio::task::JoinSet;

use super::attempt::Attempt;
use super::contract;
use super::function_lineage::lineage_of_function;
use super::known_plans::{KnownColumns, columns_id};
use super::model::ModelPlan;
use super::plan_key::PlanKeys;
use super::projections::columns_read;
use super::python_inputs::check_inputs;
use super::runner::Runner;
use super::upsert;
use crate::blocking::blocking;
use crate::graph::{Body, Graph, Node, NodeId};
use crate::lake_view::{LakeResolver, NoFiles, WorkingTree};
use crate::project::{Model, ModelBody, ModelKind};
use crate::source::SourceFile;

/// The values of parameters, and their texts for keys and for functions.
pub type Given = (Parameters, BTreeMap<String, String>);

/// What planning has told of models and of the sources above them.
#[derive(Default)]
pub(super) struct Survey {
    /// The columns of tables that are not in the tree, or not as they will be.
    pub(super) schemas: BTreeMap<TableName, SchemaRef>,
    /// What each model reads, if that was asked.
    pub(super) columns: BTreeMap<TableName, ColumnsRead>,
    /// The origins of each model's columns, if that was asked.
    pub(super) lineage: BTreeMap<TableName, BTreeMap<String, Origins>>,
    /// What is wrong with them.
    pub(super) problems: Vec<(NodeId, Error)>,
    /// What could not be planned, since something that it reads is wrong.
    pub(super) unknown: Vec<TableName>,
}

/// All that planning finds wrong with these models, on a tree and on schemas of tables that are not there yet.
///
/// Models that are not among `models` are taken from the tree, or planned too where the tree lacks them.
///
/// # Errors
/// The catalog cannot be read.
pub async fn check_models(
    runner: &Runner,
    tree: &Arc<WorkingTree>,
    models: &[NodeId],
    parameters: &Given,
) -> Result<Checked> {
    let found = survey(runner, tree, models, parameters, Wanted::Problems).await?;
    Ok(Checked { problems: errors(found.problems), unknown: found.unknown })
}

/// What a check has found.
#[derive(Debug)]
pub struct Checked {
    /// All that is wrong.
    pub problems: Vec<Error>,
    /// Models that could not be planned, since something that they read is wrong.
    pub unknown: Vec<TableName>,
}

/// What else a survey tells of each model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nothing: only what is wrong.
    Problems,
    /// Which columns it reads of tables, views seen through.
    ColumnsRead,
    /// Where its columns come from, in what it names.
    Lineage,
}

/// Plans these models, each after what it reads; with what else is wanted of them.
pub(super) async fn survey(
    runner: &Runner,
    tree: &Arc<WorkingTree>,
    models: &[NodeId],
    parameters: &Given,
    wanted: Wanted,
) -> Result<Survey> {
    let mut surveyor = Surveyor {
        runner,
        tree,
        given: parameters,
        wanted,
        resolver: Arc::new(LakeResolver::new(tree.clone(), Arc::new(NoFiles))),
        keys: PlanKeys::new(&runner.project),
        broken: BTreeSet::new(),
        found: Survey::default(),
    };
    let needed = with_ancestors(&runner.graph, models);
    let chosen: BTreeSet<_> = models.iter().copied().collect();
    for wave in waves(&runner.graph, &needed) {
        surveyor.plan(wave, &chosen).await?;
    }
    runner.known.save();
    Ok(surveyor.found)
}

/// Plans one wave after the other.
struct Surveyor<'a> {
    runner: &'a Runner,
    tree: &'a Arc<WorkingTree>,
    given: &'a Given,
    wanted: Wanted,
    /// Finds tables in the tree, and those that were planned as they will be.
    resolver: Arc<LakeResolver>,
    keys: PlanKeys,
    /// What cannot be planned, and all below.
    broken: BTreeSet<NodeId>,
    found: Survey,
}

impl Surveyor<'_> {
    /// Plans the nodes of a wave side by side, but for those whose columns are known.
    async fn plan(&mut self, wave: Vec<NodeId>, chosen: &BTreeSet<NodeId>) -> Result<()> {
        let runner = self.runner;
        let (mut planned, mut planning) = (Vec::new(), JoinSet::new());
        for id in wave {
            let node = runner.graph.node(id);
            if node.parents.iter().any(|parent| self.broken.contains(parent)) {
                self.broken.insert(id);
                self.found.unknown.push(node.name.clone());
                continue;
            }
            let is_absent = self.tree.entry(&node.name).await?.is_none();
            if !is_absent && !chosen.contains(&id) {
                continue;
            }
            let key = self.key(node).await?;
            if let Some(known) = key.and_then(|key| runner.known.get(key)) {
                planned.push((id, Ok(Some(known.into()))));
                continue;
            }
            let (runner, resolver, given) = (runner.clone(), self.resolver.clone(), self.given.clone());
            let wanted = self.wanted;
            planning.spawn(async move {
                let planned = plan_node(&runner, resolver, id, is_absent, &given, wanted).await;
                if let (Some(key), Ok(Some(planned))) = (key, &planned) {
                    runner.known.put(key, &planned.schema);
                }
                (id, planned)
            });
        }
        planned.extend(planning.join_all().await);
        planned.sort_by_key(|(id, _)| *id);
        for (id, planned) in planned {
            self.take(id, planned).await?;
        }
        Ok(())
    }

    /// Under which key the columns of a model are kept; nothing where they alone are not enough.
    async fn key(&self, node: &Node) -> Result<Option<ObjectId>> {
        match node.model() {
            Some(model) if self.wanted == Wanted::Problems => {
                self.keys.key(model, &self.given.0, &self.resolver, self.tree).await
            }
            _ => Ok(None),
        }
    }

    /// Notes what planning told of a node; those that read it see its columns.
    async fn take(&mut self, id: NodeId, planned: Result<Option<PlannedNode>>) -> Result<()> {
        let (node, found) = (self.runner.graph.node(id), &mut self.found);
        match planned {
            Ok(Some(PlannedNode { schema, columns_id, columns, lineage })) => {
                let contracts = node.model().map(|model| contract::broken(node, model, &schema));
                found.problems.extend(contracts.into_iter().flatten().map(|error| (id, error)));
                let keys = node.model().map(|model| upsert::unknown_columns(node, model, &schema));
                found.problems.extend(keys.into_iter().flatten().map(|error| (id, error)));
                found.columns.extend(columns.map(|columns| (node.name.clone(), columns)));
                found.lineage.extend(lineage.map(|lineage| (node.name.clone(), lineage)));
                self.resolver.put(node.name.clone(), as_read(node, &schema, self.wanted));
                self.keys.learn(node.name.clone(), columns_id);
                found.schemas.insert(node.name.clone(), schema);
            }
            Ok(None) => {}
            Err(error) => {
                self.broken.insert(id);
                let error = error.or_at(node.place());
                found.problems.push((id, explained(self.runner, self.tree, id, found, error).await?));
            }
        }
        Ok(())
    }
}

/// Nodes in groups: all that a node reads lies in groups before its own.
fn waves(graph: &Graph, needed: &BTreeSet<NodeId>) -> Vec<Vec<NodeId>> {
    let mut depths: BTreeMap<NodeId, usize> = BTreeMap::new();
    let mut waves: Vec<Vec<NodeId>> = Vec::new();
    for id in graph.order().iter().copied().filter(|id| needed.contains(id)) {
        let above = graph.node(id).parents.iter().filter_map(|parent| depths.get(parent));
        let depth = above.max().map_or(0, |depth| depth + 1);
        depths.insert(id, depth);
        if waves.len() <= depth {
            waves.resize_with(depth + 1, Vec::new);
        }
        waves[depth].push(id);
    }
    waves
}

/// A table that was planned, for those who read it: its columns. For columns that are read, a view is seen through.
fn as_read(node: &Node, schema: &SchemaRef, wanted: Wanted) -> Resolved {
    let view = node.model().filter(|model| wanted == Wanted::ColumnsRead && model.kind() == ModelKind::View);
    match view.and_then(|view| Some((view.query()?, view.path.clone()))) {
        Some((query, origin)) => Resolved::View { sql: query.sql(), origin, at: None },
        None => Resolved::Columns(node.name.to_string(), schema.clone()),
    }
}

/// What planning tells of one node.
struct PlannedNode {
    schema: SchemaRef,
    /// Equal columns have equal ids.
    columns_id: Option<ObjectId>,
    columns: Option<ColumnsRead>,
    lineage: Option<BTreeMap<String, Origins>>,
}

impl From<SchemaRef> for PlannedNode {
    fn from(schema: SchemaRef) -> Self {
        let columns_id = columns_id(&schema);
        Self { schema, columns_id, columns: None, lineage: None }
    }
}

impl From<KnownColumns> for PlannedNode {
    fn from(known: KnownColumns) -> Self {
        Self { schema: known.schema, columns_id: Some(known.id), columns: None, lineage: None }
    }
}

/// The columns that a node gives, and what else is wanted; nothing for what need not be planned.
async fn plan_node(
    runner: &Runner,
    resolver: Arc<LakeResolver>,
    id: NodeId,
    is_absent: bool,
    given: &Given,
    wanted: Wanted,
) -> Result<Option<PlannedNode>> {
    match &runner.graph.node(id).body {
        Body::Model(model) => plan_model(&runner.engine.session(resolver), model, given, wanted).await.map(Some),
        Body::Resource(resource) if is_absent => {
            Ok(Some(source_types(runner, &resource.path, &resource.reader).await?.into()))
        }
        Body::Seed(seed) if is_absent => {
            Ok(Some(source_types(runner, &seed.path.to_string_lossy(), &seed.reader).await?.into()))
        }
        _ => Ok(None),
    }
}

async fn plan_model(session: &Session, model: &Model, (values, texts): &Given, wanted: Wanted) -> Result<PlannedNode> {
    let (wants_columns, wants_lineage) = (wanted == Wanted::ColumnsRead, wanted == Wanted::Lineage);
    match &model.body {
        ModelBody::Sql(query) => {
            let planned = session.plan(query, values).await?;
            Ok(PlannedNode {
                columns: wants_columns.then(|| planned.columns_read()),
                lineage: wants_lineage.then(|| planned.lineage()),
                ..PlannedNode::from(planned.table_schema()?)
            })
        }
        ModelBody::Python(python) => {
            check_inputs(session, python, (values, texts)).await?;
            let mut planned = PlannedNode::from(python.schema.clone());
            if wants_columns {
                planned.columns = Some(columns_read(session, model, values).await?);
            }
            if wants_lineage {
                planned.lineage = Some(lineage_of_function(session, python, values).await?);
            }
            Ok(planned)
        }
    }
}

/// Of a column that an input no longer has: where the input is made, and who waits for the reader.
async fn explained(
    runner: &Runner,
    tree: &Arc<WorkingTree>,
    id: NodeId,
    found: &Survey,
    mut error: Error,
) -> Result<Error> {
    if error.code() != Code::UnknownColumn {
        return Ok(error);
    }
    let graph = &runner.graph;
    let column =
        error.message().split('`').nth(1).and_then(|name| name.rsplit('.').next()).unwrap_or_default().to_owned();
    for parent in graph.node(id).parents.iter().map(|parent| graph.node(*parent)) {
        let Some(now) = found.schemas.get(&parent.name) else { continue };
        let Some(Entry::Table(table)) = tree.entry(&parent.name).await? else { continue };
        let had = runner.lake.shape(&table).await?.schema.field(&column).is_some();
        if had && now.field_with_name(&column).is_err() {
            error = error.at(parent.place().clone().labelled(format!("no longer gives `{column}`")));
            let behind = behind(graph, id);
            if !behind.is_empty() {
                error = error.hint(format!("{} read `{}` in turn", behind.join(", "), graph.node(id).name));
            }
        }
    }
    Ok(error)
}

/// The models below one, by name.
fn behind(graph: &Graph, id: NodeId) -> Vec<String> {
    let (mut found, mut left) = (BTreeSet::new(), graph.node(id).children.clone());
    while let Some(id) = left.pop() {
        if !graph.node(id).is_test() && found.insert(id) {
            left.extend(&graph.node(id).children);
        }
    }
    found.into_iter().map(|id| format!("`{}`", graph.node(id).name)).collect()
}

/// The problems, each once: tables of one function have those of the function in common.
fn errors(problems: Vec<(NodeId, Error)>) -> Vec<Error> {
    let mut told: BTreeSet<Vec<String>> = BTreeSet::new();
    let said = |error: &Error| error.each().iter().map(|it| format!("{} {:?}", it.message(), it.places())).collect();
    let mut is_new = |error: &Error| told.insert(said(error));
    problems.into_iter().map(|(_, error)| error).filter(|error| is_new(error)).collect()
}

/// Types from the heads of files that are not loaded yet.
async fn source_types(runner: &Runner, pattern: &str, reader: &crate::project::ReaderOptions) -> Result<SchemaRef> {
    let (sources, root) = (runner.sources.clone(), runner.project.root.clone());
    let (pattern, reader) = (pattern.to_owned(), reader.clone());
    let work = move || {
        let files: Vec<SourceFile> = sources.list(&root, &pattern)?;
        sources.guess(&files, &reader).map(|types| types.schema)
    };
    blocking(work).await
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
        blocking(work).await
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
        let found = survey(&self.runner, &self.tree, &changed, &self.options.given(), Wanted::ColumnsRead).await?;
        self.learn(found.columns);
        Error::all(errors(found.problems)).map_or(Ok(()), Err)
    }
}
