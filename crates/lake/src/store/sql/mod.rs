//! The store on a database of SQL: one set of statements, which SQLite and PostgreSQL both understand.
//!
//! A transaction that met a lost connection is done again as a whole, until `patience` is over. That never does it
//! twice: a driver says that a commit failed only when it knows so.

mod binding;
mod collection;
mod driver;
mod schema;
mod stored;
mod table;
mod value;

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use bywash_core::{Code, Error, Micros, ObjectId, Result, SystemClock};

pub(super) use binding::{Kinds, bind, read};
pub(super) use driver::{Attempt, Driver, Failure, Open};
pub(super) use schema::{VERSION, for_postgres, missing};
pub(super) use stored::{Stored, TABLES};
pub(super) use table::{Existing, Table};
pub(super) use value::{Row, Statement, Value};

use self::stored::reflog_row;
use super::postgres::{Postgres, PostgresPlace};
use super::sqlite::Sqlite;
use super::{
    CatalogStore, Collection, FieldIdRow, LeaseRow, LoadRow, Outcome, Output, RefRow, RefSwap, ReflogRow, Roots,
    RunNodeRow, RunRow, Standing, TestRow, Transaction,
};
use crate::storage::faults::failing_step;

/// How long to wait before the second try; each wait is twice the one before, up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Objects that are asked for at once.
const MOST_IDS: usize = 500;

/// The catalog in a database.
pub struct SqlStore {
    pub(super) driver: Box<dyn Driver>,
    patience: Duration,
}

impl SqlStore {
    /// Opens a SQLite file, and creates it with its tables if it is absent. Who may not write it can still read it.
    ///
    /// # Errors
    /// The file is locked for longer than `patience`, is no catalog, is damaged, or belongs to a newer Bywash.
    pub async fn open_file(path: &Path, patience: Duration) -> Result<Self> {
        Ok(Self { driver: Box::new(Sqlite::open(path, patience).await?), patience })
    }

    /// Opens the catalog in a database of PostgreSQL, and creates its schema and tables if they are absent.
    ///
    /// # Errors
    /// The server does not answer, or refuses who asks; the catalog belongs to a newer Bywash.
    pub async fn open_postgres(place: &PostgresPlace, patience: Duration) -> Result<Self> {
        Ok(Self { driver: Box::new(Postgres::open(place, patience).await?), patience })
    }

    async fn run(&self, statement: Statement) -> Result<Vec<Row>> {
        let mut tries = Tries::new(self.patience);
        loop {
            match self.driver.run(&statement).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => tries.wait_after(failure).await?,
            }
        }
    }

    async fn all<T: Stored>(&self, rest: &str, values: impl Into<Vec<Value>>) -> Result<Vec<T>> {
        let rows = self.run(Statement::new(T::TABLE.select(rest), values)).await?;
        rows.into_iter().map(|mut row| T::read(&mut row)).collect()
    }

    async fn first<T: Stored>(&self, rest: &str, values: impl Into<Vec<Value>>) -> Result<Option<T>> {
        Ok(self.all(rest, values).await?.into_iter().next())
    }

    async fn attempt(&self, transaction: &Transaction) -> Attempt<Outcome> {
        let mut open = self.driver.begin().await?;
        collection::check(open.as_mut(), transaction).await?;
        for swap in &transaction.swaps {
            if !move_ref(open.as_mut(), swap).await? {
                open.roll_back().await?;
                return Ok(Outcome::Moved(swap.name.clone()));
            }
        }
        if !stand_for_the_same(open.as_mut(), &transaction.field_ids).await? {
            open.roll_back().await?;
            return Ok(Outcome::Moved("the columns of a table".to_owned()));
        }
        for statement in inserts(transaction) {
            open.run(&statement).await?;
        }
        for statement in collection::keep_outputs(&transaction.outputs) {
            open.run(&statement).await?;
        }
        for output in &transaction.replaced_outputs {
            let values = [(&output.entry).into(), (&output.key).into(), (&output.version).into()];
            let sql = "update outputs set entry = $1 where key = $2 and version = $3";
            open.run(&Statement::new(sql, values)).await?;
        }
        let what = transaction.swaps.first().map_or("log", |swap| &swap.name);
        let refused = |error| Failure::Final(Error::io("write", Path::new("catalog"), &error));
        failing_step("transaction", what).map_err(refused)?;
        open.commit().await?;
        failing_step("transaction", what).map_err(refused)?;
        Ok(Outcome::Done)
    }
}

