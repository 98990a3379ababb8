//! SQL that changes tables by hand: `insert`, `insert overwrite`, `delete`, `update`, `merge into`, `truncate`, `create
//! table`, `alter table`, `drop table`; each is one commit.
//!
//! A statement is executed again, never rebased, when the branch has moved under it (rule R1). A table that a node
//! of the graph makes changes through its node alone (rule R7).

mod alter;
mod row_changes;

use std::sync::Arc;

use bywash_core::{Code, Error, ObjectId, RefName, Result, TableName, TableRef, counted};
use bywash_engine::sql::{Parameters, Parsed, StatementKind};
use bywash_engine::{Engine, Planned};
use bywash_lake::changes::{TableState, Unsound};
use bywash_lake::objects::{Entry, TableEntry, TableKind};
use bywash_lake::storage::faults;
use bywash_lake::store::Transaction;
use bywash_lake::tables::{DataFile, TableFiles};
use bywash_lake::{Draft, Lake};

use crate::lake_view::{FileOpener, LakeResolver, WorkingTree};
use crate::run::{Meter, Written, write_query};

const MOST_TRIES: usize = 100;

/// What a statement needs around it.
#[derive(Clone)]
pub struct StatementContext {
    /// The lake.
    pub lake: Lake,
    /// The engine.
    pub engine: Arc<Engine>,
    /// Files in quotes.
    pub files: Arc<dyn FileOpener>,
    /// The branch that is written.
    pub branch: RefName,
    /// Values of `$name`.
    pub parameters: Parameters,
    /// Names that models make, and the files that they stand in.
    pub nodes: Vec<(TableName, String)>,
}

/// What a statement did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// In one line.
    pub what: String,
    /// The commit that it made; none if there was nothing to do.
    pub commit: Option<ObjectId>,
}

impl StatementContext {
    /// Executes a statement that changes a table.
    ///
    /// # Errors
    /// The statement cannot be done; then nothing has changed.
    pub async fn execute(&self, parsed: &Parsed) -> Result<Changed> {
        for _ in 0..MOST_TRIES {
            let (lake, files) = self.lake.staged().await?;
            let head = lake.branch(&self.branch).await?;
            let tree = Arc::new(WorkingTree::new(lake.clone(), head.clone()));
            let resolver = Arc::new(LakeResolver::new(tree.clone(), self.files.clone()));
            let writer = Self { lake: lake.clone(), ..self.clone() };
            let what = match writer.change(parsed, &tree, &resolver).await {
                Ok(what) => what,
                Err(error) => {
                    files.discard_all().await;
                    return Err(error);
                }
            };
            if tree.edits().is_empty() {
                return Ok(Changed { what, commit: None });
            }
            let commit = lake.next_commit(&head, tree.tree().await?, summary(parsed));
            faults::barrier("commit").await;
            // An error here may come after the commit: then its files must stay.
            let committed = lake.commit_tree(tree.objects(), &head, commit, Transaction::default()).await?;
            if committed.is_some() {
                return Ok(Changed { what, commit: committed });
            }
            files.discard_all().await;
        }
        Err(Error::new(Code::TargetMoved, format!("`{}` never stands still", self.branch))
            .hint("others commit to it all the time: run the statement on a branch of your own and merge that"))
    }

    async fn change(&self, parsed: &Parsed, tree: &Arc<WorkingTree>, resolver: &Arc<LakeResolver>) -> Result<String> {
        let (target, place) =
            parsed.target.clone().ok_or_else(|| Error::bug("a statement that changes a table names none"))?;
        let located = |error: Error| error.or_at(&place);
        match parsed.kind {
            StatementKind::CreateTableAs { .. } | StatementKind::CreateTable { .. } => {
                self.create(parsed, tree, resolver, &target).await.map_err(located)
            }
            StatementKind::Insert | StatementKind::InsertOverwrite => {
                self.insert(parsed, tree, resolver, &target).await.map_err(located)
            }
            StatementKind::Delete | StatementKind::Update | StatementKind::Merge => {
                self.change_rows(parsed, tree, resolver, &target).await.map_err(located)
            }
            StatementKind::AlterTable { if_exists } => {
                self.alter(parsed, tree, resolver, &target, if_exists).await.map_err(located)
            }
            StatementKind::Truncate => self.truncate(tree, resolver, &target).await.map_err(located),
            StatementKind::DropTable { if_exists } => {
                self.drop_table(tree, resolver, &target, if_exists).await.map_err(located)
            }
            _ => Err(Error::bug("a statement that changes no table was sent to be executed")),
        }
    }

