//! Finds what SQL names: tables and views of a tree, tables at another ref, system tables, files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use async_trait::async_trait;
use bywash_core::{Code, Error, Result, TableName, TableRef, suggestion};
use bywash_engine::{LakeTable, Resolved, TableResolver, deleted_rows};
use bywash_lake::objects::{Entry, TableEntry};
use bywash_lake::tables::TableFiles;

use super::WorkingTree;
use super::system_tables::{SYSTEM_TABLES, system_table};
use super::time_travel::{Moment, at_snapshot, moment};

/// Opens files that SQL names in quotes; implemented by whoever reads files.
#[async_trait]
pub trait FileOpener: Send + Sync {
    /// The rows of a file or glob.
    async fn open(&self, path: &str) -> Result<Resolved>;
}

/// No files at all.
pub struct NoFiles;

#[async_trait]
impl FileOpener for NoFiles {
    async fn open(&self, path: &str) -> Result<Resolved> {
        Err(Error::new(Code::NotYetSupported, format!("the file `{path}` cannot be read inside a model"))
            .hint("make it a resource of a source, or a seed, and read that table"))
    }
}

/// Resolves names in one tree.
pub struct LakeResolver {
    tree: Option<Arc<WorkingTree>>,
    files: Arc<dyn FileOpener>,
    overlays: RwLock<BTreeMap<TableName, Resolved>>,
    others: Mutex<HashMap<String, Arc<WorkingTree>>>,
}

impl LakeResolver {
    /// Resolves in this tree. Nothing is read yet: of many tables a statement reads few.
    #[must_use]
    pub fn new(tree: Arc<WorkingTree>, files: Arc<dyn FileOpener>) -> Self {
        Self { tree: Some(tree), files, overlays: RwLock::default(), others: Mutex::default() }
    }

    /// Resolves files alone: there is no lake.
    #[must_use]
    pub fn without_lake(files: Arc<dyn FileOpener>) -> Self {
        Self { tree: None, files, overlays: RwLock::default(), others: Mutex::default() }
    }

    /// Puts something in the place of a table.
    #[must_use]
    pub fn with(self, name: TableName, resolved: Resolved) -> Self {
        self.put(name, resolved);
        self
    }

    /// The same while it is in use.
    pub fn put(&self, name: TableName, resolved: Resolved) {
        self.overlays.write().unwrap_or_else(PoisonError::into_inner).insert(name, resolved);
    }

    /// What was put in the place of a table.
    #[must_use]
    pub fn overlaid(&self, name: &TableName) -> Option<Resolved> {
        self.overlays().get(name).cloned()
    }

    /// The full name of a reference.
    ///
    /// # Errors
    /// A bare name that fits no table, or several.
    pub async fn full_name(&self, table: &TableRef) -> Result<TableName> {
        if let Some(namespace) = &table.namespace {
            return TableName::new(namespace, &table.name);
        }
        let names = self.names_called(&table.name).await?;
        match names.iter().collect::<Vec<_>>().as_slice() {
            [one] => one.parse(),
            [] => Err(self.unknown_table(table).await),
            several => {
                Err(Error::new(Code::AmbiguousTable, format!("`{table}` could be any of {} tables", several.len()))
                    .hint(format!(
                        "write {}",
                        several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
                    )))
            }
        }
    }

    /// The error that a table is nowhere.
    pub async fn unknown_table(&self, table: &TableRef) -> Error {
        let wanted = TableRef { at: None, ..table.clone() }.to_string();
        let names = match self.names().await {
            Ok(names) => names,
            Err(error) => return error,
        };
        let bare = names.iter().filter_map(|name| name.split_once('.').map(|(_, bare)| bare));
        let near = match table.namespace {
            Some(_) => suggestion(&wanted, names.iter().map(String::as_str)),
            None => suggestion(&wanted, bare),
        };
        Error::new(Code::UnknownTable, format!("there is no table `{wanted}`"))
            .maybe_hint(near)
            .hint("`bywash table list` shows what there is")
    }

    /// Every name that stands for a table or view.
    async fn names(&self) -> Result<BTreeSet<String>> {
        let mut names = match &self.tree {
            Some(tree) => tree.names().await?,
            None => BTreeSet::new(),
        };
        names.extend(self.overlays().keys().map(ToString::to_string));
        Ok(names)
    }

