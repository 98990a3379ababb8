//! References, order, cycles, duplicates, and the queries that tests become.

use bywash_core::{TableName, TableRef};
use bywash_pipeline::graph::{Loaded, Resolution};
use bywash_pipeline::project::{Project, Severity};

use crate::sandbox::{load, problems, project};

const RAW: (&str, &str) = (
    "sources/raw.yml",
    "name: raw\nresources:\n  - {name: flights, path: f.csv, on_error: quarantine}\n  - {name: planes, path: p.csv}\n",
);

fn names(graph: &bywash_pipeline::graph::Graph) -> Vec<String> {
    graph.order().iter().map(|id| graph.node(*id).name.to_string()).collect()
}

#[test]
fn nodes_come_after_what_they_read_and_ties_by_name() {
    let (_, graph) = load(&[
        RAW,
        ("models/marts/a.sql", "select * from z join raw.planes using (tailnum)"),
        ("models/staging/z.sql", "with f as (select * from raw.flights) select * from f"),
        ("models/marts/b.sql", "select * from raw.flights__rejected"),
        ("models/own.sql", "select * from MARTS.A"),
        ("tests/z_first.sql", "select * from z where x is null"),
    ])
    .unwrap();
    assert_eq!(
        names(&graph),
        ["raw.flights", "marts.b", "raw.planes", "staging.z", "marts.a", "shop.own", "tests.z_first"]
    );
    let rejected = graph.resolve(&TableRef::parse("flights__rejected").unwrap());
    let flights = graph.find(&TableName::new("raw", "flights").unwrap()).unwrap();
    assert_eq!(rejected, Resolution::Node(flights.id, flights.name.rejected()));
}

#[test]
fn cycles_name_every_file_and_line() {
    let found = problems(&[
        ("models/a/one.sql", "select *\nfrom a.two"),
        ("models/a/two.sql", "select * from a.three join a.one using (x)"),
        ("models/a/three.sql", "select *\nfrom\n  one"),
        ("models/a/below.sql", "select * from one"),
        ("models/a/selfish.sql", "select * from selfish"),
    ]);
    insta::assert_snapshot!(found, @"");
}

#[test]
fn two_nodes_of_one_name_show_both_places() {
    let found = problems(&[
        RAW,
        ("models/a/x/late.sql", "select 1 as a"),
        ("models/a/y/late.sql", "select 2 as a"),
        ("models/a/Late.sql", "select 3 as a"),
        ("models/raw/planes.sql", "select 1 as a"),
        ("tests/same.sql", "select 1 as a"),
        ("tests/deeper/same.sql", "select 1 as a"),
    ]);
    insta::assert_snapshot!(found, @"");
}

#[test]
fn unknown_and_ambiguous_tables_have_suggestions() {
    let found = problems(&[
        RAW,
        ("models/staging/flights.sql", "select * from raw.flights"),
        ("models/a/bare.sql", "select * from flights"),
        ("models/a/wrong.sql", "select *\nfrom raw.fligths join planse using (x)"),
        ("models/a/elsewhere.sql", "select * from stage.planes"),
        ("models/a/nothing.sql", "select * from unheard_of"),
    ]);
    insta::assert_snapshot!(found, @"");
}

#[test]
fn tables_of_the_lake_are_known_when_they_are_there() {
    let folder = project(&[("models/a/x.sql", "select * from notes join hand.made using (a) join a.y@dev using (a)")]);
    let loaded = || {
        let (project, problems) = Project::read_with(folder.path().into(), None, &[]).unwrap();
        Loaded::of(project, problems)
    };
    let external: Vec<String> = loaded().graph.external().iter().map(|known| known.table.to_string()).collect();
    assert_eq!(external, ["notes", "hand.made", "a.y@dev"]);
    let in_lake = ["hand.made", "hand.notes"].map(|name| name.parse().unwrap());
    assert!(loaded().check(&in_lake, |table| table.at.as_deref() == Some("dev")).is_ok());
    assert_eq!(loaded().check(&in_lake, |_| false).unwrap_err().each().len(), 1);
    assert_eq!(loaded().check(&[], |_| false).unwrap_err().each().len(), 3);
}

