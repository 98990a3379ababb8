//! Rule R4: what each model reads of its inputs, and through which columns the rows of a table are added up for those
//! who read it.
//!
//! A model is planned to tell its columns, unless its entry tells what the same query reads of the same columns. Whose
//! columns nobody can tell yet makes do with the sum of whole rows, which changes more often and never too seldom.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bywash_core::{ObjectId, Projection, Result, TableName};
use bywash_engine::sql::Parameters;
use bywash_engine::{ColumnsRead, Session};
use bywash_lake::TableShape;
use bywash_lake::objects::{Entry, Produced, Reads, TableRead};

use super::attempt::Attempt;
use super::check::{Wanted, survey};
use super::inputs::Reached;
use super::model::recipe;
use crate::graph::{Node, NodeId};
use crate::lake_view::{LakeResolver, NoFiles};
use crate::project::{Model, ModelKind};

/// More sums than this are not kept of one table: each costs a little for each row.
const MOST_PROJECTIONS: usize = 16;

impl Attempt {
    /// What a model reads of the tables below its inputs; nothing if its query cannot be planned, which is told when it
    /// is checked.
    pub(super) async fn reads_of(
        &self,
        node: &Node,
        model: &Model,
        reached: &Reached,
        recipe: ObjectId,
    ) -> Result<Option<Reads>> {
        if model.kind() == ModelKind::View {
            return Ok(None);
        }
        let known = self.produced_by(node, recipe).await?.and_then(|produced| produced.reads);
        if let Some(known) = known.filter(|known| known.planned_on == reached.shape()) {
            return Ok(Some(known));
        }
        let resolver = LakeResolver::new(self.tree.clone(), Arc::new(NoFiles));
        let session = self.runner.engine.session(Arc::new(resolver));
        let Ok(columns) = columns_read(&session, model, &self.options.parameters).await else { return Ok(None) };
        let reads = reached.reads(&self.runner.lake, &columns).await?;
        self.learn([(node.name.clone(), columns)]);
        Ok(Some(reads))
    }

    /// What made a model's entry, if that was this recipe.
    async fn produced_by(&self, node: &Node, recipe: ObjectId) -> Result<Option<Produced>> {
        let produced = match self.tree.entry(&node.name).await? {
            Some(Entry::Table(table)) => table.produced,
            _ => None,
        };
        Ok(produced.filter(|produced| produced.recipe == recipe))
    }

    /// The shape of a node's table, whose rows are added up as their readers see them.
    pub(super) async fn summed(&self, node: &Node, shape: &TableShape) -> Result<Arc<TableShape>> {
        let (mut readers, mut lacking) = (Vec::new(), Vec::new());
        for (id, reader) in self.readers(node) {
            match self.columns_of(id, reader, &node.name).await? {
                Some(columns) => readers.push(columns),
                None => lacking.push(id),
            }
        }
        if !lacking.is_empty() {
            let found = survey(&self.runner, &self.tree, &lacking, &self.options.given(), Wanted::ColumnsRead).await?;
            self.learn(found.columns);
            let learned = self.lock_columns();
            let of = |id: &NodeId| learned.get(&self.runner.graph.node(*id).name)?.get(&node.name.to_string()).cloned();
            readers.extend(lacking.iter().filter_map(of));
        }
        let ids = |columns: BTreeSet<String>| -> BTreeSet<i32> {
            shape.schema.fields.iter().filter(|field| columns.contains(&field.name)).map(|field| field.id).collect()
        };
        let some = readers.into_iter().map(ids).filter(|ids| ids.len() < shape.schema.fields.len());
        let projections: BTreeSet<_> = some.map(Projection).collect();
        Ok(Arc::new(shape.summed_through(projections.into_iter().take(MOST_PROJECTIONS).collect())))
    }

    /// The models with rows of their own that read a node's table, also through views.
    fn readers(&self, node: &Node) -> BTreeMap<NodeId, &Model> {
        let graph = &self.runner.graph;
        let (mut found, mut left, mut seen) = (BTreeMap::new(), node.children.clone(), BTreeSet::new());
        while let Some(id) = left.pop().filter(|id| seen.insert(*id)) {
            let child = graph.node(id);
            match child.model() {
                Some(model) if model.kind() == ModelKind::View => left.extend(&child.children),
                Some(model) => _ = found.insert(id, &**model),
                None => {}
            }
        }
        found
    }

    /// The columns that a model reads of a table, if it was planned or has run before.
    async fn columns_of(&self, id: NodeId, model: &Model, table: &TableName) -> Result<Option<BTreeSet<String>>> {
        let reader = self.runner.graph.node(id);
        if let Some(columns) = self.lock_columns().get(&reader.name) {
            return Ok(Some(columns.get(&table.to_string()).cloned().unwrap_or_default()));
        }
        let recipe = recipe(model, &self.options.parameter_texts).id();
        let reads = self.produced_by(reader, recipe).await?.and_then(|produced| produced.reads);
        let read = reads.into_iter().flat_map(|reads| reads.tables).find(|read| read.name == table.to_string());
        let names = |read: TableRead| {
            read.columns.into_iter().filter(|column| column.parent == 0).map(|column| column.name).collect()
        };
        Ok(read.map(names))
    }

    /// Remembers which columns models read.
    pub(super) fn learn(&self, columns: impl IntoIterator<Item = (TableName, ColumnsRead)>) {
        self.lock_columns().extend(columns);
    }
}

/// The columns that all queries of a model read.
///
/// # Errors
/// One of them cannot be planned.
pub(super) async fn columns_read(session: &Session, model: &Model, parameters: &Parameters) -> Result<ColumnsRead> {
    let mut found = ColumnsRead::new();
    for query in model.queries() {
        for (table, columns) in session.plan(query, parameters).await?.columns_read() {
            found.entry(table).or_default().extend(columns);
        }
    }
    Ok(found)
}
