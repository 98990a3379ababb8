//! The embedded store: one SQLite file in WAL mode, `synchronous=FULL`, so that a transaction that returned is on disk.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Row, Sqlite};

use bywash_core::{Code, Error, ObjectId, Result, SystemClock};

use super::{
    CatalogStore, LoadRow, Outcome, Output, RefKind, RefRow, RefSwap, ReflogRow, RunNodeRow, RunRow, TestRow,
    Transaction,
};
use crate::storage::faults::durable_step;

const SCHEMA: &str = include_str!("schema.sql");
const SCHEMA_VERSION: i64 = 1;
/// SQLite's `SQLITE_IOERR_SHMSIZE`: the file beside the catalog that its readers share could not grow.
const NO_SPACE_FOR_SHARED_MEMORY: i32 = 4874;

/// The store in one SQLite file.
pub struct SqliteStore {
    pool: SqlitePool,
    path: PathBuf,
}

type Tx<'a> = sqlx::Transaction<'a, Sqlite>;

impl SqliteStore {
    /// Opens the file, and creates it with its tables if it is absent.
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
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(patience + Duration::from_secs(5))
            // On a full disk SQLite takes a transaction back by itself, and the connection still believes to be in it.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options)
            .await
            .map_err(|error| explain(path, &error))?;
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
        if found == 0 {
            sqlx::raw_sql(SCHEMA).execute(&mut *transaction).await.map_err(self.wrong())?;
            sqlx::query("pragma user_version = 1").execute(&mut *transaction).await.map_err(self.wrong())?;
        }
        self.commit(transaction, "create catalog").await
    }

    async fn version(&self) -> Result<i64> {
        sqlx::query_scalar("pragma user_version").fetch_one(&self.pool).await.map_err(self.wrong())
    }

    async fn begin(&self) -> Result<Tx<'_>> {
        self.pool.begin_with("begin immediate").await.map_err(self.wrong())
    }

    async fn commit(&self, transaction: Tx<'_>, what: &str) -> Result<()> {
        durable_step("transaction", what);
        transaction.commit().await.map_err(self.wrong())?;
        durable_step("transaction", what);
        Ok(())
    }

    fn wrong(&self) -> impl Fn(sqlx::Error) -> Error + '_ {
        |error| explain(&self.path, &error)
    }

    async fn swap(&self, transaction: &mut Tx<'_>, swap: &RefSwap) -> Result<bool> {
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
    async fn write_reflog(&self, transaction: &mut Tx<'_>, swap: &RefSwap) -> Result<()> {
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

    async fn write_run(&self, transaction: &mut Tx<'_>, run: &RunRow) -> Result<()> {
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

    async fn write_node(&self, transaction: &mut Tx<'_>, node: &RunNodeRow) -> Result<()> {
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

    async fn write_load(&self, transaction: &mut Tx<'_>, load: &LoadRow) -> Result<()> {
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

    async fn write_rest(&self, transaction: &mut Tx<'_>, rest: &Transaction) -> Result<()> {
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
            sqlx::query("insert or ignore into outputs (key, node, entry, version, run) values (?, ?, ?, ?, ?)")
                .bind(output.key.as_bytes().as_slice())
                .bind(&output.node)
                .bind(output.entry.as_bytes().as_slice())
                .bind(output.version.as_bytes().as_slice())
                .bind(&output.run)
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
        let row = sqlx::query("select * from outputs where key = ? order by run desc limit 1")
            .bind(key.as_bytes().as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(self.wrong())?;
        row.map(|row| {
            Ok(Output {
                key: id(row.get("key"))?,
                node: row.get("node"),
                entry: id(row.get("entry"))?,
                version: id(row.get("version"))?,
                run: row.get("run"),
            })
        })
        .transpose()
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

    async fn integrity(&self) -> Result<Vec<String>> {
        let lines: Vec<String> =
            sqlx::query_scalar("pragma integrity_check").fetch_all(&self.pool).await.map_err(self.wrong())?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

fn id(bytes: &[u8]) -> Result<ObjectId> {
    ObjectId::from_bytes(bytes).ok_or_else(|| {
        Error::new(Code::CatalogCorrupt, format!("an id in the catalog has {} bytes, not 16", bytes.len()))
    })
}

fn optional_id(row: &SqliteRow, column: &str) -> Result<Option<ObjectId>> {
    row.get::<Option<&[u8]>, _>(column).map(id).transpose()
}

fn ref_row(row: &SqliteRow) -> Result<RefRow> {
    Ok(RefRow { name: row.get("name"), kind: RefKind::parse(row.get("kind"))?, commit: id(row.get("commit_id"))? })
}

fn reflog_row(row: &SqliteRow) -> Result<ReflogRow> {
    Ok(ReflogRow {
        sequence: row.get("sequence"),
        name: row.get("name"),
        old: optional_id(row, "old")?,
        new: optional_id(row, "new")?,
        time: row.get("time"),
        message: row.get("message"),
        run: row.get("run"),
    })
}

fn run_row(row: &SqliteRow) -> Result<RunRow> {
    Ok(RunRow {
        id: row.get("id"),
        run_key: row.get("run_key"),
        command: row.get("command"),
        status: row.get("status"),
        target: row.get("target"),
        base: optional_id(row, "base")?,
        commit: optional_id(row, "commit_id")?,
        publish: row.get("publish"),
        plans: row.get("plans"),
        started: row.get("started"),
        finished: row.get("finished"),
        heartbeat: row.get("heartbeat"),
        host: row.get("host"),
        process: row.get("process"),
        error: row.get("error"),
    })
}

fn run_node_row(row: &SqliteRow) -> RunNodeRow {
    RunNodeRow {
        run: row.get("run"),
        name: row.get("name"),
        kind: row.get("kind"),
        status: row.get("status"),
        reason: row.get("reason"),
        rows: row.get("rows"),
        rows_in: row.get("rows_in"),
        bytes: row.get("bytes"),
        ms: row.get("ms"),
        error: row.get("error"),
    }
}

fn load_row(row: &SqliteRow) -> LoadRow {
    LoadRow {
        run: row.get("run"),
        table: row.get("table_name"),
        path: row.get("path"),
        content: row.get("content"),
        rows_read: row.get("rows_read"),
        rows_written: row.get("rows_written"),
        rows_filtered: row.get("rows_filtered"),
        rows_quarantined: row.get("rows_quarantined"),
        rows_discarded: row.get("rows_discarded"),
        bytes: row.get("bytes"),
    }
}

fn test_row(row: &SqliteRow) -> TestRow {
    TestRow {
        run: row.get("run"),
        name: row.get("name"),
        table: row.get("table_name"),
        status: row.get("status"),
        bad_rows: row.get("bad_rows"),
        ms: row.get("ms"),
        query: row.get("query"),
    }
}

/// What SQLite says, in the words of a person who has a lake. Primary result codes: <https://sqlite.org/rescode.html>.
fn explain(path: &Path, error: &sqlx::Error) -> Error {
    let shown = path.display();
    let extended = match error {
        sqlx::Error::Database(database) => database.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    // The low byte is the kind; of the failures of input and output one more says that the disk is full.
    let code = extended.map(|code| if code == NO_SPACE_FOR_SHARED_MEMORY { 13 } else { code & 0xff });
    match code {
        Some(5 | 6) => Error::new(Code::CatalogLocked, format!("the catalog `{shown}` is locked by another process"))
            .hint("wait for it to finish, or find it with `fuser` and end it; nothing was changed"),
        Some(11 | 26) => Error::new(Code::CatalogCorrupt, format!("the catalog `{shown}` is damaged or is no catalog"))
            .hint("restore it from a backup; the tables' files in `warehouse/` are untouched and readable with any Iceberg reader"),
        Some(13) => Error::new(Code::DiskFull, format!("cannot write the catalog `{shown}`: no space left on the device"))
            .hint("nothing was published; free some space and run the command again"),
        Some(3 | 8 | 14 | 23) => Error::new(Code::PermissionDenied, format!("cannot open the catalog `{shown}` for writing"))
            .hint("check that the folder exists and that this user may write in it"),
        Some(10) => Error::new(Code::FileSystem, format!("cannot read or write the catalog `{shown}`"))
            .hint("the device or its file system refused it: see the system's log")
            .caused_by(error),
        _ => Error::new(Code::CatalogCorrupt, format!("the catalog `{shown}` does not answer")).caused_by(error),
    }
}
