//! `.slt` files: each query runs on tables as they are and on tables without statistics, and must give the same rows.
//!
//! The format is that of sqllogictest, as far as these files use it: `statement ok`, `statement error TEXT` and
//! `query TYPES [rowsort]`, whose rows follow `----`. The crate of that name would turn on features of crates below
//! DataFusion and so compile it twice.

use std::path::Path;

use bywash_core::Result;
use bywash_engine::sql::{Parameters, StatementKind, parse};

use crate::fixture::{Lake, texts};

/// One record of a file.
struct Record<'a> {
    line: usize,
    head: Vec<&'a str>,
    sql: String,
    rows: Vec<String>,
}

fn records(text: &str) -> Vec<Record<'_>> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#')).peekable();
    while let Some((line, head)) = lines.next() {
        if head.trim().is_empty() {
            continue;
        }
        let mut body: Vec<&str> = Vec::new();
        while let Some((_, next)) = lines.next_if(|(_, line)| !line.trim().is_empty()) {
            body.push(next);
        }
        let border = body.iter().position(|line| *line == "----");
        let sql = body[..border.unwrap_or(body.len())].join("\n");
        let rows = border.map(|border| body[border + 1..].iter().map(|row| (*row).to_owned()).collect());
        found.push(Record { line: line + 1, head: head.split(' ').collect(), sql, rows: rows.unwrap_or_default() });
    }
    found
}

/// The rows of a query, which must be the same when nothing is known of the files; none for other statements.
async fn run(lake: &mut Lake, sql: &str) -> Result<Vec<String>> {
    let parsed = parse("<query>", sql)?;
    if matches!(parsed.kind, StatementKind::CreateTableAs { .. }) {
        lake.run(sql).await?;
        return Ok(Vec::new());
    }
    let planned = lake.session().plan(&parsed, &Parameters::new()).await?;
    let rows = lines(texts(&planned.collect().await?));
    let blind = lake.engine.session(std::sync::Arc::new(lake.tables.blind()));
    let blind = lines(texts(&blind.plan(&parsed, &Parameters::new()).await?.collect().await?));
    assert_eq!(sorted(rows.clone()), sorted(blind), "pruning changes the answer of {sql}");
    Ok(rows)
}

fn lines(rows: Vec<Vec<String>>) -> Vec<String> {
    rows.into_iter().map(|row| row.join(" ")).collect()
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

async fn check(lake: &mut Lake, record: Record<'_>, file: &str) {
    let place = format!("{file}:{}", record.line);
    let outcome = run(lake, &record.sql).await;
    match record.head.as_slice() {
        ["statement", "ok"] => assert!(outcome.is_ok(), "{place}: {outcome:?}"),
        ["statement", "error", words @ ..] => {
            let error = outcome.expect_err(&place).message().to_owned();
            assert!(error.contains(&words.join(" ")), "{place}: {error}");
        }
        ["query", _, options @ ..] => {
            let (found, wanted) = (outcome.unwrap_or_else(|error| panic!("{place}: {error:?}")), record.rows);
            match options.contains(&"rowsort") {
                true => assert_eq!(sorted(found), sorted(wanted), "{place}"),
                false => assert_eq!(found, wanted, "{place}"),
            }
        }
        other => panic!("{place}: `{}` is no record", other.join(" ")),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/slt");
    let mut ran = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let mut lake = Lake::new();
        for record in records(&text) {
            check(&mut lake, record, &path.display().to_string()).await;
            ran += 1;
        }
    }
    assert!(ran >= 20, "the .slt files are nearly empty");
}
