//! What plans say and what they read: columns, files and bytes; and what may never happen through them.

use bywash_core::{Code, format_bytes};
use bywash_engine::sql::{ParameterValue, Parameters, parse};

use crate::fixture::Lake;

async fn monthly() -> Lake {
    let lake = Lake::new();
    lake.run(
        "create table raw.flights partition by (month(at)) cluster by (id) as \
         select value as id, to_timestamp_micros((1767225600 + value * 86400) * 1000000) as at, \
         'a text that takes some room, number ' || value as note from generate_series(1, 360)",
    )
    .await
    .expect("a table");
    lake
}

#[tokio::test]
async fn explain_tells_what_a_scan_reads_and_leaves_out() {
    let lake = monthly().await;
    let planned =
        lake.plan("select id from raw.flights where at >= timestamp '2026-12-01T00:00:00'").await.expect("plan");
    let text = planned.explain(false).await.expect("a text");
    let line = text.lines().find(|line| line.contains("LakeScan")).expect("a scan");
    assert!(line.contains("LakeScan: raw.flights files=1 of 12"), "{text}");
    assert!(line.contains("pruned by partition 11, by bounds 0"), "{text}");
    let planned = lake.plan("select at from raw.flights where id = 5").await.expect("plan");
    let text = planned.explain(true).await.expect("a text");
    assert!(text.contains("files=1 of 12") && text.contains("pruned by partition 0, by bounds 11"), "{text}");
    assert!(text.contains("bytes_scanned"), "{text}");
}

#[tokio::test]
async fn the_store_sees_only_the_bytes_that_explain_claims() {
    let lake = monthly().await;
    let sql = "select * from raw.flights where at >= timestamp '2026-06-01T00:00:00' and at < timestamp '2026-07-01T00:00:00'";
    let planned = lake.plan(sql).await.expect("plan");
    let claimed = planned.explain(false).await.expect("a text");
    let files = &lake.tables.lake("raw.flights").files.files;
    let june: u64 = files.iter().filter(|file| file.path.contains("2026-06")).map(|file| file.file_size_in_bytes).sum();
    let all: u64 = files.iter().map(|file| file.file_size_in_bytes).sum();
    let claim = format!("files=1 of 12, bytes={} of {}", format_bytes(june), format_bytes(all));
    assert!(claimed.contains(&claim), "{claim}: {claimed}");
    lake.read_since();
    assert_eq!(lake.rows(sql).await.len(), 30);
    let read = lake.read_since();
    assert_eq!(read.len(), 1, "{read:?}");
    let whole: u64 = read.values().sum();
    assert!(whole > 0 && whole <= june, "{whole} of {june}");
    assert_eq!(lake.rows(&sql.replace('*', "id")).await.len(), 30);
    let one_column: u64 = lake.read_since().values().sum();
    assert!(one_column < whole, "{one_column} of {whole}");
}

#[tokio::test]
async fn a_query_succeeds_when_the_files_it_prunes_are_gone() {
    let lake = monthly().await;
    let sql = "select count(id), min(note) from raw.flights where at < timestamp '2026-02-01T00:00:00'";
    lake.read_since();
    let before = lake.rows(sql).await;
    let read = lake.read_since().into_keys().collect();
    assert_eq!(lake.keep_only("raw.flights", &read), 11);
    assert_eq!(lake.rows(sql).await, before);
    let error = lake.plan("select note from raw.flights").await.expect("plan").collect().await.expect_err("gone");
    assert_eq!(error.code(), Code::ObjectMissing);
}

#[tokio::test]
async fn counts_and_extremes_come_from_metadata_alone() {
    let lake = monthly().await;
    lake.read_since();
    assert_eq!(
        lake.rows("select count(*), min(id), max(at) from raw.flights").await,
        [["360", "1", "2026-12-27T00:00:00Z"]]
    );
    assert!(lake.read_since().is_empty());
}

