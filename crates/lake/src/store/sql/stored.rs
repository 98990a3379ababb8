//! Rows of the catalog as values of its tables and back: which field stands in which column is said once.

use bytes::Bytes;
use bywash_core::{ObjectId, Result};

use super::table::Table;
use super::value::{FromValue, Row, Value};
use crate::store::{FieldIdRow, KeptOutput, LoadRow, Output, RefKind, RefRow, ReflogRow, RunNodeRow, RunRow, TestRow};

/// What is kept as a row of a table.
pub(in crate::store) trait Stored: Sized {
    const TABLE: Table;

    /// One value for each column of the table.
    fn values(&self) -> Vec<Value>;

    /// Reads the columns of the table.
    fn read(row: &mut Row) -> Result<Self>;
}

macro_rules! stored {
    ($kind:ident in $table:literal by ($($key:literal),*): $($field:ident $column:literal),*) => {
        impl Stored for $kind {
            const TABLE: Table = Table { name: $table, columns: &[$($column),*], key: &[$($key),*] };

            fn values(&self) -> Vec<Value> {
                vec![$((&self.$field).into()),*]
            }

            fn read(row: &mut Row) -> Result<Self> {
                Ok(Self { $($field: row.next()?),* })
            }
        }
    };
}

stored!(RefRow in "refs" by ("name"): name "name", kind "kind", commit "commit_id");
stored!(RunRow in "runs" by ("id"):
    id "id", run_key "run_key", command "command", status "status", target "target", base "base", commit "commit_id",
    publish "publish", plans "plans", started "started", finished "finished", heartbeat "heartbeat", host "host",
    process "process", error "error");
stored!(RunNodeRow in "run_nodes" by ("sequence"):
    run "run", name "name", kind "kind", status "status", reason "reason", rows "rows", rows_in "rows_in",
    bytes "bytes", ms "ms", error "error");
stored!(LoadRow in "loads" by ("sequence"):
    run "run", table "table_name", path "path", content "content", rows_read "rows_read",
    rows_written "rows_written", rows_filtered "rows_filtered", rows_quarantined "rows_quarantined",
    rows_discarded "rows_discarded", bytes "bytes");
stored!(TestRow in "tests" by ("sequence"):
    run "run", name "name", table "table_name", status "status", bad_rows "bad_rows", ms "ms", query "query");
stored!(Output in "outputs" by ("key", "version"):
    key "key", node "node", entry "entry", version "version", run "run");
stored!(FieldIdRow in "field_ids" by ("table_uuid", "id"):
    table_uuid "table_uuid", id "id", parent "parent", name "name", kind "kind");

/// A kept output with one column more, which is written by a collection alone.
impl Stored for KeptOutput {
    const TABLE: Table = Table {
        name: "outputs",
        columns: &["key", "node", "entry", "version", "run", "expired"],
        key: &["key", "version"],
    };

    fn values(&self) -> Vec<Value> {
        let mut values = self.output.values();
        values.push((&self.expired).into());
        values
    }

    fn read(row: &mut Row) -> Result<Self> {
        Ok(Self { output: Output::read(row)?, expired: row.next()? })
    }
}

/// Objects are pairs: an id, and the bytes it is the id of.
impl Stored for (ObjectId, Bytes) {
    const TABLE: Table = Table { name: "objects", columns: &["id", "body"], key: &["id"] };

    fn values(&self) -> Vec<Value> {
        vec![(&self.0).into(), (&self.1).into()]
    }

    fn read(row: &mut Row) -> Result<Self> {
        Ok((row.next()?, row.next()?))
    }
}

/// The reflog is written by a statement of its own, which computes its time; its sequence is given by the database.
const REFLOG: Table =
    Table { name: "reflog", columns: &["name", "old", "new", "time", "message", "run"], key: &["sequence"] };

/// Every table of a catalog that a copy of it needs; leases and what is condemned belong to the commands at work.
pub(in crate::store) const TABLES: [Table; 9] = [
    <(ObjectId, Bytes)>::TABLE,
    RefRow::TABLE,
    REFLOG,
    FieldIdRow::TABLE,
    RunRow::TABLE,
    RunNodeRow::TABLE,
    LoadRow::TABLE,
    TestRow::TABLE,
    KeptOutput::TABLE,
];

pub(in crate::store) fn reflog_row(row: &mut Row) -> Result<ReflogRow> {
    Ok(ReflogRow {
        sequence: row.next()?,
        name: row.next()?,
        old: row.next()?,
        new: row.next()?,
        time: row.next()?,
        message: row.next()?,
        run: row.next()?,
    })
}

impl FromValue for RefKind {
    fn from_value(value: Value) -> Result<Self> {
        Self::parse(&String::from_value(value)?)
    }
}

impl From<&RefKind> for Value {
    fn from(kind: &RefKind) -> Self {
        kind.as_str().into()
    }
}

impl FromValue for i32 {
    fn from_value(value: Value) -> Result<Self> {
        let number = i64::from_value(value)?;
        Self::try_from(number).map_err(|_| {
            bywash_core::Error::new(bywash_core::Code::CatalogCorrupt, format!("`{number}` is no id of a column"))
        })
    }
}
