//! Garbage collection on SQLite: leases, and the transaction of a collection.

use std::path::PathBuf;

use async_trait::async_trait;
use bywash_core::{Error, Micros, ObjectId, Result};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};

use super::sqlite::SqliteStore;
use super::sqlite_errors::explain;
use super::sqlite_rows::{id, output_row, ref_row, reflog_row};
use super::{Collection, CondemnedFile, KeptOutput, LeaseRow, Roots, Standing, Verdict};
use crate::storage::faults::durable_step;

const REFS: &str = "select name, kind, commit_id from refs order by name";
const REFLOG: &str = "select * from reflog order by sequence desc";
const OUTPUTS: &str = "select * from outputs order by run desc";
const LEASES: &str = "select number, reflog, began, heartbeat, machine, process from leases order by number";
const OBJECTS: &str = "select o.id, c.time from objects o left join condemned_objects c on c.id = o.id";
const FILES: &str = "select path, bytes, time, lease from condemned_files order by path";

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

impl SqliteStore {
    pub(super) async fn begin_lease(&self, now: Micros, machine: &str, process: i64, dead: &[i64]) -> Result<i64> {
        let mut transaction = self.begin().await?;
        for number in dead {
            let delete = sqlx::query("delete from leases where number = $1").bind(number);
            delete.execute(&mut *transaction).await.map_err(self.wrong())?;
        }
        let insert = sqlx::query_scalar(
            "insert into leases (reflog, began, heartbeat, machine, process)
             select coalesce(max(sequence), 0), $1, $1, $2, $3 from reflog returning number",
        );
        let inserted = insert.bind(now).bind(machine).bind(process).fetch_one(&mut *transaction).await;
        let number = inserted.map_err(self.wrong())?;
        self.commit(transaction, "lease").await?;
        Ok(number)
    }

    pub(super) async fn run_all(&self, query: Query<'_>) -> Result<Vec<SqliteRow>> {
        query.fetch_all(self.pool()).await.map_err(self.wrong())
    }

    pub(super) async fn read_roots(&self) -> Result<Roots> {
        roots_of(
            &self.run_all(sqlx::query(REFS)).await?,
            &self.run_all(sqlx::query(REFLOG)).await?,
            &self.run_all(sqlx::query(OUTPUTS)).await?,
            &self.run_all(sqlx::query(LEASES)).await?,
        )
    }

    pub(super) async fn read_standing(&self) -> Result<Standing> {
        standing_of(&self.run_all(sqlx::query(OBJECTS)).await?, &self.run_all(sqlx::query(FILES)).await?)
    }

    pub(super) async fn begin_collection(&self) -> Result<Box<dyn Collection>> {
        Ok(Box::new(SqliteCollection { transaction: self.begin().await?, path: self.path().to_owned() }))
    }
}

/// An open transaction.
struct SqliteCollection {
    transaction: sqlx::Transaction<'static, Sqlite>,
    path: PathBuf,
}

impl SqliteCollection {
    async fn all(&mut self, sql: &'static str) -> Result<Vec<SqliteRow>> {
        sqlx::query(sql).fetch_all(&mut *self.transaction).await.map_err(|error| explain(&self.path, &error))
    }

    async fn run(&mut self, query: Query<'_>) -> Result<()> {
        query.execute(&mut *self.transaction).await.map(drop).map_err(|error| explain(&self.path, &error))
    }

    async fn each<T>(&mut self, rows: &[T], query: impl Fn(&T) -> Query<'_>) -> Result<()> {
        for row in rows {
            self.run(query(row)).await?;
        }
        Ok(())
    }

    async fn write(&mut self, verdict: &Verdict) -> Result<()> {
        let (time, lease) = (verdict.time, verdict.lease);
        self.each(&verdict.lapsed, |number| sqlx::query("delete from leases where number = $1").bind(number)).await?;
        self.each(&verdict.expired, |(key, version)| {
            sqlx::query("update outputs set expired = $1 where key = $2 and version = $3")
                .bind(lease)
                .bind(bytes(key))
                .bind(bytes(version))
        })
        .await?;
        self.each(&verdict.revived_objects, |id| {
            sqlx::query("delete from condemned_objects where id = $1").bind(bytes(id))
        })
        .await?;
        self.each(&verdict.doomed_objects, |id| {
            sqlx::query("delete from condemned_objects where id = $1").bind(bytes(id))
        })
        .await?;
        self.each(&verdict.doomed_objects, |id| sqlx::query("delete from objects where id = $1").bind(bytes(id)))
            .await?;
        self.each(&verdict.condemned_objects, |id| {
            sqlx::query("insert into condemned_objects (id, time) values ($1, $2)").bind(bytes(id)).bind(time)
        })
        .await?;
        self.write_files(verdict).await
    }

