//! The key under which it is kept what planning says of a model: it stands for all that planning looks at.
//!
//! Two models of one key give the same columns. Where that is not plain, there is no key and the model is planned:
//! functions in Python, tables at another ref, tables about the lake, views that were not planned with it.

use std::collections::BTreeMap;

use bywash_core::{ObjectId, ObjectIdBuilder, Result, TableName, TableRef};
use bywash_engine::sql::{ParameterValue, Parameters};
use bywash_lake::objects::Entry;

use crate::lake_view::{LakeResolver, WorkingTree};
use crate::project::reserved::is_reserved;
use crate::project::{Model, Project};

/// What the keys of one survey have in common, and what is known of the tables that models read.
pub(super) struct PlanKeys {
    /// The signatures of all functions in Python: any query may call any.
    functions: ObjectId,
    /// The ids of the columns of each table that was planned; nothing for columns that have none.
    planned: BTreeMap<TableName, Option<ObjectId>>,
}

impl PlanKeys {
    pub(super) fn new(project: &Project) -> Self {
        let signatures = project.functions.iter().fold(ObjectIdBuilder::default(), |builder, function| {
            let types = format!("{:?} {:?}", function.arguments, function.returns);
            builder.part(&function.name).part(types)
        });
        Self { functions: signatures.finish(), planned: BTreeMap::new() }
    }

    /// From here on models see these columns.
    pub(super) fn learn(&mut self, table: TableName, columns: Option<ObjectId>) {
        self.planned.insert(table, columns);
    }

    /// The key of a model, if it has one.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub(super) async fn key(
        &self,
        model: &Model,
        parameters: &Parameters,
        resolver: &LakeResolver,
        tree: &WorkingTree,
    ) -> Result<Option<ObjectId>> {
        let Some(query) = model.query() else { return Ok(None) };
        let mut key = ObjectIdBuilder::default().part(model.name.to_string()).part(query.text().as_bytes());
        key = key.part(self.functions.as_bytes());
        for name in &query.parameters {
            key = key.part(name).part(parameters.get(name).map_or_else(|| "none".to_owned(), in_words));
        }
        for (table, _) in &query.references {
            match self.columns_of(table, resolver, tree).await? {
                Some(columns) => key = key.part(table.to_string()).part(columns.as_bytes()),
                None => return Ok(None),
            }
        }
        Ok(Some(key.finish()))
    }

    /// What stands for the name and the columns of a table.
    async fn columns_of(
        &self,
        table: &TableRef,
        resolver: &LakeResolver,
        tree: &WorkingTree,
    ) -> Result<Option<ObjectId>> {
        if table.at.is_some() || table.namespace.as_deref().is_some_and(is_reserved) {
            return Ok(None);
        }
        // That a name is unknown or ambiguous is told where the model is planned.
        let Ok(name) = resolver.full_name(table).await else { return Ok(None) };
        let named = ObjectIdBuilder::default().part(name.to_string());
        if let Some(columns) = self.planned.get(&name) {
            return Ok(columns.map(|columns| named.part("planned").part(columns.as_bytes()).finish()));
        }
        let Some(Entry::Table(entry)) = tree.entry(&name).await? else { return Ok(None) };
        // A name of metadata is never used again, and tells all columns that the table ever had.
        let version = format!("{} {} {:?}", entry.uuid, entry.schema_id, entry.snapshot_id);
        Ok(Some(named.part("lake").part(&entry.metadata).part(version).finish()))
    }
}

fn in_words(value: &ParameterValue) -> String {
    format!("{value:?}")
}