    async fn create(
        &self,
        parsed: &Parsed,
        tree: &Arc<WorkingTree>,
        resolver: &Arc<LakeResolver>,
        target: &TableRef,
    ) -> Result<String> {
        let name = new_name(target)?;
        self.refuse_node(&name)?;
        let (or_replace, if_not_exists) = match parsed.kind {
            StatementKind::CreateTable { or_replace, if_not_exists }
            | StatementKind::CreateTableAs { or_replace, if_not_exists } => (or_replace, if_not_exists),
            _ => (false, false),
        };
        let exists = tree.entry(&name).await?.is_some();
        if exists && if_not_exists {
            return Ok(format!("`{name}` exists already"));
        }
        if exists && !or_replace {
            return Err(Error::new(Code::TableExists, format!("`{name}` exists already"))
                .hint(format!("add rows with `insert into {name}`, or replace them with `insert overwrite {name}`")));
        }
        let planned = self.engine.session(resolver.clone()).plan(parsed, &self.parameters).await?;
        let draft = self.lake.draft(
            tree.objects(),
            &name,
            TableKind::Hand,
            planned.table_schema()?.as_ref(),
            &parsed.partition_by,
            &parsed.cluster_by,
        )?;
        let rows = self.write_new(tree, &name, &draft, planned).await?;
        Ok(format!("created `{name}` with {}", counted(rows, "row")))
    }

    async fn write_new(&self, tree: &WorkingTree, name: &TableName, draft: &Draft, planned: Planned) -> Result<u64> {
        let written = write_query(&self.lake, &draft.shape, planned, Meter::silent()).await?;
        let rows = written.rows;
        let state = TableState::default()
            .append(ObjectId::unique(), written.files, "create table")
            .map_err(|reason| Error::bug(reason.reason()))?;
        let entry = self.lake.create_table(tree.objects(), draft, state, "create table").await?;
        tree.put(name, Some(Entry::Table(Box::new(entry))));
        Ok(rows)
    }

    async fn insert(
        &self,
        parsed: &Parsed,
        tree: &Arc<WorkingTree>,
        resolver: &Arc<LakeResolver>,
        target: &TableRef,
    ) -> Result<String> {
        let (name, entry) = self.writable(tree, resolver, target).await?;
        let shape = self.lake.shape(&entry).await?;
        let planned = self.engine.session(resolver.clone()).plan(parsed, &self.parameters).await?;
        let reads_itself = planned.reads(&name.to_string());
        let written = write_query(&self.lake, &shape, planned, Meter::silent()).await?;
        let rows = written.rows;
        let overwrites = parsed.kind == StatementKind::InsertOverwrite;
        if !overwrites && !reads_itself {
            let entry = self.lake.append(tree.objects(), &entry, written.files, "insert").await?;
            tree.put(&name, Some(Entry::Table(Box::new(entry))));
            return Ok(format!("inserted {} in `{name}`", counted(rows, "row")));
        }
        let state = TableState::read(tree.objects(), &entry).await?;
        let (next, label, what) = if overwrites {
            let (removed, what) = self.replaced(&entry, &written, parsed.overwrites_partitions).await?;
            (state.rewrite(ObjectId::unique(), &removed, written.files, "insert overwrite"), "overwrite", what)
        } else {
            // What it adds follows from the rows that it saw, so it stands or falls with them (rule T4).
            (state.edit(ObjectId::unique(), Vec::new(), written.files, "insert"), "append", "inserted".to_owned())
        };
        self.put(tree, &name, &entry, next.map_err(|reason| unsound(&name, "take these rows", reason))?, label).await?;
        Ok(format!("{what} {} in `{name}`", counted(rows, "row")))
    }

    async fn truncate(&self, tree: &WorkingTree, resolver: &LakeResolver, target: &TableRef) -> Result<String> {
        let (name, entry) = self.writable(tree, resolver, target).await?;
        if entry.rows == 0 {
            return Ok(format!("`{name}` is empty already"));
        }
        let state = TableState::read(tree.objects(), &entry).await?;
        let all = state.files().map(|file| file.path.clone()).collect();
        let next = state.rewrite(ObjectId::unique(), &all, Vec::new(), "truncate");
        let next = next.map_err(|reason| unsound(&name, "be emptied", reason))?;
        self.put(tree, &name, &entry, next, "truncate").await?;
        Ok(format!("deleted {} in `{name}`", counted(entry.rows, "row")))
    }

    /// The files whose rows an overwrite replaces: all, or those of the partitions that the new rows lie in.
    async fn replaced(
        &self,
        entry: &TableEntry,
        written: &Written,
        partitions_only: bool,
    ) -> Result<(std::collections::HashSet<String>, String)> {
        let files = TableFiles::load(self.lake.warehouse(), &entry.metadata, entry.snapshot_id).await?.files;
        let is_older = |file: &DataFile| written.files.iter().any(|new| new.spec_id != file.spec_id);
        if partitions_only && files.iter().any(is_older) {
            return Err(Error::new(
                Code::NotYetSupported,
                "files from before the table was partitioned so may hold rows of the same partitions",
            )
            .hint("delete the rows that are to be replaced, and insert the new ones"));
        }
        let touched =
            |file: &DataFile| !partitions_only || written.files.iter().any(|new| new.partition == file.partition);
        let removed: Vec<_> = files.iter().filter(|file| touched(file)).collect();
        let rows: u64 = removed.iter().map(|file| file.record_count).sum();
        let what = format!("replaced {} by", counted(rows, "row"));
        Ok((removed.into_iter().map(|file| file.path.clone()).collect(), what))
    }