/// Tries of one thing, until it is done, finally fails, or patience is over.
pub(super) struct Tries {
    until: Instant,
    wait: Duration,
}

impl Tries {
    pub(super) fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, wait: FIRST_WAIT }
    }

    /// Waits before the next try; gives the error if there is none.
    pub(super) async fn wait_after(&mut self, failure: Failure) -> Result<()> {
        match failure {
            Failure::Transient(_) if Instant::now() + self.wait < self.until => {}
            failure => return Err(failure.into()),
        }
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(LONGEST_WAIT);
        Ok(())
    }
}

/// The rows that a transaction adds.
fn inserts(transaction: &Transaction) -> Vec<Statement> {
    let run: Vec<RunRow> = transaction.run.iter().cloned().collect();
    let mut statements = insert(&transaction.objects, Existing::Keep);
    statements.extend(insert(&transaction.field_ids, Existing::Keep));
    statements.extend(insert(&transaction.tests, Existing::Refuse));
    statements.extend(insert(&transaction.outputs, Existing::Keep));
    statements.extend(insert(&run, Existing::Replace));
    statements.extend(insert(&transaction.nodes, Existing::Refuse));
    statements.extend(insert(&transaction.loads, Existing::Refuse));
    statements
}

fn insert<T: Stored>(rows: &[T], existing: Existing) -> Vec<Statement> {
    T::TABLE.insert(rows.iter().map(Stored::values).collect(), existing)
}

