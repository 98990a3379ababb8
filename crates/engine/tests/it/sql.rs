//! The SQL front: what a statement reads, what its key is made of, what it complains about.

use bywash_core::Code;
use bywash_engine::sql::{Alteration, Parsed, Position, StatementKind, parse, parse_all};

fn read(text: &str) -> Parsed {
    parse("q.sql", text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn references(text: &str) -> Vec<String> {
    read(text).references.iter().map(|(table, place)| format!("{table} {place}")).collect()
}

#[test]
fn references_are_tables_and_not_names_of_with() {
    let text = "with recent as (select * from raw.flights), recent2 as (select * from recent)\n\
                select * from recent2 join Planes using (tailnum) where x in (select y from raw.weather w)";
    assert_eq!(references(text), ["raw.flights q.sql:1:31", "planes q.sql:2:28", "raw.weather q.sql:2:77"]);
}

#[test]
fn a_name_of_with_hides_a_table_only_after_its_definition() {
    let text = "with flights as (select * from flights) select * from flights";
    assert_eq!(references(text), ["flights q.sql:1:32"]);
    let text = "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) select * from n";
    assert!(references(text).is_empty());
    let text = "select * from (with n as (select 1) select * from n) join n on true";
    assert_eq!(references(text), ["n q.sql:1:59"]);
}

#[test]
fn a_table_at_a_ref_needs_no_quotes() {
    for (text, wanted) in [
        ("from raw.flights@dev", "raw.flights@dev"),
        ("from flights@feature/late-flights where x = 1", "flights@feature/late-flights"),
        ("select * from (from raw.Flights@main@2026-01-01T00:00:00Z)", "raw.flights@main@2026-01-01T00:00:00Z"),
        ("from \"raw.flights@main@2026-01-01 08:00:00\"", "raw.flights@main@2026-01-01 08:00:00"),
        ("from flights@v1.2, planes", "flights@v1.2"),
    ] {
        assert_eq!(read(text).references[0].0.to_string(), wanted, "{text}");
    }
    assert!(read("from raw.flights@dev").sql().ends_with("FROM \"raw.flights@dev\" AS \"flights\""));
}

#[test]
fn files_stand_in_single_quotes() {
    let parsed = read("select x.a from 'data/x.csv.gz' join 'data/*.parquet' as p on true");
    let files: Vec<_> = parsed.files.iter().map(|(file, place)| format!("{file} {place}")).collect();
    assert_eq!(files, ["data/x.csv.gz q.sql:1:17", "data/*.parquet q.sql:1:38"]);
    assert!(parsed.references.is_empty());
    assert!(parsed.sql().contains("\"file:data/x.csv.gz\" AS \"x\""));
}

#[test]
fn r3_the_order_of_a_with_counts_only_where_it_means_something() {
    let same = [
        [
            "with a as (select 1 as x), b as (select 2 as y) from a, b",
            "with b as (select 2 as y), A as (select 1 as x) from a, b",
        ],
        [
            "with c as (select 1 as x), a as (select x from c), b as (select x from C) select * from a join b using (x)",
            "with c as (select 1 as x), b as (select x from C), a as (select x from c) select * from a join b using (x)",
        ],
        [
            "select * from (with p as (select 1), q (z) as (select 2) select * from p, q) s",
            "select * from (with q (z) as (select 2), p as (select 1) select * from p, q) s",
        ],
    ];
    for [one, other] in same {
        assert_eq!(read(one).canonical, read(other).canonical);
    }
    let different = [
        // In the first, `b` reads the table `a`.
        [
            "with b as (select * from a), a as (select 1 as x) from a, b",
            "with a as (select 1 as x), b as (select * from a) from a, b",
        ],
        [
            "with b as (select * from \"a\"), a as (select 1 as x) from b",
            "with a as (select 1 as x), b as (select * from \"a\") from b",
        ],
        [
            "with a as (select 1 as x), b as (select 2 as x) from a",
            "with a as (select 2 as x), b as (select 1 as x) from a",
        ],
        ["with a as (select 1 as x) from a, b", "with b as (select 1 as x) from a, b"],
    ];
    for [one, other] in different {
        assert_ne!(read(one).canonical, read(other).canonical);
    }
    for other in
        ["select timestamp '2026-01-01' at time zone 'UTC'", "with recursive r as (select 1 as n) select n from r"]
    {
        assert!(!read(other).canonical.is_empty());
    }
}

#[test]
fn the_first_change_of_a_text_is_found() {
    let before = read("select a, 'x y' as b\nfrom t\nwhere a > 1").canonical;
    let line = |text: &str| read(text).first_change(&before).map(|place| (place.line, place.column));
    assert_eq!(line("-- why\nSELECT a, 'x y' as b from t where A > 1"), None);
    assert_eq!(line("select a,\n 'x z' as b from t where a > 1"), Some((Some(2), Some(2))));
    assert_eq!(line("select a, 'x y' as b from t\nwhere a > 12"), Some((Some(2), Some(11))));
    assert_eq!(line("select a, 'x y' as b\nfrom t"), Some((Some(2), Some(6))), "behind it something is gone");
}

#[test]
fn canonical_text_ignores_layout_comments_and_case_only() {
    let one = read("select  A, 'It''s' from T -- why\nwhere x<>1;").canonical;
    let two = read("SELECT a , 'It''s'\nFROM t /* because */ WHERE X <> 1").canonical;
    assert_eq!(one, two);
    for other in ["select a, 'it''s' from t where x<>1", "select \"A\", 'It''s' from t where x<>1"] {
        assert_ne!(read(other).canonical, one);
    }
}

#[test]
fn sugar_becomes_plain_sql() {
    assert_eq!(read("from t where a > 1 limit 0").sql(), "SELECT * FROM t WHERE a > 1 LIMIT 0");
    assert_eq!(
        read("select a, sum(b), c + 1, count(*) + 1 from t group by all").sql(),
        "SELECT a, sum(b), c + 1, count(*) + 1 FROM t GROUP BY 1, 3"
    );
    let summarize = read("summarize raw.flights");
    assert_eq!(
        (summarize.kind.clone(), summarize.sql()),
        (StatementKind::Summarize, "SELECT * FROM raw.flights".into())
    );
    assert_eq!(read("summarize select 1 as a").kind, StatementKind::Summarize);
    let parsed = read("with a as (from t) from a");
    assert_eq!(parsed.sql(), "WITH a AS (SELECT * FROM t) SELECT * FROM a");
}

#[test]
fn alter_table_is_read_in_the_words_of_several_dialects() {
    let read = |text: &str| -> Vec<Alteration> {
        let parsed = read(text);
        assert_eq!(parsed.target.expect("a target").0.to_string(), "raw.t", "{text}");
        parsed.alterations.into_iter().map(|(alteration, _)| alteration).collect()
    };
    let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
    let add = |at: &str, kind: &str, position| Alteration::Add {
        path: path(at),
        kind: kind.to_owned(),
        if_not_exists: false,
        position,
    };
    let after = Position::After("b".to_owned());
    assert_eq!(
        read("alter table raw.t add column A int after B, add address.zip text first"),
        [add("a", "INT", Some(after.clone())), add("address.zip", "TEXT", Some(Position::First))]
    );
    assert_eq!(
        read("alter table if exists raw.t add columns (a int, b decimal(9, 2))"),
        [add("a", "INT", None), add("b", "DECIMAL(9,2)", None)]
    );
    assert_eq!(
        read("alter table raw.t drop column if exists \"My Column\", drop x.y cascade"),
        [
            Alteration::Drop { path: vec!["My Column".to_owned()], if_exists: true },
            Alteration::Drop { path: path("x.y"), if_exists: false },
        ]
    );
    assert_eq!(read("alter table raw.t rename a to b"), [Alteration::Rename { path: path("a"), to: "b".to_owned() }]);
    for widen in ["alter column a type bigint", "alter a set data type bigint", "alter column a bigint"] {
        let wanted = [Alteration::Retype { path: path("a"), kind: "BIGINT".to_owned() }];
        assert_eq!(read(&format!("alter table raw.t {widen}")), wanted);
    }
    assert_eq!(
        read("alter table raw.t alter column a after b, alter column c.d drop not null"),
        [Alteration::Move { path: path("a"), position: after }, Alteration::DropNotNull { path: path("c.d") }]
    );
    assert_eq!(
        read("alter table raw.t set partitioned by (day(x), bucket(4, id)), cluster by (a, b), reset partitioned by"),
        [
            Alteration::PartitionBy(vec!["day(x)".to_owned(), "bucket(4, id)".to_owned()]),
            Alteration::ClusterBy(vec!["a".to_owned(), "b".to_owned()]),
            Alteration::PartitionBy(Vec::new()),
        ]
    );
    for wrong in
        ["alter table raw.t", "alter table raw.t add", "alter table raw.t add a int b", "alter table raw.t drop a, b"]
    {
        let error = parse("<query>", wrong).expect_err(wrong);
        assert_eq!((error.code(), error.places().len()), (Code::InvalidSql, 1), "{wrong}: {error}");
    }
}

#[test]
fn kinds_and_targets() {
    let kind = |text: &str| read(text).kind;
    let target = |text: &str| read(text).target.map(|(table, _)| table.to_string());
    assert_eq!(kind("insert into raw.t select 1"), StatementKind::Insert);
    assert_eq!(kind("insert overwrite raw.t select 1"), StatementKind::InsertOverwrite);
    assert_eq!(kind("drop table if exists raw.t"), StatementKind::DropTable { if_exists: true });
    assert_eq!(kind("explain analyze select 1"), StatementKind::Explain { analyze: true });
    assert_eq!(kind("describe raw.t"), StatementKind::Describe);
    assert_eq!(target("create or replace table raw.t as select 1"), Some("raw.t".into()));
    assert_eq!(kind("delete from raw.t where id in (select id from x)"), StatementKind::Delete);
    assert_eq!(kind("delete from raw.t"), StatementKind::Truncate);
    assert_eq!(target("update raw.t as x set a = 1 from raw.s"), Some("raw.t".into()));
    assert_eq!(target("merge into t using s on t.a = s.a when matched then delete"), Some("t".into()));
    let refused = kind("create view raw.v as select 1").refusal().expect("a refusal");
    assert_eq!((refused.code(), refused.message()), (Code::NotYetSupported, "`create view` is not supported yet"));
    let layout = read("create table raw.t partition by (month(at), bucket(4, id)) cluster by (id) as select * from x");
    assert_eq!(layout.partition_by, ["month(at)", "bucket(4, id)"]);
    assert_eq!(layout.cluster_by, ["id"]);
}

#[test]
fn volatile_statements_are_told_with_the_reason() {
    let volatile = |text: &str| read(text).volatile;
    for text in [
        "select now()",
        "select current_date",
        "select * from t where random() < 0.5",
        "select * from t limit 3",
        "select * from (select * from t limit 3)",
        "select distinct on (a) * from t",
        "select row_number() over (partition by a) from t",
        "select first_value(a) from t",
        "from t |> limit 3",
    ] {
        assert!(volatile(text).is_some(), "{text}");
    }
    for text in [
        "select * from t order by a limit 3",
        "select * from t limit 0",
        "select row_number() over (partition by a order by b) from t",
        "select array_agg(a order by b) from t",
        "select \"now\" from t",
    ] {
        assert_eq!(volatile(text), None, "{text}");
    }
}

#[test]
fn parameters_are_listed_once() {
    assert_eq!(read("select $b, $a from t where x > $b limit 0").parameters, ["b", "a"]);
}

#[test]
fn errors_stand_where_the_mistake_is() {
    let complain = |text: &str| {
        let error = parse("m.sql", text).expect_err(text);
        let place = error.places().first().map(ToString::to_string).unwrap_or_default();
        format!("{} {place}: {} [{}]", error.code(), error.message(), error.hints().join("; "))
    };
    insta::assert_snapshot!(
        [
            "selct 1",
            "select a,\n  b fro t",
            "select (1 + 2 from t",
            "select 'abc",
            "select 1; select 2",
            "-- nothing",
            "select from t",
            "select *, count(*) from t group by all",
            "select * from a.b.c",
            "select * from t tablesample (10)",
            "select * from t where",
            "select a b c from t",
        ]
        .map(complain)
        .join("\n"),
        @r##"
            invalid-sql m.sql:1:1: expected a statement, found `selct` [did you mean `select`?]
            invalid-sql m.sql:2:9: expected the end of the statement, found `t` []
            invalid-sql m.sql:1:15: expected ), found `from` [something is missing or too much before `from`; a column of that name needs quotes]
            invalid-sql m.sql:1:8: unterminated string literal [close what was opened here]
            invalid-sql m.sql:1:11: more than one statement where one is expected [keep the first and remove what follows its `;`]
            invalid-sql m.sql: no SQL statement here [write a query, such as `select * from raw.flights`]
            invalid-sql m.sql:1:1: nothing stands between `select` and `from` [name columns, or write `*` for all of them]
            invalid-sql m.sql:1:8: `group by all` cannot stand with `*` [name the columns to group by]
            invalid-name m.sql:1:15: `a.b.c` is not a table's name [a table is `namespace.table`, or `table` where that is unique]
            invalid-sql m.sql:1:15: `tablesample` is not supported [remove it, or say the same in another way]
            invalid-sql m.sql:1:22: expected an expression, found the end []
            invalid-sql m.sql:1:12: expected the end of the statement, found `c` []
        "##
    );
}

#[test]
fn several_statements_are_read_one_by_one() {
    let statements = parse_all("q.sql", "select 1; ; drop table raw.t;").expect("statements");
    assert_eq!(statements.len(), 2);
}

#[test]
fn deep_nesting_is_an_error_and_long_chains_are_not() {
    let deep = format!("select {}1{}", "(".repeat(500), ")".repeat(500));
    assert_eq!(parse("q.sql", &deep).expect_err("too deep").code(), Code::InvalidSql);
    let long = format!("select * from t where {}", vec!["a = 1"; 5_000].join(" or "));
    assert_eq!(read(&long).references.len(), 1);
}
