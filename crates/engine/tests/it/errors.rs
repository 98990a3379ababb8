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
    format!("{} {place}: {} [{}]", error.code(), error.message(), error.hints().join("; "))
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
        "select id, cast(carrier as strng) from raw.flights",
    ] {
        said.push(complain(&lake, sql).await);
    }
    let said = said.join("\n");
    for word in
        ["planning:", "Schema error", "Arrow error", "Execution error", "DataFusion", "caused by", "not implemented:"]
    {
        assert!(!said.contains(word), "{word} in\n{said}");
    }
    insta::assert_snapshot!(said, @r##"
        unknown-table <query>:1:15: there is no table `raw.fligths` [did you mean `raw.flights`?]
        unknown-column <query>:1:8: there is no column `carier` [did you mean `carrier`?]
        unknown-column <query>:1:8: there is no column `f.carier` [did you mean `carrier`?]
        unknown-column <query>:1:8: there is no column `origin` [names without quotes are lower case; write `"Origin"`]
        ambiguous-column <query>:1:8: `carrier` is a column of more than one table [write `table.carrier`, or join with `using (carrier)`]
        unknown-column <query>:1:60: there is no column `p.idd` [did you mean `id`?]
        ambiguous-column <query>:1:19: `raw.flights` stands twice, and both have `id` [give each its own name with `as`]
        invalid-sql <query>:1:8: there is no function `nosuch` [did you mean `cosh`?]
        invalid-sql <query>:1:8: `sum` cannot be computed of a string [cast the argument, as in `cast(x as double)`]
        invalid-sql <query>: cannot create filter with non-boolean predicate 'raw.flights.id' returning Int64 []
        invalid-sql <query>:1:8: `raw.flights.carrier` must stand in `group by` or in an aggregate function [`group by all` groups by every column that is not aggregated]
        query-failed <query>: cannot cast string 'AA' to value of Int32 type [use `try_cast`, which gives null where a value does not fit]
        query-failed <query>: a number is divided by zero [use `nullif(x, 0)` as the divisor]
        query-failed <query>: scalar subquery returned more than one row []
        invalid-sql <query>:1:1: UNION queries have different number of columns []
        missing-file <query>:1:15: there is no file `no/such.csv` []
        not-yet-supported <query>: `create view` is not supported yet [write a model with `kind: view` in its front matter]
        unknown-column <query>:1:8: there is no column `x.y.z.w` [the columns are `id`, `carrier`, `delay`, `Origin`]
        query-failed <query>: the first argument of `bucket` must be a whole number above zero []
        invalid-sql <query>: cannot cast string '2026-13-01' to value of Date32 type []
        unknown-column <query>:1:26: there is no column `nope` [the columns are `id`, `carrier`, `delay`, `Origin`]
        unsupported-type <query>:1:28: `strng` is not a type [did you mean `string`?; types are boolean, int, long, float, double, decimal, date, time, timestamp, timestamptz, string, binary]
    "##);
}
