//! What a load would do: which files it would read, into which columns; nothing is written.
//!
//! Everything is read as a load would read it, so that what would fail fails here.

use std::sync::Arc;

use bywash_core::{Result, TableName};

use super::attempt::Attempt;
use super::runner::{RunOptions, Runner};
use crate::graph::NodeId;

/// What would be loaded into one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadPreview {
    /// The table.
    pub name: TableName,
    /// The files that would be read: new ones and changed ones.
    pub files: Vec<String>,
    /// How many files lie there.
    pub listed: usize,
    /// Its columns with their types: those it has, or those that the files give it.
    pub columns: Vec<(String, String)>,
}

impl Runner {
    /// Looks at the sources among the selected nodes, in the order of the graph.
    ///
    /// # Errors
    /// A file cannot be read, or the catalog.
    pub async fn preview_loads(self: &Arc<Self>, options: RunOptions) -> Result<Vec<LoadPreview>> {
        let attempt = Attempt::new(self, self.lake.to_plan(), Arc::new(options), None, Arc::default()).await?;
        let (sources, _): (Vec<NodeId>, _) = attempt.selected().await?;
        let mut previews = Vec::with_capacity(sources.len());
        for id in sources {
            previews.extend(attempt.preview_load(self.graph.node(id)).await?);
        }
        Ok(previews)
    }
}
