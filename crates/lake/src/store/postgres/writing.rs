//! A transaction of PostgreSQL that no other writer of the catalog is in, and what became of it when nobody says so.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use bywash_core::{Code, Error};

use super::errors::is_lost;
use super::{Postgres, run};
use crate::store::sql::{Attempt, Failure, Open, Row, Statement};

/// How long a server may still be busy with a commit whose connection is gone before that is ended.
const GRACE: Duration = Duration::from_secs(2);

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(50);

pub(super) struct Writing {
    catalog: Postgres,
    transaction: sqlx::Transaction<'static, sqlx::Postgres>,
    /// The transaction's id, by which the server knows it after it has ended.
    id: String,
    /// The process of the server that does it.
    process: i64,
}

impl Writing {
    /// Begins once every other writer has ended. Each statement sees what was committed before, the lock included:
    /// that is what `read committed` means, and with one writer at a time it is all that is needed.
    pub(super) async fn begin(catalog: Postgres) -> Attempt<Self> {
        let wrong = |error: sqlx::Error| catalog.failure(&error);
        let begun = catalog.pool.begin_with("begin isolation level read committed read write").await;
        let mut transaction = begun.map_err(wrong)?;
        let lock = "select pg_current_xact_id()::text, pg_backend_pid()::bigint \
                    from pg_advisory_xact_lock('refs'::regclass::oid::bigint)";
        let rows = run(&mut *transaction, &Statement::new(lock, [])).await.map_err(wrong)?;
        let mut row = rows.into_iter().next().ok_or_else(|| Error::bug("a transaction has no id"))?;
        let (id, process) = (row.next()?, row.next()?);
        Ok(Self { catalog, transaction, id, process })
    }
}

#[async_trait]
impl Open for Writing {
    async fn run(&mut self, statement: &Statement) -> Attempt<Vec<Row>> {
        run(&mut *self.transaction, statement).await.map_err(|error| self.catalog.failure(&error))
    }

    async fn commit(self: Box<Self>) -> Attempt<()> {
        let Self { catalog, transaction, id, process } = *self;
        match transaction.commit().await {
            Ok(()) => Ok(()),
            Err(error) if is_lost(&error) => {
                let lost = Lost { catalog: &catalog, id, process };
                if lost.is_committed().await? { Ok(()) } else { Err(catalog.failure(&error)) }
            }
            Err(error) => Err(catalog.failure(&error)),
        }
    }

    async fn roll_back(self: Box<Self>) -> Attempt<()> {
        let Self { catalog, transaction, .. } = *self;
        transaction.rollback().await.map_err(|error| catalog.failure(&error))
    }
}

/// A transaction whose commit was asked for and not answered.
struct Lost<'a> {
    catalog: &'a Postgres,
    id: String,
    process: i64,
}

impl Lost<'_> {
    /// Asks until the server knows.
    async fn is_committed(&self) -> Attempt<bool> {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < self.catalog.patience {
            match self.status().await {
                Ok(Some(status)) if status == "committed" => return Ok(true),
                Ok(Some(status)) if status == "aborted" => return Ok(false),
                // It waits for the commit that never came, or is still at it.
                Ok(Some(_)) if began.elapsed() > GRACE => last = self.end().await.err(),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(Failure::Transient(error)) => last = Some(Failure::Transient(error)),
                Err(failure) => {
                    last = Some(failure);
                    break;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
        let said = last.map(|failure| Error::from(failure).message().to_owned());
        Err(Failure::Final(self.unknown(said)))
    }

    async fn status(&self) -> Attempt<Option<String>> {
        let asked = Statement::new("select pg_xact_status($1::text::xid8)", [(&self.id).into()]);
        let rows = run(&self.catalog.pool, &asked).await.map_err(|error| self.catalog.failure(&error))?;
        Ok(rows.into_iter().next().map_or(Ok(None), |mut row| row.next())?)
    }

    /// Ends the server's side of the lost connection, if it still is in this transaction.
    async fn end(&self) -> Attempt<()> {
        let sql = "select pg_terminate_backend(pid)::text from pg_stat_activity \
                   where pid::bigint = $1 and backend_xid = $2::text::xid8::xid";
        let asked = Statement::new(sql, [self.process.into(), (&self.id).into()]);
        run(&self.catalog.pool, &asked).await.map(drop).map_err(|error| self.catalog.failure(&error))
    }

    fn unknown(&self, said: Option<String>) -> Error {
        let place = &self.catalog.place;
        let message = format!("the connection to `{place}` broke while it committed: whether it has is not known");
        let error = Error::new(Code::Unreachable, message)
            .hint("all of it happened or nothing: `bywash log` shows which, once the server answers");
        match said {
            Some(said) => error.caused_by(said),
            None => error,
        }
    }
}
