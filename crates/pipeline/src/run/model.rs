//! Computing a model: a kept output, new rows added, or the whole query; then one entry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::Schema;
use bywash_core::{Code, Error, ObjectId, Result, TableName};
use bywash_engine::sql::Parsed;
use bywash_engine::{LakeTable, Planned, Resolved};
use bywash_lake::changes::TableState;
use bywash_lake::objects::{Entry, Produced, TableEntry, TableKind, ViewEntry};
use bywash_lake::tables::DataFile;
use bywash_lake::{Draft, Remade, TableShape};
use serde_json::json;

use super::attempt::{Attempt, Done};
use super::frozen::{self, VolatileView};
use super::incremental::{self, NewFiles, Step};
use super::inputs::{Counts, Input, Reached};
use super::keys::{self, Recipe};
use super::python_model;
use super::upsert;
use super::write::{Meter, write_query};
use crate::graph::Node;
use crate::lake_view::{LakeResolver, lake_table};
use crate::project::{Model, ModelBody, ModelKind};

/// What is known of a model before it runs.
pub(super) struct ModelWork<'a> {
    pub(super) node: &'a Node,
    pub(super) model: &'a Model,
    inputs: Vec<Input>,
    recipe: Recipe,
    /// What would have made its output: key, recipe and all that it reads.
    pub(super) produced: Produced,
    /// The entry under its name, if a node made it.
    old: Option<Entry>,
    /// Why its rows differ between runs, if they do.
    volatile: Option<String>,
}

impl ModelWork<'_> {
    /// The key of what it would compute.
    pub(super) const fn key(&self) -> ObjectId {
        self.produced.key
    }

    /// Whether its entry was made by another recipe, or there is none.
    pub(super) fn is_changed(&self) -> bool {
        let produced = self.old.as_ref().and_then(Entry::table).and_then(|table| table.produced.as_ref());
        produced.is_none_or(|produced| produced.recipe != self.produced.recipe)
    }
}

/// What a model needs.
pub(super) enum ModelPlan {
    /// Its entry is up to date.
    Stands(Entry),
    /// An equal output is kept.
    Take(Entry, &'static str),
    /// New rows are enough.
    Extend(NewFiles),
    /// All of it.
    Run(String),
}

impl Attempt {
    pub(super) async fn run_model(&self, node: &Node, model: &Model) -> Result<Done> {
        let work = self.prepare(node, model).await?;
        if let (Some(Entry::Table(table)), true) = (&work.old, self.options.adopt.contains(&node.name)) {
            return self.adopt(&work, table).await;
        }
        match self.plan_model(&work).await? {
            ModelPlan::Stands(entry) => {
                // A merge or revert may have begun with another.
                self.tree.put(&node.name, Some(entry.clone()));
                Ok(Done::reused(&entry, "up to date"))
            }
            ModelPlan::Take(entry, reason) => {
                self.tree.put(&node.name, Some(entry.clone()));
                Ok(Done::reused(&entry, reason))
            }
            ModelPlan::Run(reason) if model.kind() == ModelKind::View => self.publish_view(&work, reason).await,
            ModelPlan::Run(reason) => {
                self.started(node);
                self.compute(&work, None, reason).await
            }
            ModelPlan::Extend(files) => {
                self.started(node);
                self.compute(&work, Some(files), "new rows".to_owned()).await
            }
        }
    }

    /// What is known of a model before it runs; drift is found here (rule R7).
    pub(super) async fn prepare<'a>(&self, node: &'a Node, model: &'a Model) -> Result<ModelWork<'a>> {
        let inputs = self.inputs(node);
        let reached = Reached::find(&self.tree, &inputs).await?;
        let recipe = recipe(model, &self.options.parameter_texts);
        let old = self.own_entry(node).await?;
        let reads = self.reads_of(node, model, &reached, recipe.id()).await?;
        let counts = match (model.kind(), &reads) {
            (ModelKind::View, _) => Counts::Columns,
            (_, Some(reads)) => Counts::Read(reads),
            (_, None) => Counts::Rows,
        };
        let versions = reached.versions(counts);
        let consumed = match model.kind() {
            ModelKind::Incremental => incremental::consumable(&self.tree, &self.consumed_names(node, model)).await?,
            _ => BTreeMap::new(),
        };
        let views = frozen::volatile_views(&self.tree, &inputs).await?;
        let volatile = model.volatile().or_else(|| views.first().map(VolatileView::reason));
        let volatile = volatile.or_else(|| reached.volatile());
        let mut extras = self.key_extras(model, old.as_ref(), &views);
        extras.extend(reached.volatile().map(|_| self.options.run.clone().into_bytes()));
        let packages = self.packages(model)?;
        extras.extend(packages.map(|packages| packages.as_bytes().to_vec()));
        let key = keys::output_key(&node.name, recipe.id(), &versions, &extras);
        let recipe_id = recipe.id();
        let produced =
            Produced { key, recipe: recipe_id, keeps_recipe: true, packages, inputs: versions, reads, consumed };
        Ok(ModelWork { node, model, inputs, recipe, produced, old, volatile })
    }