#[tokio::test]
async fn only_some_files_can_be_read() {
    let lake = monthly().await;
    let mut table = lake.tables.lake("raw.flights");
    let one = table.files.files[0].path.clone();
    let rows = table.files.files[0].record_count;
    table.only = Some(std::sync::Arc::new([one].into()));
    lake.tables.put("raw.new", crate::fixture::Table::Lake(table));
    assert_eq!(lake.rows("select count(*) from raw.new").await, [[rows.to_string()]]);
    assert_eq!(lake.rows("select count(note) from raw.new").await, [[rows.to_string()]]);
}

#[tokio::test]
async fn a_limit_reads_no_more_files_than_it_needs() {
    let lake = monthly().await;
    lake.read_since();
    assert_eq!(lake.rows("select note from raw.flights limit 3").await.len(), 3);
    assert_eq!(lake.read_since().len(), 1);
}

#[tokio::test]
async fn a_scan_that_reads_no_file_is_an_empty_table() {
    let lake = monthly().await;
    lake.run("create table raw.nothing as select * from raw.flights where false").await.expect("an empty table");
    for from in ["raw.flights where id > 1000", "raw.nothing"] {
        assert_eq!(lake.rows(&format!("select * from {from}")).await, Vec::<Vec<String>>::new());
        assert_eq!(lake.rows(&format!("select count(note), avg(id) from {from}")).await, [["0", "NULL"]]);
        assert!(lake.rows(&format!("select note, count(*) from {from} group by note order by note")).await.is_empty());
        assert_eq!(
            lake.rows(&format!("select count(*) from raw.flights where id in (select id from {from})")).await,
            [["0"]]
        );
        assert_eq!(
            lake.rows(&format!(
                "select count(*), count(n.at) from raw.flights f left join (from {from}) n on f.note = n.note"
            ))
            .await,
            [["360", "0"]]
        );
    }
}

#[tokio::test]
async fn rows_of_a_statement_are_measured() {
    let lake = monthly().await;
    let mut rows = lake.plan("select note from raw.flights").await.expect("plan").stream().await.expect("rows");
    while let Some(batch) = futures::StreamExt::next(&mut rows).await {
        batch.expect("a batch");
    }
    let measured = rows.measured();
    assert_eq!(measured.rows_read, 360);
    assert!(measured.bytes_read > 0, "{measured:?}");
}

#[tokio::test]
async fn writes_are_sorted_by_partition_and_cluster() {
    let lake = monthly().await;
    let planned = lake.plan("select * from raw.flights order by note").await.expect("plan");
    let terms = ["bucket(3, id)".parse().expect("a term")];
    let sorted = planned.sorted_for_write(&terms, &["note".to_owned()]).expect("sorted");
    let rows = crate::fixture::texts(&sorted.collect().await.expect("rows"));
    let bucket = |id: &str| {
        let id: i64 = id.parse().expect("a number");
        bywash_lake::tables::transforms::apply_to(
            bywash_lake::tables::Transform::Bucket(3),
            &bywash_lake::tables::Datum::Long(id),
        )
        .expect("a bucket")
        .expect("a bucket")
        .to_string()
    };
    let keys: Vec<_> = rows.iter().map(|row| (bucket(&row[0]), row[2].clone())).collect();
    assert!(keys.is_sorted(), "{keys:?}");
    assert_eq!(rows.len(), 360);
}

#[tokio::test]
async fn inserts_are_planned_with_the_columns_of_their_target() {
    let lake = monthly().await;
    let planned = lake.plan("insert into raw.flights (note, id) values ('x', 1)").await.expect("plan");
    let names: Vec<_> = planned.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["id", "at", "note"]);
    assert_eq!(crate::fixture::texts(&planned.collect().await.expect("rows")), [["1", "NULL", "x"]]);
    let error = lake.plan("insert into raw.flights values (1)").await.expect_err("too few");
    assert_eq!(error.message(), "3 columns are to be filled, but the rows have 1 column");
    let planned = lake.plan("create table raw.n (a int, b varchar not null)").await.expect("plan");
    assert_eq!(planned.schema().fields().len(), 2);
}

