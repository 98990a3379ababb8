//! Garbage collection in a database (rule T7): leases, what a transaction builds on, and the transaction of a collection.

use async_trait::async_trait;
use bywash_core::{Micros, ObjectId, Result};

use super::stored::reflog_row;
use super::table::{Existing, Table};
use super::value::{Row, Statement, Value};
use super::{Attempt, Failure, Open, SqlStore, Stored, Tries};
use crate::storage::faults::durable_step;
use crate::store::{
    Collection, CondemnedFile, KeptOutput, LeaseRow, Output, RefRow, Roots, Standing, Transaction, Verdict, collected,
    lapsed,
};

const REFLOG: &str = "select sequence, name, old, new, time, message, run from reflog order by sequence desc";
const LEASES: &str = "select number, reflog, began, heartbeat, machine, process from leases order by number";
const OBJECTS: &str = "select o.id, c.time from objects o left join condemned_objects c on c.id = o.id";
const FILES: &str = "select path, bytes, time, lease from condemned_files order by path";
const CONDEMNED_OBJECTS: Table = Table { name: "condemned_objects", columns: &["id", "time"], key: &["id"] };
const CONDEMNED_FILES: Table =
    Table { name: "condemned_files", columns: &["path", "bytes", "time", "lease"], key: &["path"] };
const DOOMED_FILES: Table = Table { name: "doomed_files", columns: &["path", "bytes"], key: &["path"] };

/// Values that are compared at once.
const MOST_VALUES: usize = 500;

impl SqlStore {
    pub(super) async fn start_lease(&self, now: Micros, machine: &str, process: i64, dead: &[i64]) -> Result<i64> {
        let mut tries = Tries::new(self.patience);
        loop {
            match self.try_lease(now, machine, process, dead).await {
                Ok(number) => return Ok(number),
                Err(failure) => tries.wait_after(failure).await?,
            }
        }
    }

    async fn try_lease(&self, now: Micros, machine: &str, process: i64, dead: &[i64]) -> Attempt<i64> {
        let mut open = self.driver.begin().await?;
        for statement in among("delete from leases where number", dead.iter().map(Value::from)) {
            open.run(&statement).await?;
        }
        let begin = Statement::new(
            "insert into leases (reflog, began, heartbeat, machine, process)
             select coalesce(max(sequence), 0), $1, $1, $2, $3 from reflog returning number",
            [now.into(), machine.into(), process.into()],
        );
        let mut rows = open.run(&begin).await?;
        let number = rows.pop().map(|mut row| row.next()).transpose()?.unwrap_or_default();
        durable_step("transaction", "lease");
        open.commit().await?;
        durable_step("transaction", "lease");
        Ok(number)
    }

    pub(super) async fn renew(&self, number: i64, now: Micros) -> Result<bool> {
        let sql = "update leases set heartbeat = $1 where number = $2 returning number";
        Ok(!self.run(Statement::new(sql, [now.into(), number.into()])).await?.is_empty())
    }

    pub(super) async fn all_leases(&self) -> Result<Vec<LeaseRow>> {
        self.run(Statement::new(LEASES, [])).await?.into_iter().map(lease_row).collect()
    }

    pub(super) async fn standing_now(&self) -> Result<Standing> {
        let objects = self.run(Statement::new(OBJECTS, [])).await?;
        standing(objects, self.run(Statement::new(FILES, [])).await?)
    }

    pub(super) async fn roots_now(&self) -> Result<Roots> {
        Ok(Roots {
            refs: self.all("order by name", []).await?,
            reflog: super::CatalogStore::reflog(self, None).await?,
            outputs: self.all("order by run desc", []).await?,
            leases: self.all_leases().await?,
        })
    }

    pub(super) async fn collection(&self) -> Result<Box<dyn Collection>> {
        let mut tries = Tries::new(self.patience);
        loop {
            match self.driver.begin().await {
                Ok(open) => return Ok(Box::new(SqlCollection { open })),
                Err(failure) => tries.wait_after(failure).await?,
            }
        }
    }

    pub(super) async fn doomed(&self, limit: i64) -> Result<Vec<(String, u64)>> {
        let rows = self.run(Statement::new("select path, bytes from doomed_files limit $1", [limit.into()])).await?;
        rows.into_iter().map(|mut row| Ok((row.next()?, row.next::<i64>()?.cast_unsigned()))).collect()
    }

    pub(super) async fn forget(&self, paths: &[String]) -> Result<()> {
        for statement in among("delete from doomed_files where path", paths.iter().map(Value::from)) {
            self.run(statement).await?;
        }
        Ok(())
    }
}

/// What a transaction builds on must be there, and a lapsed lease fences its command.
pub(super) async fn check(open: &mut dyn Open, wanted: &Transaction) -> Attempt<()> {
    if let Some(lease) = wanted.lease.filter(|_| wanted.makes_reachable()) {
        let found = Statement::new("select number from leases where number = $1", [lease.into()]);
        if open.run(&found).await?.is_empty() {
            return Err(Failure::Final(lapsed()));
        }
    }
    let mut missing = wanted.builds_on();
    let ids: Vec<ObjectId> = missing.iter().copied().collect();
    for statement in among("select id from objects where id", ids.iter().map(Value::from)) {
        for mut row in open.run(&statement).await? {
            missing.remove(&row.next()?);
        }
    }
    match missing.first() {
        Some(id) => Err(Failure::Final(collected(*id))),
        None => Ok(()),
    }
}

