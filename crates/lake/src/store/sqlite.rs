//! The embedded store: one SQLite file in WAL mode, `synchronous=FULL`, so that a transaction that returned is on disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Row, Sqlite};

use bywash_core::{Code, Error, Micros, ObjectId, Result, SystemClock};

use super::sqlite_collection::{EVERY_LEASE, lease_row};
use super::sqlite_errors::explain;
use super::sqlite_rows::{id, load_row, output_row, ref_row, reflog_row, run_node_row, run_row, test_row};
use super::{
    CatalogStore, Collection, LeaseRow, LoadRow, Outcome, Output, RefRow, RefSwap, ReflogRow, Roots, RunNodeRow,
    RunRow, Standing, TestRow, Transaction, collected, lapsed,
};
use crate::storage::faults::durable_step;

/// What each version adds to the one before.
const VERSIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("collection.sql")];
const SCHEMA_VERSION: i64 = VERSIONS.len() as i64;

/// Every catalog that this process has open, to be closed before it ends.
static OPEN: Mutex<Vec<SqlitePool>> = Mutex::new(Vec::new());

/// Closes every catalog that this process has open. A process that ends while SQLite tidies up leaves a log behind that
/// users who may only read cannot open.
pub async fn close_catalogs() {
    let pools = std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner));
    for pool in pools {
        pool.close().await;
    }
}

/// The store in one SQLite file.
pub struct SqliteStore {
    pool: SqlitePool,
    path: PathBuf,
}

pub(super) type Tx = sqlx::Transaction<'static, Sqlite>;

