//! The embedded catalog: one SQLite file in WAL mode, `synchronous=FULL`, so that a transaction that returned is on disk.

mod errors;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bywash_core::{Code, Error, Result};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection};

use self::errors::explain;
use super::bound::of_other_tables;
use super::sql::{Attempt, Driver, Failure, Kinds, Open, Row, Statement, Tries, VERSION, bind, missing, read};
use crate::storage::faults::durable_step;

/// A null has the type of its column, anything else its own.
const KINDS: Kinds = Kinds { bytes: "BLOB", number: "INTEGER" };

/// Every catalog that this process has open, to be closed before it ends.
static OPEN: Mutex<Vec<SqlitePool>> = Mutex::new(Vec::new());

/// Closes every catalog file that this process has open. A process that ends while SQLite tidies up leaves a log behind
/// that users who may only read cannot open.
pub async fn close_catalogs() {
    let pools = std::mem::take(&mut *OPEN.lock().unwrap_or_else(PoisonError::into_inner));
    for pool in pools {
        pool.close().await;
    }
}

/// A catalog in one SQLite file.
pub(super) struct Sqlite {
    pool: SqlitePool,
    path: PathBuf,
}

impl Sqlite {
    /// Opens the file, and creates it with its tables if it is absent. Who may not write it can still read it.
    pub(super) async fn open(path: &Path, patience: Duration) -> Result<Self> {
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

    /// Connects; a change of the journal's mode beside other connections is refused at once, so it is tried again.
    async fn connect(path: &Path, options: SqliteConnectOptions, patience: Duration) -> Result<Self> {
        let mut tries = Tries::new(patience);
        loop {
            match Self::try_connect(path, options.clone(), patience).await {
                Err(error) if error.code() == Code::CatalogLocked => {
                    tries.wait_after(Failure::Transient(error)).await?;
                }
                done => return done,
            }
        }
    }

    async fn try_connect(path: &Path, options: SqliteConnectOptions, patience: Duration) -> Result<Self> {
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(patience + Duration::from_secs(5))
            // On a full disk SQLite takes a transaction back by itself, and the connection still believes to be in it.
            .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
            .connect_with(options)
            .await
            .map_err(|error| explain(path, &error))?;
        OPEN.lock().unwrap_or_else(PoisonError::into_inner).push(pool.clone());
        let database = Self { pool, path: path.to_owned() };
        database.prepare().await?;
        Ok(database)
    }

    /// The address of a warehouse that does not lie beside the file; only catalogs that ever had one have the table.
    async fn bound_warehouse(&self) -> Result<Option<String>> {
        let table = Statement::new("select name from sqlite_master where name = 'catalog'", []);
        if self.run(&table).await?.is_empty() {
            return Ok(None);
        }
        let rows = self.run(&Statement::new("select warehouse from catalog", [])).await?;
        rows.into_iter().next().map_or(Ok(None), |mut row| row.next())
    }

    /// Makes the tables that this version has and the file has not.
    async fn prepare(&self) -> Result<()> {
        let wrong = |error| explain(&self.path, &error);
        let found: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&self.pool).await.map_err(wrong)?;
        if missing(found, self.path.display())?.is_empty() {
            return Ok(());
        }
        let mut transaction = self.pool.begin_with("begin immediate").await.map_err(wrong)?;
        let found: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&mut *transaction).await.map_err(wrong)?;
        for &script in missing(found, self.path.display())? {
            sqlx::raw_sql(script).execute(&mut *transaction).await.map_err(wrong)?;
        }
        let version = AssertSqlSafe(format!("pragma user_version = {VERSION}"));
        sqlx::query(version).execute(&mut *transaction).await.map_err(wrong)?;
        durable_step("transaction", "create catalog");
        transaction.commit().await.map_err(wrong)?;
        durable_step("transaction", "create catalog");
        Ok(())
    }
}

#[async_trait]
impl Driver for Sqlite {
    async fn run(&self, statement: &Statement) -> Attempt<Vec<Row>> {
        answer(&self.path, statement, &self.pool).await
    }

    async fn begin(&self) -> Attempt<Box<dyn Open>> {
        let begun = self.pool.begin_with("begin immediate").await;
        let transaction = begun.map_err(|error| explain(&self.path, &error))?;
        Ok(Box::new(Writing { transaction, path: self.path.clone() }))
    }

    async fn bind_warehouse(&self, location: &str, has_moved: bool) -> Result<()> {
        const BESIDE: &str = "its own folder";
        let remote = (!location.starts_with("file://")).then_some(location);
        let bound = self.bound_warehouse().await?;
        if bound.as_deref() == remote {
            return Ok(());
        }
        let main = Statement::new("select name from refs where name = 'main'", []);
        if !has_moved && !self.run(&main).await?.is_empty() {
            return Err(of_other_tables(self.path.display(), bound.as_deref().unwrap_or(BESIDE), location));
        }
        let mut open = self.begin().await?;
        for sql in ["create table if not exists catalog (warehouse text)", "delete from catalog"] {
            open.run(&Statement::new(sql, [])).await?;
        }
        open.run(&Statement::new("insert into catalog (warehouse) values ($1)", [remote.into()])).await?;
        Ok(open.commit().await?)
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        let lines: Vec<String> = sqlx::query_scalar("pragma integrity_check")
            .fetch_all(&self.pool)
            .await
            .map_err(|error| explain(&self.path, &error))?;
        Ok(lines.into_iter().filter(|line| line != "ok").collect())
    }
}

/// A transaction that holds the file's one write lock.
struct Writing {
    transaction: sqlx::Transaction<'static, sqlx::Sqlite>,
    path: PathBuf,
}

#[async_trait]
impl Open for Writing {
    async fn run(&mut self, statement: &Statement) -> Attempt<Vec<Row>> {
        answer(&self.path, statement, &mut *self.transaction).await
    }

    async fn commit(self: Box<Self>) -> Attempt<()> {
        let Self { transaction, path } = *self;
        Ok(transaction.commit().await.map_err(|error| explain(&path, &error))?)
    }

    async fn roll_back(self: Box<Self>) -> Attempt<()> {
        let Self { transaction, path } = *self;
        Ok(transaction.rollback().await.map_err(|error| explain(&path, &error))?)
    }
}

async fn answer<'c, E>(path: &Path, statement: &Statement, connection: E) -> Attempt<Vec<Row>>
where
    E: sqlx::Executor<'c, Database = sqlx::Sqlite>,
{
    let wrong = |error| Failure::Final(explain(path, &error));
    let sql = AssertSqlSafe(statement.sql.clone());
    let arguments = bind::<sqlx::Sqlite>(&statement.values).map_err(wrong)?;
    let rows = sqlx::query_with(sql, arguments).fetch_all(connection).await.map_err(wrong)?;
    rows.iter().map(|row| read(row, KINDS).map_err(wrong)).collect()
}