    /// Whether a model stands, is taken from elsewhere, grows, or runs.
    pub(super) async fn plan_model(&self, work: &ModelWork<'_>) -> Result<ModelPlan> {
        if self.options.full_refresh {
            return Ok(ModelPlan::Run("full refresh".to_owned()));
        }
        let produced = work.old.as_ref().and_then(Entry::table).and_then(|table| table.produced.as_ref());
        if work.model.kind() == ModelKind::Incremental {
            return self.plan_incremental(work, produced).await;
        }
        if let Some(old) = work.old.as_ref().filter(|old| old.key() == Some(work.produced.key)) {
            return Ok(ModelPlan::Stands(old.clone()));
        }
        match self.kept_entry(work).await? {
            Some(entry) => Ok(ModelPlan::Take(entry, "computed before")),
            None => Ok(ModelPlan::Run(self.reason(work, produced).await)),
        }
    }

    async fn plan_incremental(&self, work: &ModelWork<'_>, produced: Option<&Produced>) -> Result<ModelPlan> {
        let from = self.consumed_names(work.node, work.model);
        let step = incremental::decide(&self.tree, produced, &work.produced, &self.watched(work), &from).await?;
        // Rows that were written anew, and are what they were as the model sees them.
        let made_of = |of: &Produced| (of.recipe, of.packages, of.inputs.clone());
        let reads_the_same = |old: &Produced| made_of(old) == made_of(&work.produced);
        match (step, &work.old) {
            (Step::Refresh { .. }, Some(old)) if produced.is_some_and(reads_the_same) => {
                Ok(ModelPlan::Stands(old.clone()))
            }
            (Step::Stands, Some(old)) => Ok(ModelPlan::Stands(old.clone())),
            (Step::Extend { files }, Some(_)) => match self.kept_entry(work).await? {
                Some(entry) => Ok(ModelPlan::Take(entry, "computed before")),
                None => Ok(ModelPlan::Extend(files)),
            },
            (Step::Refresh { reason }, _) => match self.kept_entry(work).await? {
                Some(entry) => Ok(ModelPlan::Take(entry, "computed before")),
                None => match produced.filter(|old| old.recipe != work.produced.recipe) {
                    Some(old) => Ok(ModelPlan::Run(self.change_of_recipe(work, old).await)),
                    None => Ok(ModelPlan::Run(reason)),
                },
            },
            (_, None) => Ok(ModelPlan::Run("it has never run here".to_owned())),
        }
    }

    async fn kept_entry(&self, work: &ModelWork<'_>) -> Result<Option<Entry>> {
        if self.options.no_cache {
            return Ok(None);
        }
        Ok(self.kept(work.produced.key).await?.and_then(|mut kept| kept.remove(&work.node.name.to_string())))
    }

    /// The first difference from what made the entry.
    async fn reason(&self, work: &ModelWork<'_>, produced: Option<&Produced>) -> String {
        let Some(old) = produced else {
            return if work.old.is_some() { "its definition or an input changed" } else { "it has never run here" }
                .to_owned();
        };
        if old.recipe != work.produced.recipe {
            return self.change_of_recipe(work, old).await;
        }
        let changed = work.produced.inputs.iter().find(|(input, version)| old.inputs.get(*input) != Some(version));
        match (changed, &work.volatile) {
            (Some((input, _)), _) => format!("`{input}` changed"),
            (None, Some(volatile)) => format!("its rows differ between runs: {volatile}"),
            (None, None) if old.packages != work.produced.packages => "its packages changed".to_owned(),
            (None, None) => "an input is gone".to_owned(),
        }
    }

    async fn change_of_recipe(&self, work: &ModelWork<'_>, old: &Produced) -> String {
        let what = if work.model.query().is_some() { "query" } else { "code" };
        let unknown = || format!("its {what} or settings changed");
        if !old.keeps_recipe {
            return unknown();
        }
        // What cannot be read any more cannot be told; the model runs all the same.
        let Ok(before) = self.tree.objects().read::<Recipe>(old.recipe).await else { return unknown() };
        let place = work.model.query().and_then(|query| query.first_change(&before.text));
        let line = place.and_then(|place| Some(format!("line {} of {}", place.line?, place.path.display())));
        work.recipe.first_change(&before).or(line).unwrap_or_else(unknown)
    }

