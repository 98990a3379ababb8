//! Lineage: which columns the columns of the graph are made of, from the sources to the last model, before anything has
//! run. A link that hands on values is told from one that merely decides, as a filter or a join key does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bywash_core::{Error, Result, TableName};

use super::check::{Given, Survey, Wanted, survey};
use super::runner::Runner;
use crate::graph::{Graph, NodeId};
use crate::lake_view::WorkingTree;

/// A column of a table of the graph, or a table as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    /// The table's full name.
    pub table: String,
    /// The column; absent for the table.
    pub column: Option<String>,
}

/// One step from what is read to what is made of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// What is read.
    pub from: Column,
    /// What is made of it.
    pub to: Column,
    /// Whether values are handed on; else it only decides which.
    pub hands_on: bool,
}

/// All links of a graph.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    links: BTreeSet<Link>,
    /// The columns of each table, as far as they are known.
    columns: BTreeMap<String, BTreeSet<String>>,
}

impl Runner {
    /// The lineage of the whole graph, on a tree; with what is wrong with models that it therefore leaves out.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn lineage(&self, tree: &Arc<WorkingTree>, parameters: &Given) -> Result<(Lineage, Vec<Error>)> {
        let models: Vec<NodeId> = self.graph.order().to_vec();
        let found = survey(self, tree, &models, parameters, Wanted::Lineage).await?;
        let mut lineage = Lineage::of(&self.graph, &found);
        for node in self.graph.nodes() {
            if let Some(table) = tree.entry(&node.name).await?.as_ref().and_then(|entry| entry.table()) {
                let fields = self.lake.shape(table).await?.schema.fields.clone();
                let known = lineage.columns.entry(node.name.to_string()).or_default();
                known.extend(fields.into_iter().map(|field| field.name));
            }
        }
        Ok((lineage, found.problems.into_iter().map(|(_, error)| error).collect()))
    }
}

impl Lineage {
    fn of(graph: &Graph, found: &Survey) -> Self {
        let mut lineage = Self::default();
        let named =
            |name: &TableName, column: &String| Column { table: name.to_string(), column: Some(column.clone()) };
        for (name, columns) in &found.lineage {
            for (column, origins) in columns {
                let of = |hands_on: bool| {
                    move |origin: &bywash_engine::Origin| Link {
                        from: Column { table: origin.table.clone(), column: Some(origin.column.clone()) },
                        to: named(name, column),
                        hands_on,
                    }
                };
                lineage.links.extend(origins.values.iter().map(of(true)));
                lineage.links.extend(origins.influence.iter().map(of(false)));
            }
        }
        let whole = |name: &TableName| Column { table: name.to_string(), column: None };
        for node in graph.nodes().iter().filter(|node| !node.is_test()) {
            for read in node.reads.iter().filter_map(|read| read.name.as_ref()) {
                lineage.links.insert(Link { from: whole(read), to: whole(&node.name), hands_on: true });
            }
        }
        for (name, schema) in &found.schemas {
            let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
            lineage.columns.insert(name.to_string(), columns);
        }
        lineage
    }

    /// The columns of a table, as far as they are known.
    #[must_use]
    pub fn columns_of(&self, table: &str) -> Option<&BTreeSet<String>> {
        self.columns.get(table)
    }

    /// The links above a column or table, and those below it, nearest first.
    #[must_use]
    pub fn around(&self, start: &Column, up: bool, down: bool) -> Vec<Link> {
        let mut found = Vec::new();
        if up {
            found.extend(self.walk(start, |link| &link.to, |link| &link.from));
        }
        if down {
            found.extend(self.walk(start, |link| &link.from, |link| &link.to));
        }
        let mut seen = BTreeSet::new();
        found.retain(|link| seen.insert(link.clone()));
        found
    }

    fn walk(&self, start: &Column, near: fn(&Link) -> &Column, far: fn(&Link) -> &Column) -> Vec<Link> {
        let mut by_near: BTreeMap<&Column, Vec<&Link>> = BTreeMap::new();
        for link in &self.links {
            by_near.entry(near(link)).or_default().push(link);
        }
        let (mut found, mut left, mut seen) = (Vec::new(), VecDeque::from([start]), BTreeSet::from([start]));
        while let Some(column) = left.pop_front() {
            for link in by_near.get(column).into_iter().flatten() {
                found.push((*link).clone());
                if seen.insert(far(link)) {
                    left.push_back(far(link));
                }
            }
        }
        found
    }
}
