//! The door to a lake: its refs and commits.
//!
//! A lake is a folder with `catalog.db` (objects, refs, reflog, runs) and `warehouse/` (Iceberg tables), each of which
//! may lie elsewhere: the catalog in PostgreSQL, the warehouse in an object store. Reading needs no lock; a ref moves by
//! one compare-and-swap in one transaction that also stores what it points to.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Code, Error, ObjectId, RefName, Result, SystemClock, TableName, suggestion};

use crate::author::author;
use crate::lease::{Lease, Leases};
use crate::lost_catalog::{refuse_lost_catalog, refuse_new_catalog};
use crate::objects::{Commit, Entry, HashTree, KnownObjects, Objects};
use crate::place::LakePlace;
use crate::storage::{StagedFiles, Warehouse};
use crate::store::{Outcome, RefKind, RefRow, RefSwap, SqlStore, Store, Transaction};

/// A lake, open. Cheap to clone.
#[derive(Clone)]
pub struct Lake {
    store: Store,
    warehouse: Arc<Warehouse>,
    folder: PathBuf,
    known: KnownObjects,
    leases: Arc<Leases>,
    /// What was read and written through this lake stays, as long as it lives (rule T7).
    lease: Option<Arc<Lease>>,
}

/// A commit with its id, and the ref that pointed to it when it was read.
#[derive(Clone, Debug)]
pub struct Head {
    /// The ref, if it was named by one.
    pub name: Option<RefName>,
    /// The commit's id.
    pub id: ObjectId,
    /// The commit.
    pub commit: Commit,
}

impl Lake {
    /// Opens the lake at this place, and creates it with an empty `main` if there is none.
    ///
    /// `patience` is how long to wait for a catalog that another process holds. A user who may not write there can read
    /// the lake; what writes is refused then.
    ///
    /// # Errors
    /// The place cannot be read, the catalog is locked, damaged, too new, missing beside tables, or that of other tables.
    pub async fn open(place: &LakePlace, patience: Duration) -> Result<Self> {
        let mut folder = place.folder.clone();
        if place.is_in_folder() {
            std::fs::create_dir_all(&folder).map_err(|error| Error::io("create the lake folder", &folder, &error))?;
            folder = folder.canonicalize().map_err(|error| Error::io("open the lake folder", &folder, &error))?;
        }
        if place.catalog.is_none() && place.warehouse.is_none() {
            refuse_lost_catalog(&folder)?;
        }
        let store: Store = match &place.catalog {
            None => Arc::new(SqlStore::open_file(&folder.join("catalog.db"), patience).await?),
            Some(postgres) => Arc::new(SqlStore::open_postgres(postgres, patience).await?),
        };
        let warehouse = Arc::new(match &place.warehouse {
            None => Warehouse::open(&folder.join("warehouse"))?,
            Some(remote) => Warehouse::open_remote(remote).await?,
        });
        store.bind_warehouse(warehouse.location(), place.has_moved).await?;
        let leases = Leases::of(&store);
        let lake = Self { store, warehouse, folder, known: KnownObjects::default(), leases, lease: None };
        lake.ensure_main().await?;
        Ok(lake)
    }

    /// Objects, with nothing pending.
    #[must_use]
    pub fn objects(&self) -> Objects {
        Objects::knowing(self.store.clone(), self.known.clone())
    }

    /// The durable side.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the tables' files are.
    #[must_use]
    pub fn warehouse(&self) -> &Arc<Warehouse> {
        &self.warehouse
    }