    /// The full names of a bare one.
    async fn names_called(&self, bare: &str) -> Result<BTreeSet<String>> {
        let is_called = |name: &str| name.split_once('.').is_some_and(|(_, name)| name == bare);
        let mut names = match &self.tree {
            Some(tree) => tree.names_that(is_called).await?,
            None => BTreeSet::new(),
        };
        names.extend(self.overlays().keys().filter(|name| name.name() == bare).map(ToString::to_string));
        Ok(names)
    }

    fn overlays(&self) -> RwLockReadGuard<'_, BTreeMap<TableName, Resolved>> {
        self.overlays.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn resolve_at(&self, tree: &WorkingTree, table: &TableRef, at: &str) -> Result<Resolved> {
        let kept = self.others.lock().unwrap_or_else(PoisonError::into_inner).get(at).cloned();
        let other = match kept {
            Some(kept) => kept,
            None => match moment(tree, at).await? {
                Moment::Snapshot(id) => {
                    let name = self.full_name(table).await?;
                    return resolved(tree, &name, at_snapshot(tree, &name, id).await?, None).await;
                }
                Moment::Commit(head) => self.keep_tree(at, WorkingTree::new(tree.lake().clone(), *head)),
            },
        };
        if is_system(table) {
            return about_the_lake(&other, table).await;
        }
        let name = Self::new(other.clone(), self.files.clone()).full_name(table).await?;
        match other.entry(&name).await? {
            Some(entry) => resolved(&other, &name, entry, Some(at)).await,
            None => Err(Error::new(Code::UnknownTable, format!("there is no table `{name}` at `{at}`"))
                .hint(format!("`bywash table list --ref {at}` shows what there is"))),
        }
    }

    /// A statement reads a ref at one commit, however often it names it.
    fn keep_tree(&self, at: &str, tree: WorkingTree) -> Arc<WorkingTree> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.entry(at.to_owned()).or_insert_with(|| Arc::new(tree)).clone()
    }
}

/// Whether it is a table about the lake itself.
fn is_system(table: &TableRef) -> bool {
    table.namespace.as_deref() == Some("bywash")
}

/// The rows of a table about the lake, of its own tables as this tree has them.
async fn about_the_lake(tree: &WorkingTree, table: &TableRef) -> Result<Resolved> {
    let batch = system_table(tree, &table.name).await?;
    Ok(Resolved::Batches(batch.schema(), vec![batch]))
}

/// An entry for the engine; the tables of a view that was read at a ref are those at that ref.
async fn resolved(tree: &WorkingTree, name: &TableName, entry: Entry, at: Option<&str>) -> Result<Resolved> {
    match entry {
        Entry::View(view) => {
            Ok(Resolved::View { sql: view.sql, origin: view.origin.into(), at: at.map(str::to_owned) })
        }
        Entry::Table(table) => Ok(Resolved::Lake(lake_table(tree, name, &table).await?)),
    }
}

/// A table of the lake for the engine.
///
/// # Errors
/// Its metadata cannot be read.
pub async fn lake_table(tree: &WorkingTree, name: &TableName, table: &TableEntry) -> Result<LakeTable> {
    let warehouse = tree.lake().warehouse().clone();
    let files = TableFiles::load(&warehouse, &table.metadata, table.snapshot_id).await?;
    let without = deleted_rows(&warehouse, &files).await?;
    Ok(LakeTable { name: name.to_string(), warehouse, files: Arc::new(files), only: None, without })
}

#[async_trait]
impl TableResolver for LakeResolver {
    async fn resolve(&self, table: &TableRef) -> Result<Resolved> {
        let Some(tree) = &self.tree else {
            return Err(Error::new(
                Code::UnknownTable,
                format!("there is no table `{table}`: this is no Bywash project"),
            )
            .hint("name a file in quotes, like `from 'data/x.csv'`, or run `bywash init` first"));
        };
        if let Some(at) = &table.at {
            return self.resolve_at(tree, table, at).await;
        }
        if is_system(table) {
            return about_the_lake(tree, table).await;
        }
        let name = self.full_name(table).await?;
        if let Some(overlay) = self.overlaid(&name) {
            return Ok(overlay);
        }
        match tree.entry(&name).await? {
            Some(entry) => resolved(tree, &name, entry, None).await,
            None => Err(self.unknown_table(table).await),
        }
    }

    async fn resolve_file(&self, path: &str) -> Result<Resolved> {
        self.files.open(path).await
    }

    async fn known_tables(&self) -> Result<Vec<String>> {
        let system = SYSTEM_TABLES.iter().map(|name| format!("bywash.{name}"));
        Ok(self.names().await?.into_iter().chain(system).collect())
    }
}