#[test]
fn incremental_models_must_be_provably_safe() {
    let incremental = |from: &str, sql: &str| format!("-- ---\n-- kind: incremental\n-- incremental_from: [{from}]\n-- ---\n{sql}\n");
    let found = problems(&[
        RAW,
        ("models/a/good.sql", &incremental("flights", "select * from raw.flights where x > 1")),
        ("models/a/counts.sql", &incremental("raw.flights", "select x, count(*) as n\nfrom raw.flights group by x")),
        ("models/a/other.sql", &incremental("raw.planes", "select * from raw.flights")),
        ("models/a/over_view.sql", &incremental("v", "select * from v")),
        ("models/a/v.sql", "-- ---\n-- kind: view\n-- ---\nselect * from raw.flights"),
        ("models/a/none.sql", "-- ---\n-- kind: incremental\n-- ---\nselect * from raw.flights"),
    ]);
    insta::assert_snapshot!(found, @"");
}

#[test]
fn tests_become_plain_queries_for_the_bad_rows() {
    let (_, graph) = load(&[
        RAW,
        ("models/a/x.sql", "select * from raw.flights"),
        (
            "models/a/x.yml",
            "models:\n  - name: x\n    columns:\n      - name: id\n        data_tests: [not_null, unique, unique]\n      \
             - name: Tail Number\n        tests:\n          - relationships: {to: ref('planes'), field: tailnum, severity: warn}\n      \
             - name: state\n        data_tests:\n          - accepted_values:\n              arguments: {values: [late, \"it's\", 3, '4', 007, true]}\n              \
             config: {severity: WARN, where: id > 5}\n              name: known_states\n      - name: order\n        data_tests:\n          \
             - relationships: {to: raw.planes, field: id, where: id in (select id from planes)}\n    \
             data_tests:\n      - not_null: {column_name: total}\n",
        ),
        ("tests/no_loss.sql", "-- ---\n-- severity: warn\n-- description: Nothing is lost.\n-- ---\nselect * from x where n = 0;\n"),
    ])
    .unwrap();
    let shown: Vec<String> = graph
        .tests()
        .map(|node| {
            let test = node.test().unwrap();
            let severity = if test.severity == Severity::Warn { "warn " } else { "" };
            let reads: Vec<String> = test.reads.iter().map(ToString::to_string).collect();
            format!("{} {severity}[{}] at {}\n  {}", test.name, reads.join(" "), test.place, test.sql)
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @"");
}

/// Seconds of all processors that this process has used; the clock on the wall says how busy the machine is.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

/// Rule of speed: a thousand models are read, resolved and checked in well under a second.
#[test]
fn a_thousand_models_load_quickly() {
    let mut files = vec![RAW].into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect::<Vec<_>>();
    for number in 0..1_000 {
        let parent = if number < 10 { "raw.flights".to_owned() } else { format!("m{}.model_{}", (number - 10) % 10, number - 10) };
        let columns: Vec<String> = (0..30).map(|column| format!("    sum(case when c{column} > {number} then c{column} else 0 end) as c{column}")).collect();
        let sql = format!("-- ---\n-- tags: [t{}]\n-- description: Number {number}.\n-- ---\nselect\n    k,\n{}\nfrom {parent}\njoin raw.planes using (k)\nwhere k is not null\ngroup by k\n", number % 7, columns.join(",\n"));
        files.push((format!("models/m{}/group/model_{number}.sql", number % 10), sql));
        files.push((
            format!("models/m{}/group/model_{number}.yml", number % 10),
            format!("models:\n  - name: model_{number}\n    columns:\n      - name: k\n        data_tests: [not_null, unique]\n"),
        ));
    }
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = project(&borrowed);
    let before = processor_time();
    let (project, problems) = Project::read_with(folder.path().into(), None, &[]).unwrap();
    let (_, graph) = Loaded::of(project, problems).check(&[], |_| false).unwrap();
    assert_eq!(graph.nodes().len(), 3_002);
    let took = processor_time() - before;
    assert!(took < 1.0, "{took} seconds");
}
