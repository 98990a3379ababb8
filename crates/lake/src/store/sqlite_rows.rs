//! From rows of SQLite to rows of the catalog.

use bywash_core::{Code, Error, ObjectId, Result};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{FieldIdRow, LoadRow, Output, RefKind, RefRow, ReflogRow, RunNodeRow, RunRow, TestRow};

pub(super) fn id(bytes: &[u8]) -> Result<ObjectId> {
    ObjectId::from_bytes(bytes).ok_or_else(|| {
        Error::new(Code::CatalogCorrupt, format!("an id in the catalog has {} bytes, not 16", bytes.len()))
    })
}

fn optional_id(row: &SqliteRow, column: &str) -> Result<Option<ObjectId>> {
    row.get::<Option<&[u8]>, _>(column).map(id).transpose()
}

pub(super) fn ref_row(row: &SqliteRow) -> Result<RefRow> {
    Ok(RefRow { name: row.get("name"), kind: RefKind::parse(row.get("kind"))?, commit: id(row.get("commit_id"))? })
}

pub(super) fn output_row(row: &SqliteRow) -> Result<Output> {
    Ok(Output {
        key: id(row.get("key"))?,
        node: row.get("node"),
        entry: id(row.get("entry"))?,
        version: id(row.get("version"))?,
        run: row.get("run"),
    })
}

pub(super) fn reflog_row(row: &SqliteRow) -> Result<ReflogRow> {
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

pub(super) fn run_row(row: &SqliteRow) -> Result<RunRow> {
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

pub(super) fn run_node_row(row: &SqliteRow) -> RunNodeRow {
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

pub(super) fn load_row(row: &SqliteRow) -> LoadRow {
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

pub(super) fn test_row(row: &SqliteRow) -> TestRow {
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

pub(super) fn field_id_row(row: &SqliteRow) -> FieldIdRow {
    FieldIdRow {
        table_uuid: row.get("table_uuid"),
        parent: row.get("parent"),
        name: row.get("name"),
        kind: row.get("kind"),
        id: row.get("id"),
    }
}
