//! Views are plans within plans: the optimizer sees through them, and circles are told.

use bywash_core::Code;

use crate::fixture::{Lake, Table};

#[tokio::test]
async fn filters_reach_through_views() {
    let lake = Lake::new();
    lake.run("create table raw.t partition by (k) as select value as id, value % 10 as k from generate_series(1, 100)")
        .await
        .expect("a table");
    lake.tables.put("marts.inner", Table::View("select id, k, id * 2 as twice from raw.t".into()));
    lake.tables
        .put("marts.outer", Table::View("with x as (from marts.inner) select k, twice from x where id > 0".into()));
    let planned = lake.plan("select twice from marts.outer where k = 3").await.expect("plan");
    let text = planned.explain(false).await.expect("a text");
    assert!(text.contains("raw.t files=1 of 10") && text.contains("columns=[id, k]"), "{text}");
    assert_eq!(lake.rows("select count(*), sum(twice) from marts.outer where k = 3").await, [["10", "960"]]);
    assert_eq!(lake.rows("select count(*) from marts.outer a join marts.outer b using (k)").await, [["1000"]]);
}

#[tokio::test]
async fn circles_of_views_are_told() {
    let lake = Lake::new();
    lake.tables.put("a.a", Table::View("from a.b".into()));
    lake.tables.put("a.b", Table::View("select *\nfrom a.a".into()));
    let error = lake.plan("from a.a").await.expect_err("a circle");
    assert_eq!(error.code(), Code::CyclicModels);
    assert_eq!(error.message(), "views read each other in a circle: `a.a` → `a.b` → `a.a`");
    assert_eq!(error.places()[0].to_string(), "a.b.sql:2:6");
}

#[tokio::test]
async fn errors_in_a_view_stand_in_the_view() {
    let lake = Lake::new();
    lake.run("create table raw.t as select 1 as id").await.expect("a table");
    lake.tables.put("a.v", Table::View("select\n  idd from raw.t".into()));
    let error = lake.plan("from a.v").await.expect_err("unknown");
    assert_eq!(error.places()[0].to_string(), "a.v.sql:2:3");
    assert_eq!(error.hints(), ["did you mean `id`?"]);
}
