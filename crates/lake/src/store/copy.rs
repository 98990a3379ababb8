//! A catalog copied into another database as a whole: nobody writes meanwhile, and what was copied is read again.

use bywash_core::{Code, Error, Result};

use super::SqlStore;
use super::sql::{Driver, Existing, Open, TABLES, Table, Value};

/// Rows that are copied at once.
const PAGE: usize = 500;

/// What was copied of a table of the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub name: &'static str,
    /// How many rows.
    pub rows: u64,
}

impl SqlStore {
    /// Copies every row into an empty catalog, in one transaction there; then compares all of it. Until that is done
    /// nobody else can write to this one.
    ///
    /// # Errors
    /// The target has rows, one of both cannot be read or written, or they differ afterwards.
    pub async fn copy_to(&self, target: &Self) -> Result<Vec<CopiedTable>> {
        let mut source = self.driver.begin().await?;
        let mut copying = target.driver.begin().await?;
        for table in TABLES {
            if !copying.run(&table.page(None, 1)).await?.is_empty() {
                return Err(Error::new(Code::WrongUsage, "the target is a catalog already, with rows in it").hint(
                    "name an empty database, or a schema of its own: `postgres://user@host/database?schema=name`",
                ));
            }
        }
        let mut copied = Vec::new();
        for table in TABLES {
            copied.push(copy(table, source.as_mut(), copying.as_mut()).await?);
        }
        copying.commit().await?;
        for table in TABLES {
            compare(table, source.as_mut(), target.driver.as_ref()).await?;
        }
        source.roll_back().await?;
        Ok(copied)
    }
}

async fn copy(table: Table, source: &mut dyn Open, target: &mut dyn Open) -> Result<CopiedTable> {
    let (mut after, mut count) = (None, 0);
    loop {
        let page = Page::of(table, source.run(&table.page(after, PAGE)).await?);
        let Some(last) = page.last else { return Ok(CopiedTable { name: table.name, rows: count }) };
        count += page.rows.len() as u64;
        after = Some(last);
        for statement in table.insert(page.rows, Existing::Refuse) {
            target.run(&statement).await?;
        }
    }
}

/// The keys that a database numbers by itself differ; their order does not.
async fn compare(table: Table, source: &mut dyn Open, target: &dyn Driver) -> Result<()> {
    let (mut here, mut there) = (None, None);
    loop {
        let written = Page::of(table, source.run(&table.page(here, PAGE)).await?);
        let read = Page::of(table, target.run(&table.page(there, PAGE)).await?);
        if written.rows != read.rows {
            return Err(Error::new(
                Code::CatalogCorrupt,
                format!("the copy differs from the catalog in the table `{}`", table.name),
            )
            .hint("nothing was changed in the catalog: drop the target's schema and copy again"));
        }
        if written.last.is_none() {
            return Ok(());
        }
        (here, there) = (written.last, read.last);
    }
}

/// Some rows, and the key of the last one.
struct Page {
    rows: Vec<Vec<Value>>,
    last: Option<Vec<Value>>,
}

impl Page {
    fn of(table: Table, rows: Vec<super::sql::Row>) -> Self {
        let mut last = None;
        let rows = rows.into_iter().map(|row| {
            let mut key = row.rest();
            let values = key.split_off(table.key.len());
            last = Some(key);
            values
        });
        Self { rows: rows.collect(), last }
    }
}