    async fn write_files(&mut self, verdict: &Verdict) -> Result<()> {
        let (time, lease) = (verdict.time, verdict.lease);
        self.each(&verdict.revived_files, |path| {
            sqlx::query("delete from condemned_files where path = $1").bind(path.as_str())
        })
        .await?;
        self.each(&verdict.doomed_files, |(path, _)| {
            sqlx::query("delete from condemned_files where path = $1").bind(path.as_str())
        })
        .await?;
        self.each(&verdict.doomed_files, |(path, bytes)| {
            sqlx::query("insert into doomed_files (path, bytes) values ($1, $2)")
                .bind(path.as_str())
                .bind(bytes.cast_signed())
        })
        .await?;
        self.each(&verdict.condemned_files, |(path, bytes)| {
            sqlx::query("insert into condemned_files (path, bytes, time, lease) values ($1, $2, $3, $4)")
                .bind(path.as_str())
                .bind(bytes.cast_signed())
                .bind(time)
                .bind(lease)
        })
        .await
    }
}

#[async_trait]
impl Collection for SqliteCollection {
    async fn roots(&mut self) -> Result<Roots> {
        let (refs, reflog) = (self.all(REFS).await?, self.all(REFLOG).await?);
        let (outputs, leases) = (self.all(OUTPUTS).await?, self.all(LEASES).await?);
        roots_of(&refs, &reflog, &outputs, &leases)
    }

    async fn standing(&mut self) -> Result<Standing> {
        let (objects, files) = (self.all(OBJECTS).await?, self.all(FILES).await?);
        standing_of(&objects, &files)
    }

    async fn decide(mut self: Box<Self>, verdict: Verdict) -> Result<()> {
        self.write(&verdict).await?;
        let wrong = |error: sqlx::Error| -> Error { explain(&self.path, &error) };
        durable_step("transaction", "collection");
        self.transaction.commit().await.map_err(wrong)?;
        durable_step("transaction", "collection");
        Ok(())
    }
}

fn bytes(id: &ObjectId) -> &[u8] {
    id.as_bytes().as_slice()
}

fn roots_of(refs: &[SqliteRow], reflog: &[SqliteRow], outputs: &[SqliteRow], leases: &[SqliteRow]) -> Result<Roots> {
    let kept = |row: &SqliteRow| Ok(KeptOutput { output: output_row(row)?, expired: row.get("expired") });
    Ok(Roots {
        refs: refs.iter().map(ref_row).collect::<Result<_>>()?,
        reflog: reflog.iter().map(reflog_row).collect::<Result<_>>()?,
        outputs: outputs.iter().map(kept).collect::<Result<_>>()?,
        leases: leases.iter().map(lease_row).collect(),
    })
}

pub(super) fn lease_row(row: &SqliteRow) -> LeaseRow {
    LeaseRow {
        number: row.get("number"),
        reflog: row.get("reflog"),
        began: row.get("began"),
        heartbeat: row.get("heartbeat"),
        machine: row.get("machine"),
        process: row.get("process"),
    }
}

fn standing_of(objects: &[SqliteRow], files: &[SqliteRow]) -> Result<Standing> {
    let object = |row: &SqliteRow| Ok((id(row.get("id"))?, row.get("time")));
    let file = |row: &SqliteRow| CondemnedFile {
        path: row.get("path"),
        bytes: row.get::<i64, _>("bytes").cast_unsigned(),
        time: row.get("time"),
        lease: row.get("lease"),
    };
    Ok(Standing {
        objects: objects.iter().map(object).collect::<Result<_>>()?,
        files: files.iter().map(file).collect(),
    })
}

pub(super) const EVERY_LEASE: &str = LEASES;
