//! What goes wrong, as a person reads it: code, place, sentence, hint; nothing of the library's own words.

use crate::fixture::Lake;

async fn complain(lake: &Lake, sql: &str) -> String {
    let error = match lake.plan(sql).await {
        Err(error) => error,
        Ok(planned) => match planned.collect().await {
            Err(error) => error,
            Ok(_) => return format!("accepted: {sql}"),
        },
    };
    let place = error.places().first().map(ToString::to_string).unwrap_or_default();
    format!("{} {place}: {} / {}", error.code(), error.message(), error.hints().join("; "))
}

#[tokio::test]
async fn errors_are_for_people() {
    let lake = Lake::new();
    lake.run("create table raw.flights as select 1 as id, 'AA' as carrier, 2.5 as delay, 'x' as \"Origin\"")
        .await
        .expect("t");
    lake.run("create table raw.planes as select 1 as id, 'AA' as carrier").await.expect("t");
    let mut said = Vec::new();
    for sql in [
        "select * from raw.fligths",
        "select carier from raw.flights",
        "select f.carier\nfrom raw.flights f",
        "select origin from raw.flights",
        "select carrier from raw.flights join raw.planes on true",
        "select f.id from raw.flights f join raw.planes p on f.id = p.idd",
        "select * from raw.flights, raw.flights",
        "select nosuch(id) from raw.flights",
        "select sum(carrier) from raw.flights",
        "select id + carrier from raw.flights where id",
        "select carrier, count(*) from raw.flights",
        "select cast(carrier as int) from raw.flights",
        "select 1 / (id - 1) from raw.flights",
        "select * from raw.flights where id = (select id from raw.flights union all select id from raw.flights)",
        "select * from raw.flights union select id from raw.planes",
        "select * from 'no/such.csv'",
        "create view x as select 1",
        "select x.y.z.w from raw.flights x",
        "select bucket(0, id) from raw.flights",
        "select date '2026-13-01'",
        "insert into raw.flights (nope) values (1)",
    ] {
        said.push(complain(&lake, sql).await);
    }
    let said = said.join("\n");
    for word in
        ["planning:", "Schema error", "Arrow error", "Execution error", "DataFusion", "caused by", "not implemented:"]
    {
        assert!(!said.contains(word), "{word} in\n{said}");
    }
    insta::assert_snapshot!(said, @"");
}
