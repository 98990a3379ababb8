//! Rule R6: which shapes are proved safe, and where and why the others are refused.

use bywash_core::TableRef;
use bywash_engine::incremental::check_incremental;
use bywash_engine::sql::parse;

fn check(text: &str) -> Result<(), String> {
    let parsed = parse("m.sql", text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let inputs: Vec<_> = ["raw.flights"].iter().map(|name| TableRef::parse(name).expect("a name")).collect();
    check_incremental(&parsed, &inputs, &[]).map_err(|error| {
        let place = error.places().first().map(ToString::to_string).unwrap_or_default();
        format!("{place} {}", error.message().trim_start_matches("cannot be computed from new rows only: "))
    })
}

#[test]
fn r6_safe_shapes() {
    for text in [
        "select a, b + 1 as c from raw.flights where a > 1",
        "from flights",
        "select * from raw.flights join raw.planes using (tailnum)",
        "select * from raw.planes right join raw.flights using (tailnum)",
        "select * from raw.flights left join (select k, count(*) from s group by k) using (k)",
        "select * from raw.flights f, raw.planes p where f.a = p.a",
        "select * from raw.flights left semi join raw.planes using (tailnum)",
        "select a from raw.flights union all select b from raw.flights where b > 1",
        "with f as (select * from raw.flights) select * from f where a in (select max(b) from raw.planes)",
        "with m as (select max(b) as b from raw.planes order by 1 limit 1) select * from (select * from raw.flights), m",
        "select *, (select avg(y) from s where s.k = flights.k) from raw.flights",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn r6_unsafe_shapes_say_where_and_why() {
    let said: Vec<_> = [
        "select a, count(*) from raw.flights group by a",
        "select count(*) from raw.flights",
        "select distinct a from raw.flights",
        "select a, row_number() over (order by a) from raw.flights",
        "select a from raw.flights order by a",
        "select a from raw.flights order by a limit 3",
        "select a from raw.flights union select a from x",
        "select a from raw.flights union all select a from x",
        "select a from raw.flights except all select a from raw.flights",
        "select * from raw.flights f join raw.flights g using (a)",
        "select * from raw.flights f, raw.flights g",
        "select * from raw.planes left join raw.flights using (a)",
        "select * from raw.flights full join raw.planes using (a)",
        "select * from raw.flights where a > (select avg(a) from raw.flights)",
        "select * from raw.planes where exists (select 1 from raw.flights)",
        "with n as (select max(a) as a from raw.flights) select * from raw.planes join n using (a)",
        "with recursive n as (select a from raw.flights union all select a + 1 from n) select * from n",
        "select now(), * from raw.flights",
        "select * from raw.planes",
        "select * from raw.planes right semi join raw.flights using (a) join raw.flights using (b)",
    ]
    .iter()
    .map(|text| match check(text) {
        Ok(()) => format!("accepted: {text}"),
        Err(reason) => reason,
    })
    .collect();
    insta::assert_snapshot!(said.join("\n"), @r##"
        m.sql:1:46 `group by` looks at many rows
        m.sql:1:8 an aggregate looks at many rows
        m.sql:1:1 `distinct` looks at many rows
        m.sql:1:11 a window looks at many rows
        m.sql:1:36 `order by` looks at many rows; tables are ordered by `cluster_by`
        m.sql:1:44 `limit` looks at many rows
        m.sql:1:33 of the set operations only `union all` keeps every row
        m.sql:1:37 this branch reads no incremental input, so its rows would be added at every run
        m.sql:1:38 of the set operations only `union all` keeps every row
        m.sql:1:34 two incremental inputs are joined, so new rows of one meet old rows of the other
        m.sql:1:30 two incremental inputs are joined, so new rows of one meet old rows of the other
        m.sql:1:36 the rows of the left side change with the new rows of the right side
        m.sql:1:37 this join does not keep each row of its left side apart
        m.sql:1:38 a subquery reads all rows of an incremental input
        m.sql:1:40 a subquery reads all rows of an incremental input
        m.sql:1:19 an aggregate looks at many rows
        m.sql:1:16 a recursive `with` looks at many rows
        m.sql:1:8 `now()` gives another value each time
        m.sql the query does not read `raw.flights`
        m.sql:1:69 two incremental inputs are joined, so new rows of one meet old rows of the other
    "##);
}