    /// What a key holds besides recipe and inputs: for incremental models their own table, for volatile ones the
    /// run, or the period for which they are stable (rule R5).
    fn key_extras(&self, model: &Model, old: Option<&Entry>, views: &[VolatileView]) -> Vec<Vec<u8>> {
        let mut extras = Vec::new();
        if let (ModelKind::Incremental, Some(old)) = (model.kind(), old) {
            extras.push(old.version().as_bytes().to_vec());
            let consumed = old.table().and_then(|table| table.produced.as_ref()).map(|produced| &produced.consumed);
            extras.push(serde_json::to_vec(&consumed).unwrap_or_default());
        }
        extras.extend(self.volatile_extras(model, views));
        extras
    }

    fn consumed_names(&self, node: &Node, model: &Model) -> Vec<TableName> {
        self.named(node, model.incremental_from())
    }

    /// The versions of inputs that are neither consumed nor declared static.
    fn watched(&self, work: &ModelWork<'_>) -> BTreeMap<String, ObjectId> {
        let mut left_out: BTreeSet<_> =
            self.consumed_names(work.node, work.model).iter().map(ToString::to_string).collect();
        left_out.extend(self.named(work.node, work.model.static_inputs()).iter().map(ToString::to_string));
        let watched = work.produced.inputs.iter().filter(|(input, _)| !left_out.contains(*input));
        watched.map(|(input, version)| (input.clone(), *version)).collect()
    }