/// The planner's own hooks would turn most of these into "delete every row": they get no condition when there is a
/// subquery, or when nothing can be true.
#[tokio::test]
async fn rows_that_change_are_those_that_a_query_finds() {
    let lake = monthly().await;
    for (sql, rows) in [
        ("delete from raw.flights where false", 0),
        ("delete from raw.flights where null", 0),
        ("delete from raw.flights where id in (select id from raw.flights where false)", 0),
        ("delete from raw.flights where id in (select id from raw.flights where id <= 7)", 7),
        ("delete from raw.flights where id not in (select * from (values (1), (null)) as v (x))", 0),
        ("delete from raw.flights where exists (select 1 from raw.flights f where f.id = flights.id + 350)", 10),
        ("update raw.flights set id = 1 where false", 0),
        ("update raw.flights f set id = s.x from (values (1, 2), (3, 4)) as s (k, x) where f.id = s.k", 2),
        (
            "merge into raw.flights t using (values (1), (500)) as s (k) on t.id = s.k when matched then delete \
             when not matched then insert (id) values (s.k) when not matched by source and t.id > 355 then delete",
            7,
        ),
    ] {
        let found = lake.plan(sql).await.expect(sql).collect().await.expect(sql);
        let found: usize = found.iter().map(arrow::array::RecordBatch::num_rows).sum();
        assert_eq!(found, rows, "{sql}");
    }
    for sql in ["with d as (select 1) delete from raw.flights", "delete from raw.flights where id = 1 returning id"] {
        assert_eq!(lake.plan(sql).await.expect_err(sql).code(), Code::NotYetSupported, "{sql}");
    }
    assert_eq!(lake.rows("select count(*) from raw.flights").await, [["360"]]);
}

#[tokio::test]
async fn parameters_are_values() {
    let lake = monthly().await;
    let count = async |parameters: &Parameters| {
        let parsed =
            parse("<query>", "select count(*) from raw.flights where at >= $since and id <> $not limit $most")?;
        let planned = lake.session().plan(&parsed, parameters).await?;
        Ok::<_, bywash_core::Error>(crate::fixture::texts(&planned.collect().await?))
    };
    let mut parameters = Parameters::new();
    for (name, text) in [("since", "2026-12-01"), ("not", "340"), ("most", "5")] {
        parameters.insert(name.to_owned(), ParameterValue::guess(text));
    }
    assert_eq!(count(&parameters).await.expect("rows"), [["26"]]);
    parameters.remove("not");
    let error = count(&parameters).await.expect_err("missing");
    assert_eq!(error.message(), "no value is given for the parameter `$not`");
    assert_eq!(error.places()[0].to_string(), "<query>:1:63");
}

#[tokio::test]
async fn a_parameter_in_quotes_is_text() {
    for (given, value) in [
        ("3", "3:Int64"),
        ("'3'", "3:Utf8"),
        ("007", "007:Utf8"),
        ("'null'", "null:Utf8"),
        ("'it''s'", "it's:Utf8"),
        ("'", "':Utf8"),
        ("''", ":Utf8"),
    ] {
        let parameters = Parameters::from([("x".to_owned(), ParameterValue::guess(given))]);
        let parsed = parse("<query>", "select concat($x, ':', arrow_typeof($x))").expect("SQL");
        let planned = monthly().await.session().plan(&parsed, &parameters).await.expect("plan");
        let found = crate::fixture::texts(&planned.collect().await.expect("rows"));
        assert_eq!(found, [[value]], "{given}");
    }
}

#[tokio::test]
async fn dropping_the_rows_stops_the_statement() {
    let lake = Lake::new();
    let sql =
        "select count(*) from generate_series(1, 1000000000) a, generate_series(1, 1000) b where a.value % 7 = b.value";
    let mut rows = lake.plan(sql).await.expect("plan").stream().await.expect("rows");
    let first = tokio::time::timeout(std::time::Duration::from_millis(300), futures::StreamExt::next(&mut rows)).await;
    assert!(first.is_err(), "the statement should take longer");
    drop(rows);
    for _ in 0..100 {
        if lake.engine.memory_in_use() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("memory is still held after the statement was dropped");
}
