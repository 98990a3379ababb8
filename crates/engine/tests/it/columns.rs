//! What result columns are called, and which values a table takes.

use bywash_core::Code;

use crate::fixture::Lake;

async fn lake() -> Lake {
    let lake = Lake::new();
    lake.run(
        "create table raw.t as select value as id, value * 0.5 as price, 'n' || value as name, \
         named_struct('geo', named_struct('lat', value)) as u from generate_series(1, 3)",
    )
    .await
    .expect("a table");
    lake
}

async fn names(lake: &Lake, sql: &str) -> Vec<String> {
    let planned = lake.plan(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = planned.collect().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let schema = planned.schema();
    assert!(rows.iter().all(|batch| batch.schema().fields().len() == schema.fields().len()), "{sql}");
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

#[tokio::test]
async fn columns_are_named_as_a_person_expects() {
    let lake = lake().await;
    for (sql, wanted) in [
        (
            "select sum(raw.t.price), COUNT(*), 1, 'x', -1.5, null, true from raw.t",
            "sum(price)|count(*)|1|'x'|-1.5|NULL|true",
        ),
        ("select t.id, raw.t.id + 1, (name), upper(t.name) from raw.t", "id|id + 1|name|upper(name)"),
        ("select t.u['geo']['lat'], u.geo.lat as x, u['geo'] from raw.t", "lat|x|geo"),
        ("select u.geo.lat from raw.t", "lat"),
        ("select (select max(id) from raw.t), (select 1 as one)", "max(id)|one"),
        ("select * from (select count(*), max(v.id) from raw.t v) q", "count(*)|max(id)"),
        ("with c as (select id * 2 from raw.t) from c", "id * 2"),
        ("select 1 + 1 union all select 2", "1 + 1"),
        ("select row_number() over (order by id) from raw.t", "row_number() OVER (ORDER BY id)"),
        (
            "select date_trunc('month', now()), cast(id as varchar) from raw.t",
            "date_trunc('month', now())|CAST(id AS VARCHAR)",
        ),
    ] {
        assert_eq!(names(&lake, sql).await.join("|"), wanted, "{sql}");
    }
}

#[tokio::test]
async fn a_query_may_name_a_column_twice_and_a_table_may_not() {
    let lake = lake().await;
    for (sql, wanted) in [
        ("select 1, 1, 1", "1|1:1|1:2"),
        ("select null, null", "NULL|NULL:1"),
        ("select id, name as id from raw.t", "id|id:1"),
        ("select a.id, b.id from raw.t a join raw.t b using (id)", "id|id:1"),
        ("select a.*, b.id from raw.t a join raw.t b on a.id = b.id order by a.id", "id|price|name|u|id:1"),
        ("select 1, 1 union all select 2, 2", "1|1:1"),
    ] {
        assert_eq!(names(&lake, sql).await.join("|"), wanted, "{sql}");
        let error = lake.run(&format!("create table raw.twice as {sql}")).await.expect_err(sql);
        assert!(error.message().starts_with("two columns are named `"), "{sql}: {error:?}");
        assert!(error.hints()[0].contains("`as`"), "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn a_query_below_another_names_its_columns_once() {
    let lake = lake().await;
    let error = lake.plan("select * from (select 1, 1 from raw.t) q").await.expect_err("twice");
    assert_eq!(error.message(), "a query below another gives two of its columns one name");
    assert!(error.hints()[0].contains("`as`"), "{error:?}");
}

/// What a name of a result column must not change: grouping, ordering and conditions by the same expression.
#[tokio::test]
async fn names_change_no_answer() {
    let lake = lake().await;
    for (sql, wanted) in [
        ("select distinct id % 2 from raw.t order by id % 2", "0 1"),
        ("select distinct upper(t.name) from raw.t t order by upper(t.name) desc", "N3 N2 N1"),
        ("select count(*) from raw.t group by id % 2 order by count(*)", "1 2"),
        ("select id % 2 from raw.t group by id % 2 having max(id) > 2", "1"),
        ("select sum(id) from raw.t having sum(id) > 5", "6"),
        ("select u['geo']['lat'] from raw.t order by id desc", "3 2 1"),
        ("select max(t.id) from raw.t group by t.name order by t.name", "1 2 3"),
        ("select id + 1 from raw.t order by 1 desc", "4 3 2"),
        ("select -id from raw.t order by t.id", "-1 -2 -3"),
        (
            "select row_number() over (order by id desc) from raw.t qualify row_number() over (order by id desc) = 2",
            "2",
        ),
        ("select unnest([3, 4])", "3 4"),
        ("select x from (select count(*) from raw.t) as q (x)", "3"),
        ("select count(*) from raw.t where exists (select 1)", "3"),
        ("select id from raw.t where id in (select max(id) from raw.t)", "3"),
    ] {
        let rows: Vec<String> = lake.rows(sql).await.into_iter().map(|row| row.join("|")).collect();
        assert_eq!(rows.join(" "), wanted, "{sql}");
    }
}

#[tokio::test]
async fn numbers_are_what_is_written() {
    let lake = lake().await;
    for (sql, wanted) in [
        ("select 1.005::decimal(10, 3) * 1000", "1005.000"),
        ("select 1.005::decimal(10, 2), cast(-1.005 as decimal(10, 2))", "1.01|-1.01"),
        ("select 1234567890123456.78", "1234567890123456.78"),
        ("select 12345678901234567890123", "12345678901234567890123"),
        ("select 0.1e300, 1e-7, 1.5, 3 / 2.0", "1e299|1e-7|1.5|1.5"),
        ("select arrow_typeof(1.5), arrow_typeof(18446744073709551615)", "Float64|UInt64"),
    ] {
        assert_eq!(lake.rows(sql).await[0].join("|"), wanted, "{sql}");
    }
}

#[tokio::test]
async fn columns_of_a_created_table_are_not_required() {
    let lake = lake().await;
    let planned = lake.plan("create table raw.n as select 1 as a, named_struct('x', 1) as s").await.expect("plan");
    let schema = planned.table_schema().expect("columns");
    assert!(schema.fields().iter().all(|field| field.is_nullable()), "{schema:?}");
    let planned = lake.plan("create table raw.n (a int, b varchar not null)").await.expect("plan");
    let required: Vec<_> = planned.table_schema().expect("columns").fields().iter().map(|f| !f.is_nullable()).collect();
    assert_eq!(required, [false, true]);
}

#[tokio::test]
async fn an_insert_changes_no_value() {
    let lake = lake().await;
    lake.run(
        "create table raw.kept as select cast(1 as bigint) as n, 1.5 as f, cast(1 as decimal(6, 2)) as d, \
         date '2026-01-01' as day, timestamp '2026-01-01 10:00:00' as at, 'x' as s, true as b, cast(1 as int) as i",
    )
    .await
    .expect("a table");
    for (column, value, wanted) in [
        ("n", "2.0", "2"),
        ("n", "'17'", "17"),
        ("n", "null", "NULL"),
        ("f", "3", "3.0"),
        ("f", "0.1", "0.1"),
        ("d", "1.25", "1.25"),
        ("d", "'1.2500'", "1.25"),
        ("day", "'2026-02-03'", "2026-02-03"),
        ("day", "timestamp '2026-02-03 00:00:00'", "2026-02-03"),
        ("at", "date '2026-02-03'", "2026-02-03T00:00:00"),
        ("at", "'2026-02-03 04:05:06'", "2026-02-03T04:05:06"),
        ("s", "12", "12"),
        ("i", "2147483647", "2147483647"),
    ] {
        let sql = format!("insert into raw.kept ({column}) values ({value})");
        let planned = lake.plan(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let row = crate::fixture::texts(&planned.collect().await.unwrap_or_else(|error| panic!("{sql}: {error:?}")));
        let at = planned.schema().index_of(column).expect("the column");
        assert_eq!(row[0][at], wanted, "{sql}");
    }
    for (column, value) in [
        ("n", "1.9"),
        ("n", "'1.9'"),
        ("n", "1e30"),
        ("i", "2147483648"),
        ("f", "9007199254740993"),
        ("d", "1.255"),
        ("d", "'1.255'"),
        ("d", "12345.6"),
        ("day", "timestamp '2026-02-03 04:05:06'"),
        ("day", "'soon'"),
        ("b", "'perhaps'"),
    ] {
        for sql in [
            format!("insert into raw.kept ({column}) values ({value})"),
            format!("insert into raw.kept ({column}) select {value} from raw.t"),
        ] {
            let failed = match lake.plan(&sql).await {
                Ok(planned) => planned.collect().await.expect_err(&sql),
                Err(error) => error,
            };
            assert_eq!(failed.code(), Code::InvalidValue, "{sql}: {failed:?}");
            assert!(failed.message().contains(&format!("does not fit the column `{column}`")), "{sql}: {failed:?}");
        }
    }
    let error = lake.plan("insert into raw.kept (n) select u from raw.t").await.expect_err("a struct");
    assert!(error.message().contains("cannot be stored in the column `n`"), "{error:?}");
    let error = lake.plan("insert into raw.kept (n, m) values (1, 2)").await.expect_err("no such column");
    assert_eq!(error.code(), Code::UnknownColumn, "{error:?}");
}