    async fn drop_table(
        &self,
        tree: &WorkingTree,
        resolver: &LakeResolver,
        target: &TableRef,
        if_exists: bool,
    ) -> Result<String> {
        if if_exists && is_absent(tree, resolver, target).await? {
            return Ok(format!("there is no `{target}`"));
        }
        let name = self.own_name(resolver, target).await?;
        // Also what a model made that is gone: `own_name` has refused those that are there.
        let what = match tree.entry(&name).await? {
            Some(Entry::Table(table)) => format!("`{name}` with {}", counted(table.rows, "row")),
            Some(Entry::View(_)) => format!("the view `{name}`"),
            None => return Err(resolver.unknown_table(target).await),
        };
        tree.put(&name, None);
        Ok(format!("dropped {what}"))
    }

    /// Writes a table's new set of changes, and puts it into the tree.
    async fn put(
        &self,
        tree: &WorkingTree,
        name: &TableName,
        entry: &TableEntry,
        next: TableState,
        label: &str,
    ) -> Result<()> {
        let entry = self.lake.write_state(tree.objects(), entry, next, label).await?;
        tree.put(name, Some(Entry::Table(Box::new(entry))));
        Ok(())
    }

    /// An existing table that SQL may change.
    async fn writable(
        &self,
        tree: &WorkingTree,
        resolver: &LakeResolver,
        target: &TableRef,
    ) -> Result<(TableName, TableEntry)> {
        let name = self.own_name(resolver, target).await?;
        match tree.entry(&name).await? {
            Some(Entry::Table(table)) if table.kind != TableKind::Node => Ok((name, *table)),
            Some(_) => Err(Error::new(Code::NodeTable, format!("`{name}` was made by a model that is gone"))
                .hint(format!(
                    "keep its rows in a table of your own: `create table scratch.{} as select * from {name}`",
                    name.name()
                ))
                .hint(format!("remove it: `drop table {name}`"))),
            None => Err(resolver.unknown_table(target).await),
        }
    }

    /// The full name of a table that no model makes.
    async fn own_name(&self, resolver: &LakeResolver, target: &TableRef) -> Result<TableName> {
        if target.at.is_some() {
            return Err(Error::new(
                Code::WrongUsage,
                format!("`{target}` is a table at another ref, which SQL cannot write"),
            )
            .hint("write on that branch with `--ref`"));
        }
        let name = resolver.full_name(target).await?;
        self.refuse_node(&name)?;
        Ok(name)
    }

    fn refuse_node(&self, name: &TableName) -> Result<()> {
        if name.namespace() == "bywash" {
            return Err(Error::new(
                Code::NodeTable,
                format!("`{name}` lies among the system tables, which SQL cannot write"),
            ));
        }
        match self.nodes.iter().find(|(node, _)| node == name) {
            Some((_, file)) => {
                Err(Error::new(Code::NodeTable, format!("`{name}` is made by a model and changes through it alone"))
                    .hint(format!("edit `{file}` and run `bywash run -s {name}`")))
            }
            None => Ok(()),
        }
    }
}

async fn is_absent(tree: &WorkingTree, resolver: &LakeResolver, target: &TableRef) -> Result<bool> {
    match resolver.full_name(target).await {
        Ok(name) => Ok(tree.entry(&name).await?.is_none()),
        Err(_) => Ok(true),
    }
}

fn new_name(target: &TableRef) -> Result<TableName> {
    match (&target.namespace, &target.at) {
        (Some(namespace), None) => TableName::new(namespace, &target.name),
        (None, _) => {
            Err(Error::new(Code::InvalidName, format!("`{target}` does not say in which namespace to create it"))
                .hint(format!("write `create table scratch.{}`, say", target.name)))
        }
        (_, Some(_)) => {
            Err(Error::new(Code::WrongUsage, format!("`{target}` names another ref: write there with `--ref`")))
        }
    }
}

fn unsound(name: &TableName, what: &str, reason: Unsound) -> Error {
    Error::new(Code::MergeConflict, format!("`{name}` cannot {what}: {}", reason.reason()))
}

/// The statement in one line, for the log.
fn summary(parsed: &Parsed) -> String {
    const LONGEST: usize = 100;
    let line = parsed.text().split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
