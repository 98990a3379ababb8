//! What a node reads, and which version of it.
//!
//! A view has no version of its own: it counts as its query over the versions of what it reads, so a change below
//! a view is seen through it. Every name looked at is recorded in the tree (rule R1).

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use bywash_core::{ObjectId, ObjectIdBuilder, Result, TableName};
use bywash_lake::objects::Entry;

use crate::lake_view::{Moment, WorkingTree, at_snapshot, moment};

/// A table or view that a node reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Input {
    /// Its full name.
    pub name: TableName,
    /// The ref it is read at, if not the branch of the run.
    pub at: Option<String>,
}

impl Input {
    /// The input as keys and logs name it.
    #[must_use]
    pub fn label(&self) -> String {
        self.at.as_ref().map_or_else(|| self.name.to_string(), |at| format!("{}@{at}", self.name))
    }
}

/// The versions of these inputs in a tree; an absent one is left out, and fails later where it is read.
///
/// # Errors
/// The catalog cannot be read.
pub async fn versions(tree: &WorkingTree, inputs: &[Input]) -> Result<BTreeMap<String, ObjectId>> {
    let mut found = BTreeMap::new();
    for input in inputs {
        let version = match &input.at {
            None => version(tree, input.name.clone()).await?,
            Some(at) => match moment(tree, at).await? {
                Moment::Commit(head) => {
                    let other = WorkingTree::new(tree.lake().clone(), *head);
                    version(&other, input.name.clone()).await?
                }
                Moment::Snapshot(id) => Some(at_snapshot(tree, &input.name, id).await?.version()),
            },
        };
        found.extend(version.map(|version| (input.label(), version)));
    }
    Ok(found)
}

fn version(tree: &WorkingTree, name: TableName) -> Pin<Box<dyn Future<Output = Result<Option<ObjectId>>> + Send + '_>> {
    Box::pin(async move {
        let view = match tree.entry(&name).await? {
            None => return Ok(None),
            Some(Entry::View(view)) => view,
            Some(table) => return Ok(Some(table.version())),
        };
        let mut builder = ObjectIdBuilder::default().part("view").part(&view.sql);
        for input in &view.inputs {
            builder = builder.part(input);
            if let Some(version) = version(tree, input.parse()?).await? {
                builder = builder.part(version.as_bytes());
            }
        }
        Ok(Some(builder.finish()))
    })
}
