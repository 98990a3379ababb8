//! A run of the past, as the catalog kept it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path};

use bywash_core::{Code, Error, Result};
use bywash_lake::objects::{Asked, Entry};
use bywash_lake::store::{RunNodeRow, RunRow, TestRow};
use bywash_lake::{Head, Lake};

use crate::graph::{Graph, NodeId};
use crate::run::{Start, run_ref, shown_status};

/// How much of a run's id must be named.
const SHORTEST: usize = 4;

/// A run of the past.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// Its row in the log.
    pub row: RunRow,
    /// What it published; or what it had finished, if it failed.
    pub head: Head,
    /// What became of its nodes.
    pub nodes: Vec<RunNodeRow>,
    /// What its tests said.
    pub tests: Vec<TestRow>,
    /// What it was asked.
    pub asked: Asked,
}

impl PastRun {
    /// The run that a word names: its id or the beginning of it, or else a commit that it made.
    ///
    /// A run that changed nothing left no commit; the run that had made the commit it stood on is taken instead.
    ///
    /// # Errors
    /// Nothing is called that, several runs are, the run goes on, or it left nothing to do it again from.
    pub async fn find(lake: &Lake, text: &str, commit: Option<Head>) -> Result<Self> {
        let mut runs = lake.store().runs().await?;
        let row = match commit.and_then(|head| head.commit.run) {
            Some(run) => take(&mut runs, |row| row.id == run),
            None if text.len() < SHORTEST => None,
            None => {
                let named = |row: &RunRow| row.id.starts_with(text);
                let found: BTreeSet<&str> = runs.iter().filter(|row| named(row)).map(|row| row.id.as_str()).collect();
                if found.len() > 1 {
                    let ids = found.into_iter().collect::<Vec<_>>().join("`, `");
                    let error = Error::new(Code::UnknownRun, format!("`{text}` may be the run `{ids}`"));
                    return Err(error.hint("write more of its id"));
                }
                take(&mut runs, named)
            }
        };
        let row = row.ok_or_else(|| unknown(format!("there is no run `{text}`")))?;
        let head = Self::result(lake, &row).await?;
        let row = match &head.commit.run {
            Some(run) if *run == row.id => row,
            Some(run) => take(&mut runs, |other| other.id == *run)
                .ok_or_else(|| unknown(format!("the run `{run}` is not in the log any more")))?,
            None => {
                let message = format!("the run `{}` changed nothing, and no run had made what it stood on", row.id);
                return Err(unknown(message));
            }
        };
        if head.commit.files.is_empty() {
            let message = format!("the run `{}` kept no file of its project", row.id);
            return Err(unknown(message).hint("an older Bywash made it, or git ignores `bywash.toml`"));
        }
        let nodes = lake.store().run_nodes(Some(&row.id)).await?;
        if nodes.is_empty() {
            let message =
                format!("the run `{}` {} before it could record what its nodes did", row.id, shown_status(&row));
            return Err(unknown(message));
        }
        let tests = lake.store().tests(Some(&row.id)).await?;
        let asked = head.commit.asked.clone().unwrap_or_default();
        Ok(Self { row, head, nodes, tests, asked })
    }

    /// What a run came to.
    async fn result(lake: &Lake, row: &RunRow) -> Result<Head> {
        let status = shown_status(row);
        if status == "running" {
            return Err(unknown(format!("the run `{}` is under way", row.id)).hint("wait for its end"));
        }
        let own = lake.store().read_ref(&run_ref(&row.id)).await?.map(|own| own.commit);
        match own.or(row.commit) {
            Some(commit) => lake.resolve(&commit.to_string()).await,
            None => {
                let message = format!("the run `{}` {status} and kept nothing to do it again from", row.id);
                Err(unknown(message).hint("only finished nodes are kept, and those of failed runs for a while"))
            }
        }
    }

    /// Writes the project's files as the run saw them into a folder.
    ///
    /// # Errors
    /// The catalog cannot be read, the folder cannot be written.
    pub async fn restore(&self, lake: &Lake, folder: &Path) -> Result<()> {
        let objects = lake.objects();
        for (path, content) in self.head.commit.files.all(&objects).await? {
            let path = Path::new(&path);
            if !path.components().all(|part| matches!(part, Component::Normal(_))) {
                let message = format!("`{}` is no path inside of a project", path.display());
                return Err(Error::new(Code::CatalogCorrupt, message));
            }
            let whole = folder.join(path);
            let unwritable = |error: std::io::Error| Error::io("write", &whole, &error);
            fs::create_dir_all(whole.parent().unwrap_or(folder)).map_err(unwritable)?;
            fs::write(&whole, objects.read_bytes(content.0).await?).map_err(unwritable)?;
        }
        Ok(())
    }

    /// The commit that the run began on.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn before(&self, lake: &Lake) -> Result<Head> {
        match self.head.commit.parents.first() {
            Some(parent) => lake.resolve(&parent.to_string()).await,
            None => Err(Error::bug("a run made the first commit of a lake")),
        }
    }

    /// The models that took part in it, but for those behind a source that could not be loaded.
    #[must_use]
    pub fn models(&self, graph: &Graph) -> BTreeSet<NodeId> {
        let taken: BTreeSet<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        let behind = self.behind_failed_loads(graph);
        let models = graph.nodes().iter().filter(|node| node.model().is_some() && !behind.contains(&node.id));
        models.filter(|node| taken.contains(node.name.to_string().as_str())).map(|node| node.id).collect()
    }

    /// The tests that were made.
    #[must_use]
    pub fn tests(&self, graph: &Graph) -> BTreeSet<NodeId> {
        let made: BTreeSet<&str> = self.tests.iter().map(|test| test.name.as_str()).collect();
        graph.tests().filter(|node| made.contains(node.name.name())).map(|node| node.id).collect()
    }

    /// What is loaded is never loaded again, so nobody can tell what comes out of what could not be loaded.
    fn behind_failed_loads(&self, graph: &Graph) -> BTreeSet<NodeId> {
        let is_load = |row: &&RunNodeRow| matches!(row.kind.as_str(), "source" | "seed") && row.status == "failed";
        let failed: BTreeSet<&str> = self.nodes.iter().filter(is_load).map(|row| row.name.as_str()).collect();
        let mut behind = BTreeSet::new();
        for id in graph.order() {
            let node = graph.node(*id);
            if failed.contains(node.name.to_string().as_str()) || node.parents.iter().any(|it| behind.contains(it)) {
                behind.insert(*id);
            }
        }
        behind
    }

    /// The tree to begin with on a branch that stands where the run began.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn start(&self, lake: &Lake, graph: &Graph, head: Head) -> Result<Start> {
        let objects = lake.objects();
        let mut edits: BTreeMap<String, Option<Entry>> = BTreeMap::new();
        for id in self.models(graph) {
            let name = graph.node(id).name.to_string();
            let before = head.commit.tree.get(&objects, &name).await?;
            edits.insert(name, before);
        }
        let tree = self.head.commit.tree.with(&objects, edits).await?;
        Ok(Start { head, tree, objects, merged: None })
    }
}

fn take(runs: &mut Vec<RunRow>, is_meant: impl Fn(&RunRow) -> bool) -> Option<RunRow> {
    let place = runs.iter().position(is_meant)?;
    Some(runs.swap_remove(place))
}

fn unknown(message: String) -> Error {
    Error::new(Code::UnknownRun, message).hint("`bywash query \"from bywash.runs\"` lists the runs")
}