    /// The same lake to write through, and the files that will be written: to be removed if no commit comes about.
    ///
    /// Who writes asks for it before reading what the writing builds on: a lease begins here (rule T7), and ends when
    /// the lake that is given back and its clones are gone.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn staged(&self) -> Result<(Self, StagedFiles)> {
        let lease = match &self.lease {
            Some(lease) => lease.clone(),
            None => self.leases.hold().await?,
        };
        let (lake, files) = self.to_plan();
        Ok((Self { lease: Some(lease), ..lake }, files))
    }

    /// The same without a lease, for who plans what a command would write: users who may only read can plan.
    #[must_use]
    pub fn to_plan(&self) -> (Self, StagedFiles) {
        let (warehouse, files) = self.warehouse.staged();
        (Self { warehouse: Arc::new(warehouse), ..self.clone() }, files)
    }

    /// The lake's folder, absolute; nothing lies there if both catalog and warehouse are elsewhere.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A branch's newest commit.
    ///
    /// # Errors
    /// There is no such branch.
    pub async fn branch(&self, name: &RefName) -> Result<Head> {
        let found = self.store.read_ref(name.as_str()).await?.filter(|row| row.kind == RefKind::Branch);
        match found {
            Some(row) => self.head(Some(name.clone()), row.commit).await,
            None => Err(self.unknown_ref(name.as_str(), "branch").await?),
        }
    }

    /// The commit that a ref, a commit id or a branch at a time stands for.
    ///
    /// # Errors
    /// Nothing is called that.
    pub async fn resolve(&self, text: &str) -> Result<Head> {
        if let Some(row) = self.store.read_ref(text).await? {
            return self.head(text.parse().ok(), row.commit).await;
        }
        if let Some((name, time)) = text.split_once('@') {
            return self.resolve_at(name, time).await;
        }
        if let Some((text, back)) = text.split_once('~') {
            return self.ancestor(text, back).await;
        }
        match self.find_commit(text).await? {
            Some(id) => self.head(None, id).await,
            None => Err(self.unknown_ref(text, "branch, tag or commit").await?),
        }
    }

    /// A commit by its id.
    ///
    /// # Errors
    /// It is absent.
    pub async fn commit(&self, id: ObjectId) -> Result<Commit> {
        self.objects().read(id).await
    }

    /// The entry under a name in a commit.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn entry(&self, commit: &Commit, name: &TableName) -> Result<Option<Entry>> {
        commit.tree.get(&self.objects(), &name.to_string()).await
    }

    /// Makes a branch or a tag.
    ///
    /// # Errors
    /// Something has the name already.
    pub async fn create_ref(&self, kind: RefKind, name: &RefName, at: ObjectId) -> Result<()> {
        let message = format!("create {} {name}", kind.as_str());
        let swap = RefSwap { name: name.to_string(), kind, expected: None, new: Some(at), message, run: None };
        match self.store.transact(Transaction { swaps: vec![swap], ..Transaction::default() }).await? {
            Outcome::Done => Ok(()),
            Outcome::Moved(_) => Err(exists(name)),
        }
    }

    /// Deletes a branch or a tag; its commits stay until they are collected.
    ///
    /// # Errors
    /// There is none of that name and kind, or it is `main`.
    pub async fn delete_ref(&self, kind: RefKind, name: &RefName) -> Result<ObjectId> {
        if *name == RefName::main() {
            return Err(Error::new(Code::UnsafeDelete, "`main` cannot be deleted"));
        }
        let Some(row) = self.store.read_ref(name.as_str()).await?.filter(|row| row.kind == kind) else {
            return Err(self.unknown_ref(name.as_str(), kind.as_str()).await?);
        };
        let message = format!("delete {} {name}", kind.as_str());
        let swap = RefSwap { name: row.name, kind, expected: Some(row.commit), new: None, message, run: None };
        match self.store.transact(Transaction { swaps: vec![swap], ..Transaction::default() }).await? {
            Outcome::Done => Ok(row.commit),
            Outcome::Moved(_) => Err(moved(name)),
        }
    }

    /// Gives a branch another name, in one transaction; both reflogs say so, and the new name's begins anew (rule T2).
    ///
    /// # Errors
    /// There is no such branch, something has the new name, or it is `main`.
    pub async fn rename_branch(&self, old: &RefName, new: &RefName) -> Result<ObjectId> {
        if *old == RefName::main() {
            return Err(Error::new(Code::UnsafeDelete, "`main` cannot be renamed: every lake has it")
                .hint(format!("make another branch of it: `bywash branch create {new} --ref main`")));
        }
        let head = self.branch(old).await?;
        let swap = |name: &RefName, expected, new, message| RefSwap {
            name: name.to_string(),
            kind: RefKind::Branch,
            expected,
            new,
            message,
            run: None,
        };
        let swaps = vec![
            swap(new, None, Some(head.id), format!("rename branch {old}")),
            swap(old, Some(head.id), None, format!("rename to {new}")),
        ];
        match self.store.transact(Transaction { swaps, ..Transaction::default() }).await? {
            Outcome::Done => Ok(head.id),
            Outcome::Moved(name) if name == new.as_str() => Err(exists(new)),
            Outcome::Moved(_) => Err(moved(old)),
        }
    }

    /// All refs of a kind.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn refs(&self, kind: RefKind) -> Result<Vec<RefRow>> {
        Ok(self.store.refs().await?.into_iter().filter(|row| row.kind == kind).collect())
    }

    /// Commits a tree on a branch that must still be at `head`; `Ok(None)` if it has moved.
    ///
    /// The transaction may carry more: rows of a run, kept outputs.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn commit_tree(
        &self,
        objects: &Objects,
        head: &Head,
        commit: Commit,
        mut transaction: Transaction,
    ) -> Result<Option<ObjectId>> {
        let Some(name) = &head.name else {
            return Err(
                Error::new(Code::WrongUsage, "only a branch can be written to").hint("name a branch with `--ref`")
            );
        };
        let (message, run) = (commit.message.clone(), commit.run.clone());
        let id = objects.add(&commit)?;
        transaction.swaps.push(RefSwap {
            name: name.to_string(),
            kind: RefKind::Branch,
            expected: Some(head.id),
            new: Some(id),
            message,
            run,
        });
        Ok(self.transact(objects, transaction).await?.then_some(id))
    }

    /// Stores everything pending and the rest of the transaction; false if a ref has moved.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn transact(&self, objects: &Objects, transaction: Transaction) -> Result<bool> {
        Ok(self.transact_with_outcome(objects, transaction).await? == Outcome::Done)
    }

    /// The same, and which ref has moved.
    pub(crate) async fn transact_with_outcome(
        &self,
        objects: &Objects,
        mut transaction: Transaction,
    ) -> Result<Outcome> {
        transaction.objects.extend(objects.pending());
        transaction.named.extend(objects.named());
        transaction.field_ids.extend(objects.given_out());
        transaction.lease = self.lease.as_ref().map(|lease| lease.number());
        let (stored, ids) = (transaction.objects.clone(), transaction.field_ids.clone());
        let outcome = self.store.transact(transaction).await?;
        if outcome == Outcome::Done {
            objects.stored(&stored, &ids);
        }
        Ok(outcome)
    }

    /// A commit on top of `head` with this tree; the project's files are taken to be the same.
    #[must_use]
    pub fn next_commit(&self, head: &Head, tree: HashTree<Entry>, message: impl Into<String>) -> Commit {
        Commit {
            parents: vec![head.id],
            generation: head.commit.next_generation(),
            tree,
            author: author(&self.folder),
            message: message.into(),
            time: SystemClock.now(),
            run: None,
            files: head.commit.files,
            asked: None,
        }
    }

    async fn head(&self, name: Option<RefName>, id: ObjectId) -> Result<Head> {
        match self.commit(id).await {
            Ok(commit) => Ok(Head { name, id, commit }),
            // The reflog remembers commits that are gone.
            Err(error) if name.is_none() && error.code() == Code::ObjectMissing => {
                Err(Error::new(Code::UnknownRef, format!("commit `{}` was collected", id.short()))
                    .hint("no branch or tag reached it any more: `bywash gc` deletes such commits after a while"))
            }
            Err(error) => Err(error),
        }
    }

    async fn ensure_main(&self) -> Result<()> {
        if self.store.read_ref("main").await?.is_some() {
            return Ok(());
        }
        if let Err(refused) = refuse_new_catalog(&self.warehouse).await {
            // Another process may have made it meanwhile, and written tables already.
            return if self.store.read_ref("main").await?.is_some() { Ok(()) } else { Err(refused) };
        }
        let objects = self.objects();
        let commit = Commit {
            parents: Vec::new(),
            generation: 1,
            tree: HashTree::default(),
            author: author(&self.folder),
            message: "create lake".to_owned(),
            time: SystemClock.now(),
            run: None,
            files: HashTree::default(),
            asked: None,
        };
        let new = Some(objects.add(&commit)?);
        let message = commit.message;
        let swap = RefSwap { name: "main".to_owned(), kind: RefKind::Branch, expected: None, new, message, run: None };
        // Another process may have been faster; then its `main` stands.
        self.transact(&objects, Transaction { swaps: vec![swap], ..Transaction::default() }).await?;
        Ok(())
    }

    /// Rule T2: the latest swap at or before that time in the reflog.
    async fn resolve_at(&self, name: &str, time: &str) -> Result<Head> {
        let micros = bywash_core::parse_time(time)?;
        let log = self.store.reflog(Some(name)).await?;
        if log.is_empty() {
            return Err(self.unknown_ref(name, "branch").await?);
        }
        // A recreated ref starts anew: what happened before its last creation is not its history.
        let own = log.iter().take_while(|row| row.new.is_some());
        let found = own.filter(|row| row.time <= micros).max_by_key(|row| row.time).and_then(|row| row.new);
        match found {
            Some(id) => self.head(None, id).await,
            None => Err(Error::new(Code::UnknownRef, format!("`{name}` did not exist at `{time}`"))
                .hint(format!("`bywash log --ref {name}` shows its history"))),
        }
    }

    async fn ancestor(&self, text: &str, back: &str) -> Result<Head> {
        let steps: usize = back
            .parse()
            .map_err(|_| Error::new(Code::UnknownRef, format!("`~{back}` is no number of commits to go back")))?;
        let mut head = Box::pin(self.resolve(text)).await?;
        for _ in 0..steps {
            let Some(parent) = head.commit.parents.first() else {
                return Err(Error::new(Code::UnknownRef, format!("`{text}` has fewer than {steps} commits before it")));
            };
            head = self.head(None, *parent).await?;
        }
        Ok(head)
    }

    pub(crate) async fn unknown_ref(&self, text: &str, what: &str) -> Result<Error> {
        let refs = self.store.refs().await?;
        let known = refs.iter().filter(|row| row.kind != RefKind::Run).map(|row| row.name.as_str());
        Ok(Error::new(Code::UnknownRef, format!("there is no {what} `{text}`"))
            .maybe_hint(suggestion(text, known))
            .hint("`bywash branch list` and `bywash tag list` show what there is"))
    }
}

fn exists(name: &RefName) -> Error {
    Error::new(Code::RefExists, format!("`{name}` exists already"))
        .hint("choose another name, or delete that one first")
}

/// The ref moved between reading and writing.
pub(crate) fn moved(name: impl std::fmt::Display) -> Error {
    Error::new(Code::TargetMoved, format!("`{name}` has moved meanwhile"))
        .hint("nothing was changed: run the command again")
}
