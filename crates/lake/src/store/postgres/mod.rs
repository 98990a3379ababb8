//! The catalog of a team: a schema in a database of PostgreSQL, 13 or newer.
//!
//! One advisory lock lets one writer after the other in, as the file of SQLite does, so every guarantee that the
//! statements of the store rely on is the same; readers never wait. A transaction is durable when its commit is
//! answered. When no answer comes, the server is asked what became of the transaction: it knows by its id.

mod errors;
mod place;
mod writing;

use std::time::Duration;

use async_trait::async_trait;
use bywash_core::{Code, Error, Result};
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection};

use self::errors::{explain, failure};
use self::writing::Writing;
use super::bound::of_other_tables;
use super::sql::{Attempt, Driver, Kinds, Open, Row, Statement, VERSION, Value, bind, for_postgres, missing, read};
use crate::storage::faults::durable_step;

pub use place::PostgresPlace;

/// `pg_current_xact_id` and `pg_xact_status` as they are used here.
const OLDEST_SERVER: i64 = 13;

/// The lock that lets one process after another make a catalog; any number that others are unlikely to use.
const MAKING: i64 = 0x6279_7761_7368;

/// How its columns call what is no text.
const KINDS: Kinds = Kinds { bytes: "BYTEA", number: "INT8" };

/// A writer that stops in the middle of a transaction, like a laptop that is closed, loses it after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// A catalog in PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: PgPool,
    place: PostgresPlace,
    patience: Duration,
}

impl Postgres {
    /// Opens the catalog, and creates its schema and tables if they are absent. Who may not write it can still read it.
    pub(super) async fn open(place: &PostgresPlace, patience: Duration) -> Result<Self> {
        // By itself first: a pool would go on trying while a wrong port refuses.
        let connecting = tokio::time::timeout(patience, PgConnection::connect_with(&place.options)).await;
        let connected = connecting.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let mut connection = connected.map_err(|error| explain(place, &error))?;
        prepare(&mut connection, place, patience).await?;
        // The server sees a connection that ends without a word as well.
        let _ = connection.close().await;
        let settings = settings(place, patience);
        let pool = PgPoolOptions::new()
            .max_connections(4)
            .acquire_timeout(patience)
            // What runs on a lost connection is tried again, which is cheaper than asking each time.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let settings = settings.clone();
                Box::pin(async move { run(connection, &settings).await.map(drop) })
            })
            .connect_lazy_with(place.options.clone());
        Ok(Self { pool, place: place.clone(), patience })
    }

    fn failure(&self, error: &sqlx::Error) -> super::sql::Failure {
        failure(&self.place, error)
    }
}

/// What holds for every connection.
fn settings(place: &PostgresPlace, patience: Duration) -> Statement {
    let milliseconds = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).max(1).to_string();
    Statement::new(
        // A commit that was answered is durable, even where the server's owner finds that not worth its time.
        "select set_config('search_path', $1, false), set_config('lock_timeout', $2, false), \
         set_config('idle_in_transaction_session_timeout', $3, false), \
         case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', false) end",
        [Value::from(&place.schema), Value::from(&milliseconds(patience)), Value::from(&milliseconds(LONGEST_PAUSE))],
    )
}

/// Makes the schema and the tables that this version has and the database has not.
async fn prepare(connection: &mut PgConnection, place: &PostgresPlace, patience: Duration) -> Result<()> {
    let wrong = |error| explain(place, &error);
    refuse_old_server(connection, place).await?;
    run(&mut *connection, &settings(place, patience)).await.map_err(wrong)?;
    if missing(version(connection, place).await?, place)?.is_empty() {
        return Ok(());
    }
    let mut transaction = connection.begin_with("begin isolation level read committed").await.map_err(wrong)?;
    let lock = Statement::new("select from pg_advisory_xact_lock($1)", [MAKING.into()]);
    run(&mut *transaction, &lock).await.map_err(wrong)?;
    let schema = Statement::new("select oid::bigint from pg_namespace where nspname = $1", [(&place.schema).into()]);
    if run(&mut *transaction, &schema).await.map_err(wrong)?.is_empty() {
        let create = AssertSqlSafe(format!("create schema {}", place.schema));
        sqlx::raw_sql(create).execute(&mut *transaction).await.map_err(wrong)?;
    }
    let found = version(&mut transaction, place).await?;
    if found == 0 {
        let create = "create table catalog (version bigint not null, warehouse text); insert into catalog values (0)";
        sqlx::raw_sql(create).execute(&mut *transaction).await.map_err(wrong)?;
    }
    for script in missing(found, place)? {
        let script = AssertSqlSafe(for_postgres(script));
        sqlx::raw_sql(script).execute(&mut *transaction).await.map_err(wrong)?;
    }
    let written = Statement::new("update catalog set version = $1", [VERSION.into()]);
    run(&mut *transaction, &written).await.map_err(wrong)?;
    durable_step("transaction", "create catalog");
    transaction.commit().await.map_err(wrong)?;
    durable_step("transaction", "create catalog");
    Ok(())
}