    /// Names of front matter as the graph resolves them.
    fn named(&self, node: &Node, tables: &[bywash_core::TableRef]) -> Vec<TableName> {
        let reads = node.reads.iter().filter(|read| tables.iter().any(|table| self.means_same(table, &read.table)));
        let names = reads.filter_map(|read| {
            let namespace = read.table.namespace.clone();
            read.name.clone().or_else(|| TableName::new(namespace?, read.table.name.clone()).ok())
        });
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn means_same(&self, one: &bywash_core::TableRef, other: &bywash_core::TableRef) -> bool {
        use crate::graph::Resolution;
        match (self.runner.graph.resolve(one), self.runner.graph.resolve(other)) {
            (Resolution::Node(one, _), Resolution::Node(other, _)) => one == other,
            _ => one == other,
        }
    }

    /// The entry under a model's name. One that no run of the model recorded stops the run (rule R7).
    async fn own_entry(&self, node: &Node) -> Result<Option<Entry>> {
        let name = &node.name;
        let Some(entry) = self.tree.base_entry(name).await? else { return Ok(None) };
        let recorded =
            entry.is_node() && self.runner.lake.store().is_recorded(&name.to_string(), entry.version()).await?;
        if recorded || self.options.adopt.contains(name) {
            return Ok(Some(entry));
        }
        if self.options.overwrite.contains(name) {
            return Ok(None);
        }
        Err(Error::new(Code::NodeDrift, format!("`{name}` holds rows that no run of its model wrote"))
            .at(node.place().clone())
            .hint(format!("keep them until the model or its inputs change: `bywash run --adopt {name}`"))
            .hint(format!("replace them by what the model gives: `bywash run --overwrite {name}`")))
    }

    /// An adopted table becomes the model's output for its present key, as it is (rule R7).
    async fn adopt(&self, work: &ModelWork<'_>, table: &TableEntry) -> Result<Done> {
        let mut table = table.clone();
        table.kind = TableKind::Node;
        self.tree.objects().add(&work.recipe)?;
        table.produced = Some(work.produced.clone());
        let entry = Entry::Table(Box::new(table));
        self.keep(&[(work.node.name.clone(), entry.clone())], work.produced.key, work.node, Vec::new()).await?;
        Ok(Done::reused(&entry, "adopted as it is"))
    }

    async fn publish_view(&self, work: &ModelWork<'_>, reason: String) -> Result<Done> {
        let entry = Entry::View(ViewEntry {
            sql: work.model.query().map(|query| query.sql()).unwrap_or_default(),
            origin: work.model.path.to_string_lossy().into_owned(),
            inputs: work.inputs.iter().filter(|input| input.at.is_none()).map(|input| input.name.to_string()).collect(),
            key: work.produced.key,
        });
        self.keep(&[(work.node.name.clone(), entry.clone())], work.produced.key, work.node, Vec::new()).await?;
        Ok(Done::ran(&entry, reason, 0))
    }

    /// Gets the rows, of everything or of new files alone, and writes the table.
    async fn compute(&self, work: &ModelWork<'_>, files: Option<NewFiles>, reason: String) -> Result<Done> {
        let name = &work.node.name;
        let old = work.old.as_ref().and_then(Entry::table).filter(|_| files.is_some());
        let (planned, rows_in) = match &work.model.body {
            ModelBody::Sql(query) => self.rows_of_query(work, query, &files).await?,
            ModelBody::Python(python) => self.rows_of_function(work, python, &files).await?,
        };
        let entry = self.write_output(work, planned, old).await?;
        let entry = Entry::Table(Box::new(entry));
        self.keep(&[(name.clone(), entry.clone())], work.produced.key, work.node, Vec::new()).await?;
        Ok(Done::ran(&entry, reason, rows_in))
    }

    /// Finds what a model reads: of inputs that have new files, these alone. A table that grows is the one that the run
    /// found at its head: a merge or revert may have begun with another.
    pub(super) async fn resolver_of(&self, work: &ModelWork<'_>, files: &Option<NewFiles>) -> Result<LakeResolver> {
        let mut resolver = self.resolver(&work.inputs).await?;
        for (input, files) in files.iter().flatten() {
            if let Some(Entry::Table(table)) = self.tree.entry(input).await? {
                let mut only = lake_table(&self.tree, input, &table).await?;
                only.only = Some(Arc::new(files.clone()));
                resolver = resolver.with(input.clone(), Resolved::Lake(only));
            }
        }
        if let (Some(_), Some(Entry::Table(old))) = (files, &work.old) {
            let grows = lake_table(&self.tree, &work.node.name, old).await?;
            resolver = resolver.with(work.node.name.clone(), Resolved::Lake(grows));
        }
        Ok(resolver)
    }

    /// The rows of a query, planned, and how many rows it reads.
    async fn rows_of_query(
        &self,
        work: &ModelWork<'_>,
        query: &Arc<Parsed>,
        files: &Option<NewFiles>,
    ) -> Result<(Planned, u64)> {
        let resolver = self.resolver_of(work, files).await?;
        let rows_in = self.rows_read(work, &resolver).await?;
        let session = self.runner.engine.session(Arc::new(resolver));
        let parameters = &self.options.parameters;
        if work.model.unique_key().is_empty() {
            return Ok((session.plan(query, parameters).await?, rows_in));
        }
        let columns = names(&session.plan(query, parameters).await?.schema());
        let last = upsert::last_rows(work.node, work.model, &query.sql(), &columns, files.is_some())?;
        Ok((session.plan(&last, parameters).await?, rows_in))
    }

    /// Rows of the tables that the query reads, or of the new files alone (rule R9).
    async fn rows_read(&self, work: &ModelWork<'_>, resolver: &LakeResolver) -> Result<u64> {
        let mut rows = 0;
        for input in &work.inputs {
            if input.at.is_some() {
                continue;
            }
            rows += match resolver.overlaid(&input.name) {
                Some(Resolved::Lake(table)) => rows_in(&table),
                _ => self.tree.entry(&input.name).await?.as_ref().and_then(Entry::table).map_or(0, |table| table.rows),
            };
        }
        Ok(rows)
    }

    async fn write_output(
        &self,
        work: &ModelWork<'_>,
        planned: Planned,
        old: Option<&TableEntry>,
    ) -> Result<TableEntry> {
        let (name, model) = (&work.node.name, work.model);
        let lake = &self.runner.lake;
        let objects = self.tree.objects();
        let meter = Meter::new(self.runner.listener.clone(), name);
        // Rows are added to a table only where its columns are still those of the query.
        let adds_to = match old {
            Some(old) if model.unique_key().is_empty() => Some((old, lake.shape(old).await?)),
            _ => None,
        };
        let change = ObjectId::of(format!("{}{}", work.produced.key, name).as_bytes());
        let mut entry = match adds_to {
            Some((old, shape)) => {
                let shape = self.summed(work.node, &shape).await?;
                let written = write_query(lake, &shape, planned, meter).await?;
                let state = TableState::read(objects, old).await?;
                let state = state.append(change, written.files, "add new rows").map_err(unsound)?;
                lake.write_state(objects, old, state, "append").await?
            }
            None => {
                let shape = self.output_shape(work, &planned).await?;
                let summed = self.summed(work.node, &shape.1).await?;
                let written = write_query(lake, &summed, planned, meter).await?;
                let state = TableState::default().append(change, written.files, "computed").map_err(unsound)?;
                match shape.0 {
                    OutputBase::New(draft) => lake.create_table(objects, &draft, state, "run").await?,
                    OutputBase::Old(entry) => lake.replace_state(objects, &entry, state, "overwrite", None).await?,
                    OutputBase::Remade(entry, remade) => {
                        lake.replace_state(objects, &entry, state, "overwrite", Some(*remade)).await?
                    }
                }
            }
        };
        objects.add(&work.recipe)?;
        entry.produced = Some(work.produced.clone());
        Ok(entry)
    }

    /// A model's table stays the same Iceberg table, whatever its columns and layout become.
    async fn output_shape(&self, work: &ModelWork<'_>, planned: &Planned) -> Result<(OutputBase, Arc<TableShape>)> {
        let model = work.model;
        let partition_by: Vec<_> = model.partition_by().iter().map(ToString::to_string).collect();
        let (lake, objects) = (&self.runner.lake, self.tree.objects());
        let (columns, cluster_by) = (planned.table_schema()?, model.cluster_by());
        let name = &work.node.name;
        let located = |error: Error| error.at(model.place.clone());
        let draft = lake.draft(&lake.objects(), name, TableKind::Node, &columns, &partition_by, cluster_by);
        let draft = draft.map_err(located)?;
        if let Some(Entry::Table(old)) = &work.old {
            let shape = lake.shape(old).await?;
            if shape.fits(&draft.shape) {
                return Ok((OutputBase::Old(old.clone()), shape));
            }
            let remade = lake.remake(objects, old, &columns, &partition_by, cluster_by).await.map_err(located)?;
            let shape = remade.shape.clone();
            return Ok((OutputBase::Remade(old.clone(), Box::new(remade)), shape));
        }
        let draft = lake.draft(objects, name, TableKind::Node, &columns, &partition_by, cluster_by).map_err(located)?;
        let shape = draft.shape.clone();
        Ok((OutputBase::New(draft), shape))
    }
}

/// Whether a node's definition differs from what made its entry (`state:modified`); an absent entry counts as modified.
#[must_use]
pub fn is_modified(node: &Node, entry: Option<&Entry>) -> bool {
    match (node.model(), entry) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(model), Some(Entry::View(view))) => {
            model.kind() != ModelKind::View || model.query().is_none_or(|query| query.sql() != view.sql)
        }
        (Some(model), Some(Entry::Table(table))) => {
            table.produced.as_ref().is_none_or(|produced| produced.recipe != recipe(model, &BTreeMap::new()).id())
        }
    }
}