/// Rule T3: whether those of these ids that are known stand for the same, and none was given up.
async fn stand_for_the_same(open: &mut dyn Open, ids: &[FieldIdRow]) -> Attempt<bool> {
    let row = FieldIdRow::TABLE.select("where table_uuid = $1 and id = $2");
    for id in ids {
        let known = open.run(&Statement::new(row.clone(), [(&id.table_uuid).into(), (&id.id).into()])).await?;
        let Some(mut known) = known.into_iter().next() else { continue };
        let space = FieldIdRow::given_up(&id.table_uuid);
        let given_up = open.run(&Statement::new(row.clone(), [(&space).into(), (&id.id).into()])).await?;
        if FieldIdRow::read(&mut known)? != *id || !given_up.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Moves a ref if it is what was expected.
async fn move_ref(open: &mut dyn Open, swap: &RefSwap) -> Attempt<bool> {
    let current = Statement::new("select commit_id from refs where name = $1", [(&swap.name).into()]);
    let current = open.run(&current).await?.into_iter().next().map(|mut row| row.next()).transpose()?;
    if current != swap.expected {
        return Ok(false);
    }
    match swap.new {
        Some(commit) => {
            let row = RefRow { name: swap.name.clone(), kind: swap.kind, commit };
            // The kind of a ref never changes.
            for statement in insert(&[row], Existing::Replace) {
                open.run(&statement).await?;
            }
        }
        None => {
            open.run(&Statement::new("delete from refs where name = $1", [(&swap.name).into()])).await?;
        }
    }
    open.run(&reflog(swap)).await?;
    Ok(true)
}

/// Rule T2: times strictly increase per ref, whatever the clock does.
fn reflog(swap: &RefSwap) -> Statement {
    Statement::new(
        "insert into reflog (name, old, new, time, message, run)
         select $1, $2, $3, case when last.time >= $4 then last.time + 1 else $4 end, $5, $6
         from (select max(time) as time from reflog where name = $1) as last",
        [
            (&swap.name).into(),
            swap.expected.into(),
            swap.new.into(),
            SystemClock.now().into(),
            (&swap.message).into(),
            (&swap.run).into(),
        ],
    )
}

/// Reads columns of these objects.
fn of_objects(columns: &str, ids: &[ObjectId]) -> Statement {
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!("select {columns} from objects where id in ({})", places.join(", "));
    Statement::new(sql, ids.iter().map(Value::from).collect::<Vec<_>>())
}

#[async_trait]
impl CatalogStore for SqlStore {
    async fn object(&self, id: ObjectId) -> Result<Bytes> {
        let found: Option<(ObjectId, Bytes)> = self.first("where id = $1", [id.into()]).await?;
        found.map(|(_, body)| body).ok_or_else(|| {
            Error::new(Code::ObjectMissing, format!("the catalog has no object `{id}`"))
                .hint("run `bywash doctor` to see which commits need it")
        })
    }

    async fn objects(&self, ids: &[ObjectId]) -> Result<Vec<(ObjectId, Bytes)>> {
        let mut found = Vec::with_capacity(ids.len());
        for some in ids.chunks(MOST_IDS) {
            for mut row in self.run(of_objects("id, body", some)).await? {
                found.push((row.next()?, row.next()?));
            }
        }
        Ok(found)
    }

    async fn absent(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>> {
        let mut present = HashSet::new();
        for some in ids.chunks(MOST_IDS) {
            for mut row in self.run(of_objects("id", some)).await? {
                present.insert(row.next::<ObjectId>()?);
            }
        }
        Ok(ids.iter().copied().filter(|id| !present.contains(id)).collect())
    }

    async fn read_ref(&self, name: &str) -> Result<Option<RefRow>> {
        self.first("where name = $1", [name.into()]).await
    }

    async fn refs(&self) -> Result<Vec<RefRow>> {
        self.all("order by name", []).await
    }

    async fn reflog(&self, name: Option<&str>) -> Result<Vec<ReflogRow>> {
        let sql = "select sequence, name, old, new, time, message, run from reflog \
                   where $1 is null or name = $1 order by sequence desc";
        let rows = self.run(Statement::new(sql, [name.into()])).await?;
        rows.into_iter().map(|mut row| reflog_row(&mut row)).collect()
    }

    async fn ids(&self, table_uuid: &str) -> Result<Vec<FieldIdRow>> {
        self.all("where table_uuid = $1 order by id", [table_uuid.into()]).await
    }

    async fn transact(&self, transaction: Transaction) -> Result<Outcome> {
        let mut tries = Tries::new(self.patience);
        loop {
            match self.attempt(&transaction).await {
                Ok(outcome) => return Ok(outcome),
                Err(failure) => tries.wait_after(failure).await?,
            }
        }
    }

    async fn output(&self, key: ObjectId) -> Result<Option<Output>> {
        self.first("where key = $1 and expired is null order by run desc limit 1", [key.into()]).await
    }

    async fn outputs(&self) -> Result<Vec<Output>> {
        self.all("where expired is null order by key, version", []).await
    }

    async fn is_recorded(&self, node: &str, version: ObjectId) -> Result<bool> {
        let found: Option<Output> =
            self.first("where node = $1 and version = $2 limit 1", [node.into(), version.into()]).await?;
        Ok(found.is_some())
    }

    async fn runs(&self) -> Result<Vec<RunRow>> {
        self.all("order by id desc", []).await
    }

    async fn run_by_key(&self, run_key: &str) -> Result<Option<RunRow>> {
        self.first("where run_key = $1 order by id desc limit 1", [run_key.into()]).await
    }

    async fn heartbeat(&self, run: &str, now: i64) -> Result<()> {
        let sql = "update runs set heartbeat = $1 where id = $2";
        self.run(Statement::new(sql, [now.into(), run.into()])).await.map(drop)
    }

    async fn run_nodes(&self, run: Option<&str>) -> Result<Vec<RunNodeRow>> {
        self.all(OF_RUN, [run.into()]).await
    }

    async fn loads(&self, run: Option<&str>) -> Result<Vec<LoadRow>> {
        self.all(OF_RUN, [run.into()]).await
    }

    async fn tests(&self, run: Option<&str>) -> Result<Vec<TestRow>> {
        self.all(OF_RUN, [run.into()]).await
    }

    async fn begin_lease(&self, now: Micros, machine: &str, process: i64, dead: &[i64]) -> Result<i64> {
        self.start_lease(now, machine, process, dead).await
    }

    async fn renew_lease(&self, number: i64, now: Micros) -> Result<bool> {
        self.renew(number, now).await
    }

    async fn end_lease(&self, number: i64) -> Result<()> {
        self.run(Statement::new("delete from leases where number = $1", [number.into()])).await.map(drop)
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>> {
        self.all_leases().await
    }

    async fn roots(&self) -> Result<Roots> {
        self.roots_now().await
    }

    async fn standing(&self) -> Result<Standing> {
        self.standing_now().await
    }

    async fn begin_collection(&self) -> Result<Box<dyn Collection>> {
        self.collection().await
    }

    async fn doomed_files(&self, limit: i64) -> Result<Vec<(String, u64)>> {
        self.doomed(limit).await
    }

    async fn forget_doomed(&self, paths: &[String]) -> Result<()> {
        self.forget(paths).await
    }

    async fn bind_warehouse(&self, location: &str, has_moved: bool) -> Result<()> {
        self.driver.bind_warehouse(location, has_moved).await
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        self.driver.integrity().await
    }
}

/// Rows of one run or of all, in the order in which they were written.
const OF_RUN: &str = "where $1 is null or run = $1 order by sequence";
