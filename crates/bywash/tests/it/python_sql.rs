//! Functions of SQL in Python, wherever an expression may stand.

use bywash_testkit::Sandbox;

use crate::python::{flights, run, status};
use crate::shop::rows;

fn functions() -> Sandbox {
    let flights = flights();
    flights.write(
        "functions/all.py",
        "import bywash as bw\nimport pyarrow as pa\nimport pyarrow.compute as pc\n\n\n\
         @bw.udf(args=[\"float64\"], returns=\"float64\")\ndef minutes(hours):\n    \
         assert len(hours) > 0, \"it is never called for no rows\"\n    return pc.multiply(hours, 60.0)\n\n\n\
         @bw.udf(args=[\"string\"], returns=\"string\")\ndef lowered(text):\n    return pc.utf8_lower(text)\n\n\n\
         @bw.udf(args=[\"float64\"], returns=\"string\")\ndef band(delay):\n    \
         return pc.if_else(pc.greater(pc.fill_null(delay, 0.0), 20.0), \"late\", \"fine\")\n\n\n\
         @bw.udf(args=[\"int64\", \"int64\"], returns=\"int64\")\ndef plus(a, b):\n    return pc.add(a, b)\n\n\n\
         @bw.udf(args=[\"int64\"], returns=\"boolean\")\ndef even(a):\n    \
         return pc.equal(pc.bit_wise_and(a, 1), 0)\n",
    );
    flights.run(["load"]).success();
    flights
}