/// Outputs that are recorded again are kept again.
pub(super) fn keep_outputs(outputs: &[Output]) -> impl Iterator<Item = Statement> + '_ {
    outputs.iter().map(|output| {
        let sql = "update outputs set entry = $1, run = $2, expired = null
                   where key = $3 and version = $4 and expired is not null";
        let values = [(&output.entry).into(), (&output.run).into(), (&output.key).into(), (&output.version).into()];
        Statement::new(sql, values)
    })
}

/// An open transaction.
struct SqlCollection {
    open: Box<dyn Open>,
}

impl SqlCollection {
    async fn rows(&mut self, sql: &'static str) -> Result<Vec<Row>> {
        Ok(self.open.run(&Statement::new(sql, [])).await?)
    }

    async fn all<T: Stored>(&mut self, rest: &str) -> Result<Vec<T>> {
        let rows = self.open.run(&Statement::new(T::TABLE.select(rest), [])).await?;
        rows.into_iter().map(|mut row| T::read(&mut row)).collect()
    }
}

/// What a verdict writes.
fn written(verdict: &Verdict) -> Vec<Statement> {
    let (time, lease) = (Value::from(verdict.time), Value::from(verdict.lease));
    let mut statements = among("delete from leases where number", verdict.lapsed.iter().map(Value::from));
    statements.extend(verdict.expired.iter().map(|(key, version)| {
        let sql = "update outputs set expired = $1 where key = $2 and version = $3";
        Statement::new(sql, [lease.clone(), key.into(), version.into()])
    }));
    let gone = verdict.revived_objects.iter().chain(&verdict.doomed_objects).map(Value::from);
    statements.extend(among("delete from condemned_objects where id", gone));
    statements.extend(among("delete from objects where id", verdict.doomed_objects.iter().map(Value::from)));
    let condemned = verdict.condemned_objects.iter().map(|id| vec![id.into(), time.clone()]).collect();
    statements.extend(CONDEMNED_OBJECTS.insert(condemned, Existing::Refuse));

    let doomed = verdict.doomed_files.iter().map(|(path, _)| path);
    let gone = verdict.revived_files.iter().chain(doomed).map(Value::from);
    statements.extend(among("delete from condemned_files where path", gone));
    let file = |(path, bytes): &(String, u64)| vec![path.into(), bytes.cast_signed().into()];
    statements.extend(DOOMED_FILES.insert(verdict.doomed_files.iter().map(file).collect(), Existing::Keep));
    let condemned = verdict.condemned_files.iter().map(|found| {
        let mut row = file(found);
        row.extend([time.clone(), lease.clone()]);
        row
    });
    statements.extend(CONDEMNED_FILES.insert(condemned.collect(), Existing::Refuse));
    statements
}

#[async_trait]
impl Collection for SqlCollection {
    async fn roots(&mut self) -> Result<Roots> {
        Ok(Roots {
            refs: self.all::<RefRow>("order by name").await?,
            reflog: self.rows(REFLOG).await?.into_iter().map(|mut row| reflog_row(&mut row)).collect::<Result<_>>()?,
            outputs: self.all::<KeptOutput>("order by run desc").await?,
            leases: self.rows(LEASES).await?.into_iter().map(lease_row).collect::<Result<_>>()?,
        })
    }

    async fn standing(&mut self) -> Result<Standing> {
        let objects = self.rows(OBJECTS).await?;
        standing(objects, self.rows(FILES).await?)
    }

    async fn decide(mut self: Box<Self>, verdict: Verdict) -> Result<()> {
        for statement in written(&verdict) {
            self.open.run(&statement).await?;
        }
        durable_step("transaction", "collection");
        self.open.commit().await?;
        durable_step("transaction", "collection");
        Ok(())
    }
}

/// A statement about rows whose column is among some values, as often as needed.
fn among(what: &'static str, values: impl Iterator<Item = Value>) -> Vec<Statement> {
    let values: Vec<Value> = values.collect();
    let some = |values: &[Value]| {
        let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
        Statement::new(format!("{what} in ({})", places.join(", ")), values)
    };
    values.chunks(MOST_VALUES).map(some).collect()
}

fn lease_row(mut row: Row) -> Result<LeaseRow> {
    Ok(LeaseRow {
        number: row.next()?,
        reflog: row.next()?,
        began: row.next()?,
        heartbeat: row.next()?,
        machine: row.next()?,
        process: row.next()?,
    })
}

fn standing(objects: Vec<Row>, files: Vec<Row>) -> Result<Standing> {
    let object = |mut row: Row| Ok((row.next()?, row.next()?));
    let file = |mut row: Row| {
        let (path, bytes): (String, i64) = (row.next()?, row.next()?);
        Ok(CondemnedFile { path, bytes: bytes.cast_unsigned(), time: row.next()?, lease: row.next()? })
    };
    Ok(Standing {
        objects: objects.into_iter().map(object).collect::<Result<_>>()?,
        files: files.into_iter().map(file).collect::<Result<_>>()?,
    })
}
