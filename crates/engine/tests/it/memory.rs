//! Memory has a limit and disk has one; within both queries spill, beyond both they say who wanted how much.

use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use bywash_core::Code;
use bywash_engine::{EngineSettings, StreamTable};
use futures::StreamExt;

use crate::fixture::{Lake, Table};

const SORT: &str = "select value, 'a text that is long enough to take some room ' || (value * 7919 % 1000003) as note \
                    from generate_series(1, 1000000) order by note";

fn lake(memory_limit: u64, spill_limit: u64) -> Lake {
    let spill_folder = tempfile::tempdir().expect("a folder").keep();
    Lake::with(EngineSettings { memory_limit, spill_folder, spill_limit, threads: 2 })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sort_spills_within_its_limits() {
    let lake = lake(64 << 20, 1 << 30);
    let mut rows = lake.plan(SORT).await.expect("plan").stream().await.expect("rows");
    let mut count = 0;
    while let Some(batch) = rows.next().await {
        count += batch.expect("a batch").num_rows();
    }
    assert_eq!(count, 1_000_000);
    assert!(rows.measured().bytes_spilled > 0, "{:?}", rows.measured());
    drop(rows);
    assert_eq!(lake.engine.spill_in_use(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_memory_without_disk_the_error_says_who_wanted_how_much() {
    let lake = lake(32 << 20, 0);
    let error = lake.plan(SORT).await.expect("plan").collect().await.expect_err("too much");
    assert_eq!(error.code(), Code::MemoryLimit, "{error:?}");
    assert_eq!(error.message(), "memory ran out while sorting, and nothing may be kept on disk");
    assert!(error.hints()[0].contains("[engine] memory_limit"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_that_cannot_spill_says_how_much_it_wanted() {
    let lake = lake(16 << 20, 1 << 30);
    let sql = "select length(string_agg('some text that takes room in memory ' || value, ',')) \
               from generate_series(1, 3000000)";
    let error = lake.plan(sql).await.expect("plan").collect().await.expect_err("too much");
    assert_eq!(error.code(), Code::MemoryLimit, "{error:?}");
    assert!(error.message().contains(" wanted "), "{error:?}");
    assert!(error.hints().iter().any(|hint| hint.starts_with("most memory was held by ")), "{:?}", error.hints());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_memory_and_disk_the_error_names_the_disk() {
    let lake = lake(32 << 20, 8 << 20);
    let error = lake.plan(SORT).await.expect("plan").collect().await.expect_err("too much");
    assert_eq!(error.code(), Code::SpillLimit, "{error:?}");
    assert!(error.hints()[0].contains("[engine] spill_limit"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_that_does_not_fit_is_sorted_instead() {
    let lake = lake(96 << 20, 1 << 30);
    let sql = "select count(*), sum(length(a.note)) from \
               (select value, 'some text that takes room in memory ' || value as note from generate_series(1, 3000000)) a \
               join (select value, 'other text that takes room ' || value as note from generate_series(1, 3000000)) b \
               on a.value = b.value and length(a.note) > length(b.note) - 100";
    let mut rows = lake.plan(sql).await.expect("plan").stream().await.expect("rows");
    let answer = rows.next().await.expect("a batch").expect("rows");
    assert_eq!(crate::fixture::texts(&[answer])[0][0], "3000000");
    assert!(rows.measured().bytes_spilled > 0, "a hash join cannot spill: {:?}", rows.measured());
}

/// What a killed process left on disk goes when the next one starts; what a living one uses stays.
#[test]
fn folders_of_dead_owners_are_removed() {
    let parent = tempfile::tempdir().expect("a folder");
    let settings = EngineSettings { spill_folder: parent.path().to_owned(), ..EngineSettings::default() };
    let folders = || std::fs::read_dir(parent.path()).expect("a folder").count();
    let living = bywash_engine::Engine::new(settings.clone()).expect("an engine");
    let dead = parent.path().join("dead");
    std::fs::create_dir(&dead).expect("a folder");
    std::fs::write(dead.join("bywash-spill.lock"), "").expect("a file");
    std::fs::write(dead.join("rows"), "spilled").expect("a file");
    let next = bywash_engine::Engine::new(settings).expect("an engine");
    assert!(!dead.exists());
    assert_eq!(folders(), 2);
    drop((living, next));
    assert_eq!(folders(), 0);
}

/// Rows of a number and a kilobyte of text, of which the planner knows neither count nor size.
fn wide_rows(count: i64) -> Table {
    let batch = move |first: i64| {
        let numbers: Int64Array = (first..(first + 1_000).min(count)).map(Some).collect();
        let texts: StringArray = numbers.iter().map(|number| Some(format!("{:>1000}", number?))).collect();
        RecordBatch::try_from_iter([("n", Arc::new(numbers) as _), ("note", Arc::new(texts) as _)]).expect("rows")
    };
    let open = move || futures::stream::iter((0..count).step_by(1_000).map(move |first| Ok(batch(first)))).boxed();
    Table::Stream(StreamTable { schema: batch(0).schema(), open: Arc::new(open) })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_does_not_fit_is_an_error_and_not_the_end_of_the_process() {
    let lake = lake(64 << 20, 1 << 30);
    lake.tables.put("raw.wide", wide_rows(200_000));
    let sql = "select n, sum(length(note)) over () as total, note from raw.wide";
    let error = lake.plan(sql).await.expect("plan").collect().await.expect_err("too much");
    assert_eq!(error.code(), Code::MemoryLimit, "{error:?}");
    assert!(error.message().contains("`WindowAggExec` wanted "), "{error:?}");
    lake.tables.put("raw.wide", wide_rows(2_000));
    let rows = lake.rows("select n, count(*) over () as total, note from raw.wide where n >= 10").await;
    assert_eq!((rows.len(), rows[0][1].as_str()), (1_990, "1990"));
    assert_eq!(lake.engine.memory_in_use(), 0);
}

/// A left join by a condition that is no equation, whose left side does not fit: each left row is answered for once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_join_beyond_memory_doubles_no_row() {
    let lake = lake(512 << 20, 4 << 30);
    lake.tables.put("raw.wide", wide_rows(900_000));
    lake.run("create table raw.k partition by (k) as select * from (values (10), (20)) as v (k)")
        .await
        .expect("a table");
    let sql = "select count(*), count(k), max(length(note)) from raw.wide left join raw.k on n < k";
    let planned = lake.plan(sql).await.expect("plan");
    let text = planned.explain(false).await.expect("a text");
    assert!(text.contains("NestedLoopJoinExec: join_type=Left") && text.contains("CoalescePartitionsExec"), "{text}");
    assert_eq!(lake.rows(sql).await, [["900010", "30", "1000"]]);
}

/// Data several times larger than memory, in the shapes that hold most: each ends right, by way of the disk. Two sorts
/// below groups share the memory of one operator, so that they need twice as much.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shapes_beyond_memory_end_right() {
    let rows = "(select value, value * 7919 % 1000003 as k, 'a text that is long enough to take some room ' || value \
                as note from generate_series(1, 2000000))";
    for (shape, sql) in [
        ("a sort by two keys", format!("from {rows} order by k desc, note")),
        ("many groups", format!("select k, note, count(*) as n from {rows} group by k, note")),
        ("distinct texts", format!("select distinct note from {rows}")),
        (
            "windows over partitions",
            format!("select note, row_number() over (partition by k order by note) as n from {rows}"),
        ),
        (
            "a join below groups",
            format!("select a.note, count(*) as n from {rows} a join {rows} b using (value) group by a.note"),
        ),
    ] {
        for memory in if shape.starts_with("a join") { [128, 256] } else { [64, 160] } {
            let lake = lake(memory << 20, 4 << 30);
            let mut stream = lake.plan(&sql).await.expect("plan").stream().await.expect("rows");
            let mut count = 0;
            while let Some(batch) = stream.next().await {
                count += batch.unwrap_or_else(|error| panic!("{shape} in {memory} MB: {error:?}")).num_rows();
            }
            assert_eq!(count, 2_000_000, "{shape} in {memory} MB");
            assert!(stream.measured().bytes_spilled > 0, "{shape} in {memory} MB");
        }
    }
}