async fn refuse_old_server(connection: &mut PgConnection, place: &PostgresPlace) -> Result<()> {
    let asked = Statement::new("select current_setting('server_version_num')::bigint / 10000", []);
    let rows = run(connection, &asked).await.map_err(|error| explain(place, &error))?;
    let found: i64 = rows.into_iter().next().map_or(Ok(0), |mut row| row.next())?;
    if found >= OLDEST_SERVER {
        return Ok(());
    }
    let message = format!("the server of `{place}` is PostgreSQL {found}, and {OLDEST_SERVER} or newer is needed");
    Err(Error::new(Code::NotYetSupported, message).hint("upgrade the server, or choose another one"))
}

/// The version of the catalog; 0 if there is none.
async fn version(connection: &mut PgConnection, place: &PostgresPlace) -> Result<i64> {
    let wrong = |error| explain(place, &error);
    let table = Statement::new(
        "select tablename::text from pg_tables where schemaname = $1 and tablename = 'catalog'",
        [(&place.schema).into()],
    );
    if run(&mut *connection, &table).await.map_err(wrong)?.is_empty() {
        return Ok(0);
    }
    // By its whole name: what one may not use is not found by another.
    let select = format!("select version from {}.catalog", place.schema);
    let rows = run(connection, &Statement::new(select, [])).await.map_err(wrong)?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.next())
}

#[async_trait]
impl Driver for Postgres {
    async fn run(&self, statement: &Statement) -> Attempt<Vec<Row>> {
        run(&self.pool, statement).await.map_err(|error| self.failure(&error))
    }

    async fn begin(&self) -> Attempt<Box<dyn Open>> {
        Ok(Box::new(Writing::begin(self.clone()).await?))
    }

    async fn bind_warehouse(&self, location: &str, has_moved: bool) -> Result<()> {
        let rows = self.run(&Statement::new("select warehouse from catalog", [])).await?;
        let bound: Option<String> = rows.into_iter().next().map_or(Ok(None), |mut row| row.next())?;
        match bound {
            Some(bound) if bound == location => Ok(()),
            Some(bound) if !has_moved => Err(of_other_tables(&self.place, &bound, location)),
            _ => {
                let bind = Statement::new("update catalog set warehouse = $1", [location.into()]);
                Ok(self.run(&bind).await.map(drop)?)
            }
        }
    }

    async fn integrity(&self) -> Result<Vec<String>> {
        let asked = "select name::text from pg_settings where name in ('fsync', 'full_page_writes') and setting = 'off' \
                     order by name";
        let rows = self.run(&Statement::new(asked, [])).await?;
        let off = rows.into_iter().map(|mut row| row.next::<String>()).collect::<Result<Vec<_>>>()?;
        let finding =
            |name| format!("the server's setting `{name}` is off: a power cut there can lose or break commits");
        Ok(off.into_iter().map(finding).collect())
    }
}

async fn run<'c, E>(connection: E, statement: &Statement) -> sqlx::Result<Vec<Row>>
where
    E: sqlx::Executor<'c, Database = sqlx::Postgres>,
{
    let sql = AssertSqlSafe(statement.sql.clone());
    let rows = sqlx::query_with(sql, bind::<sqlx::Postgres>(&statement.values)?).fetch_all(connection).await?;
    rows.iter().map(|row| read(row, KINDS)).collect()
}
