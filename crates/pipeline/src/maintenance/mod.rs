//! Maintenance of tables: the same rows in files and metadata that are better to read. Each is one commit, and no change
//! in the sense of rule T4: merges and reverts beside it give what they would have given.

mod compact;
mod metadata;

use std::collections::BTreeMap;
use std::sync::Arc;

use bywash_core::{Code, Error, ObjectId, RefName, Result, TableName};
use bywash_engine::Engine;
use bywash_lake::objects::{Entry, TableEntry};
use bywash_lake::storage::faults;
use bywash_lake::store::{Output, Transaction};
use bywash_lake::tables::Size;
use bywash_lake::{Head, Lake};

use crate::lake_view::WorkingTree;
use crate::run::new_run_id;

const MOST_TRIES: usize = 100;

/// What maintenance needs around it.
#[derive(Clone)]
pub struct Maintenance {
    /// The lake.
    pub lake: Lake,
    /// The engine.
    pub engine: Arc<Engine>,
    /// The branch whose table it is.
    pub branch: RefName,
}

/// What was gained, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// What is counted: `files`, `snapshots`, `manifests`.
    pub what: &'static str,
    /// As it was.
    pub before: Size,
    /// As it is now; of a preview, as it is likely to be.
    pub after: Size,
    /// The commit; none of a preview.
    pub commit: Option<ObjectId>,
}

/// A table as maintenance found it.
struct Found {
    head: Head,
    tree: WorkingTree,
    table: TableEntry,
}

impl Maintenance {
    /// The table on the branch as it is now.
    async fn find(&self, name: &TableName) -> Result<Found> {
        let head = self.lake.branch(&self.branch).await?;
        let tree = WorkingTree::new(self.lake.clone(), head.clone());
        match tree.entry(name).await? {
            Some(Entry::Table(table)) => Ok(Found { head, tree, table: *table }),
            Some(Entry::View(_)) => Err(Error::new(Code::WrongUsage, format!("`{name}` is a view, and has no files"))
                .hint("name one of the tables that it reads")),
            None => Err(Error::new(Code::UnknownTable, format!("there is no table `{name}` on `{}`", self.branch))
                .hint("`bywash table list` shows what there is")),
        }
    }

    /// Commits the entry in place of what was found; none if the branch has moved since.
    ///
    /// A node's table is recorded as made by the run that made it (rule R7).
    async fn commit(&self, found: &Found, name: &TableName, entry: TableEntry, what: &str) -> Result<Option<ObjectId>> {
        let produced = entry.produced.as_ref().map(|produced| produced.key);
        let entry = Entry::Table(Box::new(entry));
        found.tree.put(name, Some(entry.clone()));
        let objects = found.tree.objects();
        let mut transaction = Transaction::default();
        if let Some(key) = produced {
            transaction.outputs.push(Output {
                key,
                node: name.to_string(),
                version: entry.version(),
                entry: objects.add(&BTreeMap::from([(name.to_string(), entry)]))?,
                run: new_run_id(),
            });
        }
        let commit = self.lake.next_commit(&found.head, found.tree.tree().await?, format!("{what} {name}"));
        faults::barrier("commit").await;
        self.lake.commit_tree(objects, &found.head, commit, transaction).await
    }
}

fn never_stands_still(branch: &RefName) -> Error {
    Error::new(Code::TargetMoved, format!("`{branch}` never stands still"))
        .hint("nothing was changed: others commit to it all the time; run the command again when they are done")
}