/// A query and its rows, sorted.
type Case = (&'static str, &'static [&'static str]);

fn hold(cases: &[Case]) {
    let flights = functions();
    for (sql, wanted) in cases {
        assert_eq!(rows(&flights, sql), *wanted, "{sql}");
    }
}

#[test]
fn they_stand_in_select_where_group_by_having_and_order_by() {
    hold(&[
        ("select minutes(delay) from raw.flights", &["\"\"", "-300.0", "1800.0", "3000.0", "600.0"]),
        (
            "select carrier from raw.flights where minutes(delay) > 700 and even(delay) or lowered(carrier) = 'aa'",
            &["AA", "DL", "DL"],
        ),
        ("select band(delay) as b, count(*) from raw.flights group by band(delay)", &["fine,3", "late,2"]),
        ("select band(delay) as b, count(*) from raw.flights group by all", &["fine,3", "late,2"]),
        ("select carrier from raw.flights group by carrier having sum(minutes(delay)) > 700", &["DL"]),
        ("select carrier from raw.flights order by minutes(delay) desc nulls last, band(delay) limit 2", &["DL", "DL"]),
        ("select distinct lowered(carrier) from raw.flights", &["aa", "dl", "ua"]),
        (
            "select case when even(delay) then 'e' when delay is null then 'n' else 'o' end from raw.flights",
            &["e", "e", "e", "n", "o"],
        ),
    ]);
}

#[test]
fn they_stand_in_aggregates_windows_and_one_another() {
    hold(&[
        ("select sum(minutes(delay)), max(lowered(carrier)) from raw.flights", &["5100.0,ua"]),
        ("select count(*) filter (where even(delay)) from raw.flights", &["3"]),
        (
            "select carrier, row_number() over (partition by band(delay) order by minutes(delay)) from raw.flights",
            &["AA,1", "DL,1", "DL,2", "UA,2", "UA,3"],
        ),
        (
            "select sum(minutes(delay)) over (partition by carrier) from raw.flights where carrier = 'DL'",
            &["4800.0", "4800.0"],
        ),
        ("select minutes(minutes(coalesce(delay, 1))) from raw.flights where carrier = 'UA'", &["3600.0", "36000.0"]),
        ("select lowered(upper(lowered(carrier))) from raw.flights where carrier = 'DL'", &["dl", "dl"]),
        ("select plus(plus(1, 2), plus(3, 4)) as ten", &["10"]),
    ]);
}

#[test]
fn they_stand_in_conditions_of_joins_and_in_subqueries() {
    hold(&[
        (
            "select a.carrier from raw.flights a join raw.flights b \
             on lowered(a.carrier) = lowered(b.carrier) and a.origin < b.origin",
            &["DL", "UA"],
        ),
        (
            "select a.delay, b.delay from raw.flights a join raw.flights b on minutes(a.delay) + 1000 < minutes(b.delay)",
            &["-5,30", "-5,50", "10,30", "10,50", "30,50"],
        ),
        (
            "select a.delay, b.delay from raw.flights a join raw.flights b on plus(a.delay, b.delay) = 40",
            &["10,30", "30,10"],
        ),
        (
            "select a.carrier, b.delay from raw.flights a left join raw.flights b \
             on a.carrier = b.carrier and minutes(b.delay) > 2000",
            &["AA,", "DL,50", "DL,50", "UA,", "UA,"],
        ),
        (
            "select carrier from raw.flights \
             where lowered(carrier) in (select lowered(carrier) from raw.flights where minutes(delay) > 2000)",
            &["DL", "DL"],
        ),
        ("select (select max(minutes(delay)) from raw.flights)", &["3000.0"]),
        (
            "with m as (select minutes(delay) as m from raw.flights) select m from m where m > 700 union all select minutes(1)",
            &["1800.0", "3000.0", "60.0"],
        ),
    ]);
}

#[test]
fn nulls_arrive_and_no_rows_never_do() {
    hold(&[
        ("select minutes(null)", &["\"\""]),
        ("select plus(1, null)", &["\"\""]),
        ("select band(null)", &["fine"]),
        ("select minutes(delay) from raw.flights where false", &[]),
        ("select minutes(delay) from raw.flights where delay > 1000", &[]),
        ("select sum(minutes(delay)) from raw.flights where delay > 1000", &["\"\""]),
    ]);
}

#[test]
fn models_and_tests_call_them_and_filters_and_views_do_not() {
    let flights = functions();
    flights.write("models/marts/bands.sql", "select band(delay) as b, count(*) as n from raw.flights group by all\n");
    flights.write(
        "models/marts/grown.sql",
        "-- ---\n-- kind: incremental\n-- incremental_from: [raw.flights]\n-- ---\nselect minutes(delay) as m from raw.flights\n",
    );
    flights.write("tests/bands.sql", "select * from marts.bands where lowered(b) <> b\n");
    run(&flights, &[]);
    assert_eq!(rows(&flights, "from marts.bands"), ["fine,3", "late,2"]);
    flights.write("data/flights2.csv", "carrier,origin,delay\nAA,EWR,90\n");
    run(&flights, &[]);
    assert_eq!(rows(&flights, "select sum(m) from marts.grown"), ["10500.0"]);
    assert_eq!(status(&run(&flights, &[]), "marts.grown"), "reused");

    flights.write(
        "models/marts/wrong.py",
        "import bywash as bw\n\n\n@bw.model(columns={\"carrier\": \"string\"})\n\
         def wrong(x=bw.table(\"raw.flights\", filter=\"minutes(delay) > 3\")): ...\n",
    );
    let output = flights.run(["check"]).failure("not-yet-supported");
    assert!(output.stderr.contains("the `filter` calls `minutes`"), "{output}");
}

#[test]
fn what_they_raise_is_an_error_of_the_query_wherever_they_stand() {
    let flights = functions();
    flights.write(
        "functions/bad.py",
        "import bywash as bw\n\n\n@bw.udf(args=[\"int64\"], returns=\"int64\")\ndef bad(x):\n    raise ValueError(\"no\")\n\n\n\
         @bw.udf(args=[\"int64\"], returns=\"int64\")\ndef short(x):\n    return x[:1]\n",
    );
    for sql in [
        "select bad(delay) from raw.flights",
        "select sum(bad(delay)) from raw.flights",
        "select 1 from raw.flights order by bad(delay)",
        "select 1 from raw.flights a join raw.flights b on bad(a.delay) < b.delay",
    ] {
        let output = flights.run(["query", sql]).failure("python-exception");
        assert!(output.stderr.contains("functions/bad.py:6"), "{output}");
    }
    flights.run(["query", "select short(delay) from raw.flights"]).failure("python-columns");
}
