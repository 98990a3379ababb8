//! Where a catalog in PostgreSQL is: an address that is shown without its password.

use std::fmt;
use std::str::FromStr;

use bywash_core::{Code, Error, Result};
use sqlx::postgres::PgConnectOptions;

/// The schema that holds the catalog's tables, unless the address says `?schema=…`.
const SCHEMA: &str = "bywash";

/// The address of a catalog in PostgreSQL. What it prints has no password.
#[derive(Clone)]
pub struct PostgresPlace {
    pub(super) options: PgConnectOptions,
    pub(super) schema: String,
    has_password: bool,
}

impl PostgresPlace {
    /// Whether a text is meant to be such an address.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// Reads `postgres://user@host:port/database?schema=…`. What it leaves out comes from where PostgreSQL's own tools
    /// take it: `PGHOST`, `PGUSER`, `PGPASSWORD`, `~/.pgpass` and so on.
    ///
    /// # Errors
    /// No such address; the message does not repeat it.
    pub fn parse(text: &str) -> Result<Self> {
        if !Self::is_meant(text) {
            return Err(wrong());
        }
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut schema = SCHEMA.to_owned();
        let mut passed_on = Vec::new();
        let mut has_password = names_password(address);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("schema", name)) => name.clone_into(&mut schema),
                _ => {
                    has_password |= pair.starts_with("password=");
                    passed_on.push(pair);
                }
            }
        }
        if schema.is_empty() || !schema.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            return Err(Error::new(Code::InvalidSetting, format!("`{schema}` cannot be the schema of a catalog"))
                .hint("use small letters, digits and `_`"));
        }
        let whole = format!("{address}?{}", passed_on.join("&"));
        let options = PgConnectOptions::from_str(&whole).map_err(|_| wrong())?;
        let named = options.get_application_name().is_some();
        let options = if named { options } else { options.application_name("bywash") };
        Ok(Self { options, schema, has_password })
    }

    /// Whether the address itself holds a password, which therefore must not stand in a file.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.has_password
    }
}

/// The error never repeats what was written: it may hold a password.
fn wrong() -> Error {
    Error::new(Code::InvalidSetting, "this is not the address of a catalog in PostgreSQL").hint(
        "write it like `postgres://user@host:5432/database`; characters like `@` and `/` in a name are `%40`, `%2F`",
    )
}

/// `user:password@host`.
fn names_password(address: &str) -> bool {
    let authority = address.split_once("://").map_or("", |(_, rest)| rest);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':')
}

impl fmt::Display for PostgresPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.options;
        write!(formatter, "postgres://{}@", options.get_username())?;
        match options.get_socket() {
            Some(socket) => write!(formatter, "{}", socket.display())?,
            None => write!(formatter, "{}:{}", options.get_host(), options.get_port())?,
        }
        // PostgreSQL takes the user's name where no database is given.
        write!(formatter, "/{}", options.get_database().unwrap_or_else(|| options.get_username()))?;
        if self.schema == SCHEMA { Ok(()) } else { write!(formatter, "?schema={}", self.schema) }
    }
}

impl fmt::Debug for PostgresPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