/// Rule R3: all of a model that is not its inputs' rows.
pub(super) fn recipe(model: &Model, parameters: &BTreeMap<String, String>) -> Recipe {
    let parsed = match &model.body {
        ModelBody::Sql(parsed) => parsed,
        ModelBody::Python(python) => return python_model::recipe(model, python, parameters),
    };
    let partition_by: Vec<_> = model.partition_by().iter().map(ToString::to_string).collect();
    let order_by: Vec<_> = model.order_by().iter().map(|key| (key.column.clone(), key.descending)).collect();
    let settings = [
        ("partition_by", json!(partition_by)),
        ("cluster_by", json!(model.cluster_by())),
        ("unique_key", json!(model.unique_key())),
        ("order_by", json!(order_by)),
    ];
    let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let text = python_model::with_functions(parsed, model.functions());
    Recipe::new(model.kind().as_str(), &text, settings, used(parsed, parameters))
}

/// The parameters that a query names.
pub(super) fn used(parsed: &Parsed, parameters: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let given = parameters.iter().filter(|(name, _)| parsed.parameters.contains(name));
    given.map(|(name, value)| (name.clone(), value.clone())).collect()
}

enum OutputBase {
    New(Draft),
    Old(Box<TableEntry>),
    Remade(Box<TableEntry>, Box<Remade>),
}

/// The columns of a query or table.
pub(super) fn names(schema: &Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// Rows of the files that are read.
fn rows_in(table: &LakeTable) -> u64 {
    let read = |file: &&DataFile| table.only.as_ref().is_none_or(|only| only.contains(&file.path));
    table.files.files.iter().filter(read).map(|file| file.record_count).sum()
}

fn unsound(reason: bywash_lake::changes::Unsound) -> Error {
    Error::bug(format!("a model's own rows are no sound set: {}", reason.reason()))
}
