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
    insta::assert_snapshot!(found, @r"
    cyclic-models: models read each other in a cycle: `a.one` → `a.two` → `a.one`
      at models/a/one.sql:2:6 ^a.two^ (`a.one` reads `a.two`)
      at models/a/two.sql:1:28 ^a.one^ (`a.two` reads `a.one`)
      hint: take one of these references away, or move what both need into a model of its own
    cyclic-models: `a.selfish` reads itself
      at models/a/selfish.sql:1:15 ^selfish^ (`a.selfish` reads `a.selfish`)
      hint: take one of these references away, or move what both need into a model of its own
    cyclic-models: models read each other in a cycle: `a.three` → `a.one` → `a.two` → `a.three`
      at models/a/three.sql:3:3 ^one^ (`a.three` reads `a.one`)
      at models/a/one.sql:2:6 ^a.two^ (`a.one` reads `a.two`)
      at models/a/two.sql:1:15 ^a.three^ (`a.two` reads `a.three`)
      hint: take one of these references away, or move what both need into a model of its own
    ");
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
    insta::assert_snapshot!(found, @r"
    duplicate-node: `a.Late` and `a.late` differ only in case
      at models/a/Late.sql (the model `a.Late`)
      at models/a/x/late.sql (the model `a.late`)
      hint: rename one of them; folders below the namespace only group and are no part of the name
    duplicate-node: `a.Late` and `a.late` differ only in case
      at models/a/Late.sql (the model `a.Late`)
      at models/a/y/late.sql (the model `a.late`)
      hint: rename one of them; folders below the namespace only group and are no part of the name
    duplicate-node: two nodes make the table `raw.planes`
      at sources/raw.yml:4:12 ^planes^ (the resource `raw.planes`)
      at models/raw/planes.sql (the model `raw.planes`)
      hint: rename one of them; folders below the namespace only group and are no part of the name
    duplicate-node: two tests are named `same`
      at tests/deeper/same.sql (first here)
      at tests/same.sql
      hint: rename one of them
    ");
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
    insta::assert_snapshot!(found, @r"
    ambiguous-table: `flights` could be one of several tables
      at models/a/bare.sql:1:15 ^flights^
      hint: write one of `raw.flights`, `staging.flights`
    unknown-table: there is no table `stage.planes`
      at models/a/elsewhere.sql:1:15 ^stage.planes^
      hint: did you mean `raw.planes`?
    unknown-table: there is no table `unheard_of`
      at models/a/nothing.sql:1:15 ^unheard_of^
      hint: a table is a resource of a source, a seed, a model, or one made with `create table`; `bywash ls` lists them
    unknown-table: there is no table `raw.fligths`
      at models/a/wrong.sql:2:6 ^raw.fligths^
      hint: did you mean `raw.flights`?
    unknown-table: there is no table `planse`
      at models/a/wrong.sql:2:23 ^planse^
      hint: did you mean `planes`?
    ");
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
    let two = ["hand.made", "hand.notes", "my.notes"].map(|name| name.parse().unwrap());
    assert_eq!(loaded().check(&two, |_| true).unwrap_err().code().as_str(), "ambiguous-table");
    assert_eq!(loaded().check(&in_lake, |_| false).unwrap_err().each().len(), 1);
    assert_eq!(loaded().check(&[], |_| false).unwrap_err().each().len(), 3);
}

#[test]
fn incremental_models_must_be_provably_safe() {
    let incremental =
        |from: &str, sql: &str| format!("-- ---\n-- kind: incremental\n-- incremental_from: [{from}]\n-- ---\n{sql}\n");
    let found = problems(&[
        RAW,
        ("models/a/good.sql", &incremental("flights", "select * from raw.flights where x > 1")),
        ("models/a/counts.sql", &incremental("raw.flights", "select x, count(*) as n\nfrom raw.flights group by x")),
        ("models/a/other.sql", &incremental("raw.planes", "select * from raw.flights")),
        ("models/a/over_view.sql", &incremental("v", "select * from v")),
        ("models/a/v.sql", "-- ---\n-- kind: view\n-- ---\nselect * from raw.flights"),
        ("models/a/none.sql", "-- ---\n-- kind: incremental\n-- ---\nselect * from raw.flights"),
    ]);
    insta::assert_snapshot!(found, @r"
    unsafe-incremental: cannot be computed from new rows only: `group by` looks at many rows
      at models/a/counts.sql:6:27 ^x^
      hint: make the model `kind: table`, or move this part into a model of its own that reads this one
    invalid-front-matter: an incremental model says whose new rows it is computed from
      at models/a/none.sql
      hint: add `incremental_from: [raw.flights]`, or some of them
    invalid-front-matter: `incremental_from` names `raw.planes`, which the query does not read
      at models/a/other.sql:3:4 ^incremental_from^
      hint: it reads `raw.flights`
    unsafe-incremental: `v` is a view: it has no rows of its own that could be new
      at models/a/over_view.sql:3:4 ^incremental_from^
      hint: make it `kind: table` or `incremental`, or read the tables behind it here
    ");
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
    insta::assert_snapshot!(shown.join("\n"), @r#"
    tests.known_states warn [a.x] at models/a/x.yml:11:13
      select * from a.x where (id > 5) and state not in ('late', 'it''s', 3, '4', '007', true)
    tests.no_loss warn [a.x] at tests/no_loss.sql
      select * from x where n = 0
    tests.not_null_a_x_id [a.x] at models/a/x.yml:5:22
      select * from a.x where id is null
    tests.not_null_a_x_total [a.x] at models/a/x.yml:19:9
      select * from a.x where total is null
    tests.relationships_a_x_Tail_Number warn [a.x raw.planes] at models/a/x.yml:8:13
      select child.* from a.x as child where child."Tail Number" is not null and not exists (select 1 from raw.planes as parent where parent.tailnum = child."Tail Number")
    tests.relationships_a_x_order [a.x raw.planes] at models/a/x.yml:17:13
      select child.* from (select * from a.x where id in (select id from planes)) as child where child."order" is not null and not exists (select 1 from raw.planes as parent where parent.id = child."order")
    tests.unique_a_x_id [a.x] at models/a/x.yml:5:32
      select id, count(*) as duplicates from a.x where id is not null group by id having count(*) > 1
    tests.unique_a_x_id_2 [a.x] at models/a/x.yml:5:40
      select id, count(*) as duplicates from a.x where id is not null group by id having count(*) > 1
    "#);
}

/// A thousand models, each with a test of two kinds, make one graph.
#[test]
fn a_thousand_models_make_one_graph() {
    let mut files = vec![RAW].into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect::<Vec<_>>();
    for number in 0..1_000 {
        let parent = if number < 10 {
            "raw.flights".to_owned()
        } else {
            format!("m{}.model_{}", (number - 10) % 10, number - 10)
        };
        let columns: Vec<String> = (0..30)
            .map(|column| format!("    sum(case when c{column} > {number} then c{column} else 0 end) as c{column}"))
            .collect();
        let sql = format!(
            "-- ---\n-- tags: [t{}]\n-- description: Number {number}.\n-- ---\nselect\n    k,\n{}\nfrom {parent}\njoin raw.planes using (k)\nwhere k is not null\ngroup by k\n",
            number % 7,
            columns.join(",\n")
        );
        files.push((format!("models/m{}/group/model_{number}.sql", number % 10), sql));
        files.push((
            format!("models/m{}/group/model_{number}.yml", number % 10),
            format!("models:\n  - name: model_{number}\n    columns:\n      - name: k\n        data_tests: [not_null, unique]\n"),
        ));
    }
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = project(&borrowed);
    let (project, problems) = Project::read_with(folder.path().into(), None, &[]).unwrap();
    let (_, graph) = Loaded::of(project, problems).check(&[], |_| false).unwrap();
    assert_eq!(graph.nodes().len(), 3_002);
}
