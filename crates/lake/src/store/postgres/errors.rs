//! What PostgreSQL and the way to it say, as an error that a person can act on.

use bywash_core::{Code, Error};

use super::PostgresPlace;
use crate::store::sql::Failure;

/// The five characters of PostgreSQL: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn state(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(|code| code.to_string())
}

/// Whether the connection is gone, so that the server may have done what it was asked for.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match state(error).as_deref() {
        // The server ends the connection: shut down, crashed, by its administrator, or because of a long pause.
        Some(state) => state.starts_with("08") || state.starts_with("57P") || state == "25P03",
        None => !matches!(error, sqlx::Error::Database(_)),
    }
}

/// The error, and whether it may be tried again. The server has not done what it was asked for.
pub(super) fn failure(place: &PostgresPlace, error: &sqlx::Error) -> Failure {
    let explained = explain(place, error);
    let again = match state(error).as_deref() {
        // Serialisation failure, deadlock, too many connections.
        Some("40001" | "40P01" | "53300") => true,
        _ => {
            matches!(
                error,
                sqlx::Error::Io(_)
                    | sqlx::Error::Protocol(_)
                    | sqlx::Error::PoolTimedOut
                    | sqlx::Error::WorkerCrashed
                    | sqlx::Error::Database(_)
            ) && is_lost(error)
        }
    };
    if again { Failure::Transient(explained) } else { Failure::Final(explained) }
}

/// In the words of a person who has a lake.
pub(super) fn explain(place: &PostgresPlace, error: &sqlx::Error) -> Error {
    let said = error.as_database_error().map(|error| error.message().to_owned());
    let said = said.unwrap_or_else(|| error.to_string());
    match state(error).as_deref() {
        Some(state) => refused(place, state).unwrap_or_else(|| {
            Error::new(Code::CatalogCorrupt, format!("the catalog `{place}` does not answer")).caused_by(said)
        }),
        None => unreachable(place, error, said),
    }
}

fn refused(place: &PostgresPlace, state: &str) -> Option<Error> {
    let user = place.options.get_username();
    let new = |code, message: String| Error::new(code, message);
    let error = match state {
        "28P01" | "28000" => new(
            Code::Credentials,
            format!("PostgreSQL does not let `{user}` in: `{place}` refused the password, or there is none"),
        )
        .hint("give the password as `PGPASSWORD`, in `~/.pgpass`, or in `BYWASH_LAKE__CATALOG`; never in bywash.toml"),
        "3D000" => new(Code::InvalidSetting, format!("there is no database for the catalog `{place}`"))
            .hint("`createdb` makes one; Bywash makes the tables in it"),
        "42501" => {
            new(Code::PermissionDenied, format!("`{user}` may not do this in the catalog `{place}`")).hint(format!(
                "to make a catalog: `grant create on database`; to use one: `grant all on schema {0}` and on all its \
                 tables, to read: `grant usage on schema {0}` and `select` on its tables",
                place.schema
            ))
        }
        "25006" => new(Code::PermissionDenied, format!("the catalog `{place}` can only be read"))
            .hint("the server is a copy of another one, or is set to be read only: write through the other one"),
        "53100" => new(Code::DiskFull, format!("cannot write the catalog `{place}`: its server's disk is full"))
            .hint("nothing was published; free some space there and run the command again"),
        "55P03" => new(Code::CatalogLocked, format!("the catalog `{place}` is locked by another process"))
            .hint("`select * from pg_stat_activity where application_name = 'bywash'` shows it; nothing was changed"),
        "53300" => new(Code::Unreachable, format!("the server of the catalog `{place}` has too many connections"))
            .hint("wait for others to end, or raise its `max_connections`"),
        "25P03" => new(Code::Unreachable, format!("the server of the catalog `{place}` ended a paused connection"))
            .hint("this process stood still in the middle of a change; nothing was changed: run the command again"),
        state if state.starts_with("57P") || state.starts_with("08") => {
            new(Code::Unreachable, format!("the server of the catalog `{place}` is starting or shutting down"))
                .hint("nothing was published by this command; run it again when the server is up")
        }
        _ => return None,
    };
    Some(error)
}

fn unreachable(place: &PostgresPlace, error: &sqlx::Error, said: String) -> Error {
    let reason = match error {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(_) => "an encrypted connection does not come about".to_owned(),
        sqlx::Error::PoolTimedOut => "it does not answer in time".to_owned(),
        _ => "the connection broke".to_owned(),
    };
    Error::new(Code::Unreachable, format!("the catalog `{place}` cannot be reached: {reason}"))
        .hint("check host and port, that the server runs, and that this machine may connect to it")
        .caused_by(said)
}