impl SqliteStore {
    /// Opens the file, and creates it with its tables if it is absent. Who may not write it can still read it.
    ///
    /// # Errors
    /// The file is locked for longer than `patience`, is no catalog, is damaged, or belongs to a newer Bywash.
    pub async fn open(path: &Path, patience: Duration) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(patience);
        match Self::connect(path, options, patience).await {
            Err(error) if error.code() == Code::PermissionDenied && path.exists() => {
                Self::open_to_read(path, patience).await
            }
            opened => opened,
        }
    }

    /// Opens a file that this user may not write.
    ///
    /// Readers of a WAL share a file beside the catalog. Where it is there, they use it; where it is not, and no WAL
    /// either, all that was committed stands in the catalog itself, which then is read as a file that does not change:
    /// what a writer commits from now on is seen when the catalog is opened next.
    async fn open_to_read(path: &Path, patience: Duration) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(patience);
        match Self::connect(path, options.clone(), patience).await {
            Ok(opened) => return Ok(opened),
            Err(error) if error.code() != Code::PermissionDenied => return Err(error),
            Err(_) => {}
        }
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
            return Err(Error::new(
                Code::PermissionDenied,
                format!("the catalog `{}` is in use, and this user may not join its readers", path.display()),
            )
            .hint("wait until nobody writes to the lake, or let a user who may write run any command")
            .hint(format!("reading while others write needs permission to write `{}-shm`", path.display())));
        }
        Self::connect(path, options.immutable(true), patience).await
    }

    async fn connect(path: &Path, options: SqliteConnectOptions, patience: Duration) -> Result<Self> {
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(patience + Duration::from_secs(5))
            // On a full disk SQLite takes a transaction back by itself, and the connection still believes to be in it.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options)
            .await
            .map_err(|error| explain(path, &error))?;
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(pool.clone());
        let store = Self { pool, path: path.to_owned() };
        store.prepare().await?;
        Ok(store)
    }

    async fn prepare(&self) -> Result<()> {
        let version = self.version().await?;
        if version == SCHEMA_VERSION {
            return Ok(());
        }
        if version > SCHEMA_VERSION {
            return Err(Error::new(
                Code::CatalogNewer,
                format!("`{}` was written by a newer Bywash (catalog version {version})", self.path.display()),
            )
            .hint(format!("this one reads up to version {SCHEMA_VERSION}: upgrade it, or use a lake of its own")));
        }
        let mut transaction = self.begin().await?;
        let found: i64 =
            sqlx::query_scalar("pragma user_version").fetch_one(&mut *transaction).await.map_err(self.wrong())?;
        for script in VERSIONS.iter().skip(usize::try_from(found).unwrap_or(VERSIONS.len())) {
            sqlx::raw_sql(*script).execute(&mut *transaction).await.map_err(self.wrong())?;
        }
        sqlx::query("pragma user_version = 2").execute(&mut *transaction).await.map_err(self.wrong())?;
        self.commit(transaction, "create catalog").await
    }

    async fn version(&self) -> Result<i64> {
        sqlx::query_scalar("pragma user_version").fetch_one(&self.pool).await.map_err(self.wrong())
    }

    pub(super) const fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a transaction once every other writer has ended.
    pub(super) async fn begin(&self) -> Result<Tx> {
        self.pool.begin_with("begin immediate").await.map_err(self.wrong())
    }

    pub(super) async fn commit(&self, transaction: Tx, what: &str) -> Result<()> {
        durable_step("transaction", what);
        transaction.commit().await.map_err(self.wrong())?;
        durable_step("transaction", what);
        Ok(())
    }

    pub(super) fn wrong(&self) -> impl Fn(sqlx::Error) -> Error + '_ {
        |error| explain(&self.path, &error)
    }

    async fn swap(&self, transaction: &mut Tx, swap: &RefSwap) -> Result<bool> {
        let current: Option<Vec<u8>> = sqlx::query_scalar("select commit_id from refs where name = ?")
            .bind(&swap.name)
            .fetch_optional(&mut **transaction)
            .await
            .map_err(self.wrong())?;
        let current = current.map(|bytes| id(&bytes)).transpose()?;
        if current != swap.expected {
            return Ok(false);
        }
        match swap.new {
            Some(new) => sqlx::query(
                "insert into refs (name, kind, commit_id) values (?, ?, ?)
                     on conflict (name) do update set commit_id = excluded.commit_id",
            )
            .bind(&swap.name)
            .bind(swap.kind.as_str())
            .bind(new.as_bytes().as_slice()),
            None => sqlx::query("delete from refs where name = ?").bind(&swap.name),
        }
        .execute(&mut **transaction)
        .await
        .map_err(self.wrong())?;
        self.write_reflog(transaction, swap).await?;
        Ok(true)
    }

    /// Rule T2: times strictly increase per ref, whatever the clock does.
    async fn write_reflog(&self, transaction: &mut Tx, swap: &RefSwap) -> Result<()> {
        sqlx::query(
            "insert into reflog (name, old, new, time, message, run) values (?1, ?2, ?3,
             max(?4, coalesce((select max(time) + 1 from reflog where name = ?1), 0)), ?5, ?6)",
        )
        .bind(&swap.name)
        .bind(swap.expected.map(|id| id.as_bytes().to_vec()))
        .bind(swap.new.map(|id| id.as_bytes().to_vec()))
        .bind(SystemClock.now())
        .bind(&swap.message)
        .bind(&swap.run)
        .execute(&mut **transaction)
        .await
        .map_err(self.wrong())?;
        Ok(())
    }

    /// Rule T7: what is built on must be there, and a lapsed lease fences its command.
    async fn check(&self, transaction: &mut Tx, wanted: &Transaction) -> Result<()> {
        if let Some(lease) = wanted.lease.filter(|_| wanted.makes_reachable()) {
            let found: Option<i64> = sqlx::query_scalar("select number from leases where number = $1")
                .bind(lease)
                .fetch_optional(&mut **transaction)
                .await
                .map_err(self.wrong())?;
            found.ok_or_else(lapsed)?;
        }
        for id in wanted.builds_on() {
            let found: Option<i64> = sqlx::query_scalar("select 1 from objects where id = $1")
                .bind(id.as_bytes().as_slice())
                .fetch_optional(&mut **transaction)
                .await
                .map_err(self.wrong())?;
            found.ok_or_else(|| collected(id))?;
        }
        Ok(())
    }

    async fn write_run(&self, transaction: &mut Tx, run: &RunRow) -> Result<()> {
        sqlx::query("insert or replace into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(&run.id)
            .bind(&run.run_key)
            .bind(&run.command)
            .bind(&run.status)
            .bind(&run.target)
            .bind(run.base.map(|id| id.as_bytes().to_vec()))
            .bind(run.commit.map(|id| id.as_bytes().to_vec()))
            .bind(&run.publish)
            .bind(run.plans)
            .bind(run.started)
            .bind(run.finished)
            .bind(run.heartbeat)
            .bind(&run.host)
            .bind(run.process)
            .bind(&run.error)
            .execute(&mut **transaction)
            .await
            .map_err(self.wrong())?;
        Ok(())
    }

    async fn write_node(&self, transaction: &mut Tx, node: &RunNodeRow) -> Result<()> {
        sqlx::query(
            "insert into run_nodes (run, name, kind, status, reason, rows, rows_in, bytes, ms, error)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&node.run)
        .bind(&node.name)
        .bind(&node.kind)
        .bind(&node.status)
        .bind(&node.reason)
        .bind(node.rows)
        .bind(node.rows_in)
        .bind(node.bytes)
        .bind(node.ms)
        .bind(&node.error)
        .execute(&mut **transaction)
        .await
        .map_err(self.wrong())?;
        Ok(())
    }

    async fn write_load(&self, transaction: &mut Tx, load: &LoadRow) -> Result<()> {
        sqlx::query(
            "insert into loads (run, table_name, path, content, rows_read, rows_written, rows_filtered,
             rows_quarantined, rows_discarded, bytes) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&load.run)
        .bind(&load.table)
        .bind(&load.path)
        .bind(&load.content)
        .bind(load.rows_read)
        .bind(load.rows_written)
        .bind(load.rows_filtered)
        .bind(load.rows_quarantined)
        .bind(load.rows_discarded)
        .bind(load.bytes)
        .execute(&mut **transaction)
        .await
        .map_err(self.wrong())?;
        Ok(())
    }

    async fn write_rest(&self, transaction: &mut Tx, rest: &Transaction) -> Result<()> {
        for (id, body) in &rest.objects {
            sqlx::query("insert or ignore into objects (id, body) values (?, ?)")
                .bind(id.as_bytes().as_slice())
                .bind(body.as_ref())
                .execute(&mut **transaction)
                .await
                .map_err(self.wrong())?;
        }
        for field in &rest.field_ids {
            sqlx::query("insert or ignore into field_ids (table_uuid, id, parent, name, kind) values (?, ?, ?, ?, ?)")
                .bind(&field.table_uuid)
                .bind(field.id)
                .bind(field.parent)
                .bind(&field.name)
                .bind(&field.kind)
                .execute(&mut **transaction)
                .await
                .map_err(self.wrong())?;
        }
        for test in &rest.tests {
            sqlx::query(
                "insert into tests (run, name, table_name, status, bad_rows, ms, query) values (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&test.run)
            .bind(&test.name)
            .bind(&test.table)
            .bind(&test.status)
            .bind(test.bad_rows)
            .bind(test.ms)
            .bind(&test.query)
            .execute(&mut **transaction)
            .await
            .map_err(self.wrong())?;
        }
        for output in &rest.outputs {
            // One that was given up is kept again.
            sqlx::query(
                "insert into outputs (key, node, entry, version, run) values ($1, $2, $3, $4, $5)
                 on conflict (key, version) do update set entry = excluded.entry, run = excluded.run, expired = null
                 where outputs.expired is not null",
            )
            .bind(output.key.as_bytes().as_slice())
            .bind(&output.node)
            .bind(output.entry.as_bytes().as_slice())
            .bind(output.version.as_bytes().as_slice())
            .bind(&output.run)
            .execute(&mut **transaction)
            .await
            .map_err(self.wrong())?;
        }
        for output in &rest.replaced_outputs {
            sqlx::query("update outputs set entry = ? where key = ? and version = ?")
                .bind(output.entry.as_bytes().as_slice())
                .bind(output.key.as_bytes().as_slice())
                .bind(output.version.as_bytes().as_slice())
                .execute(&mut **transaction)
                .await
                .map_err(self.wrong())?;
        }
        Ok(())
    }
}

#[async_trait]
impl CatalogStore for SqliteStore {
    async fn object(&self, id: ObjectId) -> Result<Bytes> {
        let body: Option<Vec<u8>> = sqlx::query_scalar("select body from objects where id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(self.wrong())?;
        body.map(Bytes::from).ok_or_else(|| {
            Error::new(Code::ObjectMissing, format!("the catalog has no object `{id}`"))
                .hint("run `bywash doctor` to see which commits need it")
        })
    }

    async fn absent(&self, ids: &[ObjectId]) -> Result<Vec<ObjectId>> {
        let mut absent = Vec::new();
        for id in ids {
            let found: Option<i64> = sqlx::query_scalar("select 1 from objects where id = ?")
                .bind(id.as_bytes().as_slice())
                .fetch_optional(&self.pool)
                .await
                .map_err(self.wrong())?;
            if found.is_none() {
                absent.push(*id);
            }
        }
        Ok(absent)
    }

    async fn read_ref(&self, name: &str) -> Result<Option<RefRow>> {
        let row = sqlx::query("select name, kind, commit_id from refs where name = ?")
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(self.wrong())?;
        row.map(|row| ref_row(&row)).transpose()
    }

    async fn refs(&self) -> Result<Vec<RefRow>> {
        let rows = sqlx::query("select name, kind, commit_id from refs order by name")
            .fetch_all(&self.pool)
            .await
            .map_err(self.wrong())?;
        rows.iter().map(ref_row).collect()
    }

    async fn reflog(&self, name: Option<&str>) -> Result<Vec<ReflogRow>> {
        let rows = sqlx::query("select * from reflog where ?1 is null or name = ?1 order by sequence desc")
            .bind(name)
            .fetch_all(&self.pool)
            .await
            .map_err(self.wrong())?;
        rows.iter().map(reflog_row).collect()
    }

    async fn transact(&self, transaction: Transaction) -> Result<Outcome> {
        let mut open = self.begin().await?;
        self.check(&mut open, &transaction).await?;
        for swap in &transaction.swaps {
            if !self.swap(&mut open, swap).await? {
                open.rollback().await.map_err(self.wrong())?;
                return Ok(Outcome::Moved(swap.name.clone()));
            }
        }
        self.write_rest(&mut open, &transaction).await?;
        if let Some(run) = &transaction.run {
            self.write_run(&mut open, run).await?;
        }
        for node in &transaction.nodes {
            self.write_node(&mut open, node).await?;
        }
        for load in &transaction.loads {
            self.write_load(&mut open, load).await?;
        }
        let what = transaction.swaps.first().map_or("log", |swap| &swap.name);
        self.commit(open, what).await?;
        Ok(Outcome::Done)
    }

    async fn output(&self, key: ObjectId) -> Result<Option<Output>> {
        let row = sqlx::query("select * from outputs where key = ? and expired is null order by run desc limit 1")
            .bind(key.as_bytes().as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(self.wrong())?;
        row.map(|row| output_row(&row)).transpose()
    }

    async fn outputs(&self) -> Result<Vec<Output>> {
        let rows = sqlx::query("select * from outputs where expired is null")
            .fetch_all(&self.pool)
            .await
            .map_err(self.wrong())?;
        rows.iter().map(output_row).collect()
    }

    async fn is_recorded(&self, node: &str, version: ObjectId) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar("select 1 from outputs where node = ? and version = ? limit 1")
            .bind(node)
            .bind(version.as_bytes().as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(self.wrong())?;
        Ok(found.is_some())
    }

    async fn runs(&self) -> Result<Vec<RunRow>> {
        let rows =
            sqlx::query("select * from runs order by id desc").fetch_all(&self.pool).await.map_err(self.wrong())?;
        rows.iter().map(run_row).collect()
    }

    async fn run_by_key(&self, run_key: &str) -> Result<Option<RunRow>> {
        let row = sqlx::query("select * from runs where run_key = ? order by id desc limit 1")
            .bind(run_key)
            .fetch_optional(&self.pool)
            .await
            .map_err(self.wrong())?;
        row.map(|row| run_row(&row)).transpose()
    }

    async fn heartbeat(&self, run: &str, now: i64) -> Result<()> {
        sqlx::query("update runs set heartbeat = ? where id = ?")
            .bind(now)
            .bind(run)
            .execute(&self.pool)
            .await
            .map_err(self.wrong())?;
        Ok(())
    }

    async fn run_nodes(&self, run: Option<&str>) -> Result<Vec<RunNodeRow>> {
        let rows = sqlx::query("select * from run_nodes where ?1 is null or run = ?1 order by sequence")
            .bind(run)
            .fetch_all(&self.pool)
            .await
            .map_err(self.wrong())?;
        Ok(rows.iter().map(run_node_row).collect())
    }

    async fn loads(&self, run: Option<&str>) -> Result<Vec<LoadRow>> {
        let rows = sqlx::query("select * from loads where ?1 is null or run = ?1 order by sequence")
            .bind(run)
            .fetch_all(&self.pool)
            .await
            .map_err(self.wrong())?;
        Ok(rows.iter().map(load_row).collect())
    }

    async fn tests(&self, run: Option<&str>) -> Result<Vec<TestRow>> {
        let rows = sqlx::query("select * from tests where ?1 is null or run = ?1 order by sequence")
            .bind(run)
            .fetch_all(&self.pool)
            .await
            .map_err(self.wrong())?;
        Ok(rows.iter().map(test_row).collect())
    }

    async fn begin_lease(&self, now: Micros, machine: &str, process: i64, dead: &[i64]) -> Result<i64> {
        Self::begin_lease(self, now, machine, process, dead).await
    }

    async fn renew_lease(&self, number: i64, now: Micros) -> Result<bool> {
        let renewed = sqlx::query("update leases set heartbeat = $1 where number = $2").bind(now).bind(number);
        let done = renewed.execute(&self.pool).await.map_err(self.wrong())?;
        Ok(done.rows_affected() > 0)
    }

    async fn end_lease(&self, number: i64) -> Result<()> {
        let ended = sqlx::query("delete from leases where number = $1").bind(number);
        ended.execute(&self.pool).await.map(drop).map_err(self.wrong())
    }

    async fn leases(&self) -> Result<Vec<LeaseRow>> {
        Ok(self.run_all(sqlx::query(EVERY_LEASE)).await?.iter().map(lease_row).collect())
    }

    async fn roots(&self) -> Result<Roots> {
        self.read_roots().await
    }

    async fn standing(&self) -> Result<Standing> {
        self.read_standing().await
    }

    async fn begin_collection(&self) -> Result<Box<dyn Collection>> {
        Self::begin_collection(self).await
    }

    async fn doomed_files(&self, limit: i64) -> Result<Vec<(String, u64)>> {
        let rows = self.run_all(sqlx::query("select path, bytes from doomed_files limit $1").bind(limit)).await?;
        Ok(rows.iter().map(|row| (row.get("path"), row.get::<i64, _>("bytes").cast_unsigned())).collect())
    }

    async fn forget_doomed(&self, paths: &[String]) -> Result<()> {
        let mut transaction = self.begin().await?;
        for path in paths {
            let forgotten = sqlx::query("delete from doomed_files where path = $1").bind(path);
            forgotten.execute(&mut *transaction).await.map_err(self.wrong())?;
        }
        self.commit(transaction, "collected files").await
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        let lines: Vec<String> =
            sqlx::query_scalar("pragma integrity_check").fetch_all(&self.pool).await.map_err(self.wrong())?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}
