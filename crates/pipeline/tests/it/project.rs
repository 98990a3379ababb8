//! Reading a project: what is understood, and every problem of a broken one with its place.

use bywash_pipeline::project::{ModelKind, OnChange, OnError, Project, SchemaContract, WriteDisposition};

use crate::sandbox::{load, problems, project, show};

const RAW: (&str, &str) = ("sources/raw.yml", "name: raw\nresources:\n  - name: flights\n    path: data/*.csv\n");

#[test]
fn all_problems_of_a_project_are_reported_at_once() {
    let found = problems(&[
        RAW,
        ("models/marts/late.sql", "-- ---\n-- kind: tabel\n-- ---\nselect * from raw.flihgts\n"),
        ("models/marts/early.sql", "selct 1\n"),
        ("models/marts/marts.yml", "models:\n  - name: late\n    colums: []\n"),
        ("tests/none.sql", "select * from early\n"),
    ]);
    insta::assert_snapshot!(found, @r"
    invalid-sql: expected a statement, found `selct`
      at models/marts/early.sql:1:1 ^selct^
      hint: did you mean `select`?
    invalid-front-matter: `tabel` is not a value of `kind`
      at models/marts/late.sql:2:10 ^tabel^
      hint: did you mean `table`?
    unknown-table: there is no table `raw.flihgts`
      at models/marts/late.sql:4:15 ^raw.flihgts^
      hint: did you mean `raw.flights`?
    invalid-yaml: `colums` is not a key of a model
      at models/marts/marts.yml:3:5 ^colums^
      hint: did you mean `columns`?
    ");
}

#[test]
fn unknown_keys_and_wrong_values_of_a_source_have_places_and_suggestions() {
    let found = problems(&[(
        "sources/raw.yml",
        "name: raw\ntyp: files\nresources:\n  - name: flights\n    paht: data/*.csv\n    header: maybe\n    \
         delimiter: ab\n    on_error: quarantene\n    write_disposition: merge\n    partition_by: [mnth(day)]\n  \
         - path: x.csv\n  - name: 1st\n    path: y.csv\n",
    )]);
    insta::assert_snapshot!(found, @r"
    invalid-yaml: `typ` is not a key of a source
      at sources/raw.yml:2:1 ^typ^
      hint: did you mean `type`?
    invalid-yaml: a resource needs `path`
      at sources/raw.yml:4:5 ^name^
      hint: write the file or glob, like `path: data/flights*.csv.gz`
    invalid-yaml: `paht` is not a key of a resource
      at sources/raw.yml:5:5 ^paht^
      hint: did you mean `path`?
    invalid-yaml: `header` is `true` or `false`, not `maybe`
      at sources/raw.yml:6:13 ^maybe^
    invalid-yaml: `delimiter` is one ASCII character (or `tab`), not `ab`
      at sources/raw.yml:7:16 ^ab^
    invalid-yaml: `quarantene` is not a value of `on_error`
      at sources/raw.yml:8:15 ^quarantene^
      hint: did you mean `quarantine`?
    not-yet-supported: only `append` and `replace` are supported yet
      at sources/raw.yml:9:24 ^merge^
      hint: append, and keep the last row of a key in an incremental model
    invalid-yaml: `partition_by`: `mnth(day)` is not a column or one of `year(c)`, `month(c)`, `day(c)`, `hour(c)`, `bucket(4, c)`, `truncate(2, c)`
      at sources/raw.yml:10:20 ^mnth(day)^
    invalid-yaml: a resource needs `name`
      at sources/raw.yml:11:5 ^path^
    invalid-name: `1st` is not a table name
      at sources/raw.yml:12:11 ^1st^
      hint: use letters, digits and `_`, no digit first, at most 128 characters
    ");
}

#[test]
fn broken_yaml_says_where_and_what_to_do() {
    let found = problems(&[
        ("sources/a.yml", "name: a\nresources:\n\t- name: x\n"),
        ("sources/b.yml", "name: b\ndescription: what: ever\n"),
        ("sources/c.yml", "name: c\nname: d\nresources: []\n"),
        ("sources/d.yml", "# nothing\n"),
        ("sources/e.yml", "- a\n- b\n"),
    ]);
    insta::assert_snapshot!(found, @r"
    invalid-yaml: broken YAML: tabs disallowed within this context (block indentation)
      at sources/a.yml:3:2 ^-^
      hint: indent with spaces: YAML does not allow tabs
    invalid-yaml: broken YAML: mapping values are not allowed in this context
      at sources/b.yml:2:18 ^:^
      hint: put the text in quotes: it holds `: `
    invalid-yaml: the key `name` stands twice
      at sources/c.yml:2:1 ^name^
      at sources/c.yml:1:1 ^name^ (first here)
    invalid-yaml: a source file says nothing
      at sources/d.yml
      hint: begin with `name:` and `resources:`, or remove the file
    invalid-yaml: a source is a mapping of keys to values, not a list
      at sources/e.yml:1:1 ^-^
    ");
}

#[test]
fn front_matter_errors_stand_in_the_lines_of_the_sql_file() {
    let found = problems(&[
        RAW,
        ("models/a/unclosed.sql", "-- a comment first\n-- ---\n-- kind: table\nselect 1\n"),
        ("models/a/key.sql", "\n-- ---\n-- tags: [core]\n-- clustr_by: [x]\n-- ---\nselect 1\n"),
        ("models/a/colon.sql", "-- ---\n-- kind: table\n-- description: this: that\n-- ---\nselect 1\n"),
        (
            "models/a/key_without_order.sql",
            "-- ---\n-- kind: incremental\n-- unique_key: id\n-- ---\nselect * from raw.flights\n",
        ),
        (
            "models/a/view.sql",
            "-- ---\n-- kind: view\n-- partition_by: [month(day)]\n-- order_by: day\n-- ---\nselect 1\n",
        ),
        ("models/a/scd2.sql", "-- ---\n-- kind: scd2\n-- ---\nselect 1\n"),
        (
            "models/a/two_words.sql",
            "-- ---\n-- kind: view\n-- materialized: table\n-- stable_for: soon\n-- ---\nselect 1\n",
        ),
    ]);
    insta::assert_snapshot!(found, @r"
    invalid-front-matter: broken YAML: mapping values are not allowed in this context
      at models/a/colon.sql:3:21 ^:^
      hint: put the text in quotes: it holds `: `
    invalid-front-matter: `clustr_by` is not a key of front matter
      at models/a/key.sql:4:4 ^clustr_by^
      hint: did you mean `cluster_by`?
    invalid-front-matter: an incremental model says whose new rows it is computed from
      at models/a/key_without_order.sql
      hint: add `incremental_from: [raw.flights]`, or some of them
    invalid-front-matter: `unique_key` needs `order_by`: of the rows of one key, the last stays
      at models/a/key_without_order.sql:3:4 ^unique_key^
      hint: add `order_by: [column]` with a column that tells the rows of a key apart
    not-yet-supported: models of kind `scd2` are not supported yet
      at models/a/scd2.sql:2:10 ^scd2^
      hint: use `incremental` or `table`
    invalid-front-matter: `materialized` and `kind` say the same: keep one of them
      at models/a/two_words.sql:3:4 ^materialized^
    invalid-front-matter: `soon` is not a duration
      at models/a/two_words.sql:4:16 ^soon^
    invalid-front-matter: front matter begins here and does not end
      at models/a/unclosed.sql:2:1 ^-- ---^
      hint: end it with a line `-- ---`, and begin every line of it with `--`
    invalid-front-matter: `partition_by` means nothing for a view: it has no files
      at models/a/view.sql:3:4 ^partition_by^
      hint: make it `kind: table`, or take the key away
    invalid-front-matter: `order_by` means nothing for a model of kind `view`
      at models/a/view.sql:4:4 ^order_by^
      hint: add `kind: incremental`, or take the key away
    ");
}

#[test]
fn sql_of_models_is_one_plain_query_over_tables() {
    let found = problems(&[
        ("models/a/template.sql", "select *\nfrom {{ ref('flights') }}\n"),
        ("models/a/writes.sql", "create table x as select 1 as a\n"),
        ("models/a/two.sql", "select 1; select 2\n"),
        ("models/a/file.sql", "select * from 'data/x.csv'\n"),
        ("models/a/empty.sql", "-- nothing yet\n"),
        ("models/tests/x.sql", "select 1\n"),
        ("models/a/no-name.sql", "select 1\n"),
    ]);
    insta::assert_snapshot!(found, @r"
    invalid-sql: no SQL statement here
      at models/a/empty.sql
      hint: write a query, such as `select * from raw.flights`
    not-yet-supported: a model or test cannot read the file `data/x.csv` itself
      at models/a/file.sql:1:15 ^'data/x.csv'^
      hint: declare it under `sources/` (`bywash load` writes that for you) and read the table
    invalid-name: `no-name` is not a table name
      at models/a/no-name.sql
      hint: use letters, digits and `_`, no digit first, at most 128 characters
      hint: a model's file is its table's name, its folder the namespace
    invalid-sql: models are plain SQL: this is a template
      at models/a/template.sql:2:6 ^{{ ref('flights') }}^
      hint: write the table's name, like `from raw.flights`, instead of `{{ ref('flights') }}`
      hint: settings stand in front matter: lines `-- key: value` between two lines `-- ---`
    invalid-sql: more than one statement where one is expected
      at models/a/two.sql:1:11 ^select^ (the second begins here)
      hint: keep the first and remove what follows its `;`
    invalid-sql: a model or test is one query; this changes or describes something
      at models/a/writes.sql
      hint: keep the `select`: what a model's query gives becomes its table
    invalid-name: the namespace `tests` belongs to Bywash
      at models/tests/x.sql
      hint: choose another name for it
    ");
}

#[test]
fn tests_in_yaml_are_checked() {
    let found = problems(&[
        ("models/a/x.sql", "select 1 as id\n"),
        (
            "models/a/x.yml",
            "version: 2\nmodels:\n  - name: x\n    columns:\n      - name: id\n        data_tests:\n          - uniqe\n          \
             - accepted_values: {}\n          - relationships:\n              to: ref('y', 'z', 'w')\n              field: id\n          \
             - relationships:\n              to: a.nowhere\n              field: id\n          - not_null:\n              where: \"id >\"\n      \
             - name: id\n    data_tests: [unique]\n  - name: z\n",
        ),
        ("tests/expected.yml", "a: 1\n"),
    ]);
    insta::assert_snapshot!(found, @r"
    invalid-test: there is no test `uniqe`
      at models/a/x.yml:7:13 ^uniqe^
      hint: did you mean `unique`?
    invalid-test: `accepted_values` needs `values`
      at models/a/x.yml:8:13 ^accepted_values^
    invalid-test: `ref('y', 'z', 'w')` is not a table
      at models/a/x.yml:10:19 ^ref('y', 'z', 'w')^
      hint: write its name, like `raw.planes`, or `ref('planes')`
    unknown-table: there is no table `a.nowhere`
      at models/a/x.yml:13:19 ^a.nowhere^
      hint: a table is a resource of a source, a seed, a model, or one made with `create table`; `bywash ls` lists them
    invalid-test: the `where` of this test is not SQL: expected an expression, found `)`
      at models/a/x.yml:15:13 ^not_null^
    invalid-yaml: the column `id` is declared twice
      at models/a/x.yml:17:15 ^id^
      at models/a/x.yml:5:15 ^id^ (first here)
    invalid-test: `unique` does not say which column it is about
      at models/a/x.yml:18:18 ^unique^
      hint: put it under the column, or add `column_name`
    unknown-table: there is no model `z`
      at models/a/x.yml:19:11 ^z^
      hint: did you mean `x`?
    not-yet-supported: unit tests are not supported yet: `tests/expected.yml`
      at tests/expected.yml
      hint: move the file out of the project for now
    ");
}

#[test]
fn no_project_is_found_above() {
    let folder = tempfile::tempdir().unwrap();
    let error = Project::load(folder.path(), None).unwrap_err();
    assert_eq!(error.code().as_str(), "no-project");
    assert!(error.hints()[0].contains("bywash init"));
}

#[test]
fn the_root_is_searched_upwards() {
    let folder = project(&[("models/a/x.sql", "select 1 as a")]);
    let found = Project::load(&folder.path().join("models/a"), None).unwrap();
    assert_eq!(found.root, folder.path());
    assert_eq!(found.models[0].name.to_string(), "a.x");
}

#[test]
fn every_word_of_a_source_is_understood() {
    let (found, _) = load(&[(
        "sources/raw.yaml",
        "name: raw\ntype: filesystem\nbucket_url: file:///srv/data/\nnull_values: [NA, '', 007, null]\nresources:\n  \
         - name: flights\n    file_glob: 'flights*.csv.gz'\n    format: csv\n    delimiter: tab\n    header: true\n    \
         encoding: latin1\n    columns: {zip: string, day: {data_type: date, data_tests: [not_null]}}\n    \
         on_error: quarantine\n    write_disposition: replace\n    on_change: error\n    schema_contract: evolve\n    \
         partition_by: [month(day), 'bucket(4, zip)', carrier]\n    cluster_by: day\n    description: Flights.\n    \
         tags: nightly\n  - name: planes\n    path: planes.csv\n    null_values: []\n",
    )])
    .unwrap();
    let [flights, planes] = found.resources.as_slice() else { panic!("two resources") };
    assert_eq!(flights.name.to_string(), "raw.flights");
    assert_eq!(flights.path, "/srv/data/flights*.csv.gz");
    assert_eq!(flights.reader.delimiter.as_deref(), Some("\t"));
    assert_eq!(flights.reader.null_values.as_deref(), Some(["NA", "", "007", "null"].map(str::to_owned).as_slice()));
    assert_eq!(flights.reader.on_error, Some(OnError::Quarantine));
    assert_eq!(flights.reader.columns.iter().collect::<Vec<_>>(), [("zip", "string"), ("day", "date")]);
    assert_eq!(flights.write_disposition, WriteDisposition::Replace);
    assert_eq!((flights.on_change, flights.schema_contract), (OnChange::Error, SchemaContract::Evolve));
    let partitions: Vec<String> = flights.partition_by.iter().map(ToString::to_string).collect();
    assert_eq!(partitions, ["month(day)", "bucket(4, zip)", "carrier"]);
    assert_eq!(
        (flights.cluster_by.as_slice(), flights.tags.as_slice()),
        (&["day".to_owned()][..], &["nightly".to_owned()][..])
    );
    assert_eq!(planes.path, "planes.csv");
    assert_eq!(planes.reader.null_values.as_deref(), Some(&[][..]));
    assert_eq!((planes.write_disposition, planes.on_change), (WriteDisposition::Append, OnChange::Replace));
    assert_eq!(planes.schema_contract, SchemaContract::Freeze);
}

#[test]
fn options_of_a_model_come_from_front_matter_then_yaml_then_its_folders() {
    let (found, _) = load(&[
        (
            "bywash.toml",
            "[project]\nname = \"shop\"\n[models.marts]\nkind = \"view\"\ntags = [\"mart\"]\n\
             [models.\"marts/big\"]\nkind = \"table\"\n[models.shop]\ntags = [\"top\"]\n",
        ),
        ("models/marts/plain.sql", "select 1 as a"),
        ("models/marts/own.sql", "-- ---\n-- materialized: table\n-- tags: [own]\n-- ---\nselect 1 as a"),
        ("models/marts/big/deep.sql", "select 1 as a"),
        ("models/top.sql", "select 1 as a"),
        (
            "models/marts/x.yml",
            "models:\n  - name: own\n    description: Said in YAML.\n    tags: [yaml]\n    config: {materialized: view, cluster_by: a}\n",
        ),
    ])
    .unwrap();
    let shown: Vec<String> = found
        .models
        .iter()
        .map(|model| format!("{} {:?} {:?} {:?}", model.name, model.kind(), model.tags(), model.description()))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    marts.deep Table ["mart"] None
    marts.own Table ["mart", "own", "yaml"] Some("Said in YAML.")
    marts.plain View ["mart"] None
    shop.top Table ["top"] None
    "#);
    assert_eq!(found.models.iter().filter(|model| model.kind() == ModelKind::View).count(), 1);
}

#[test]
fn only_the_projects_own_files_are_read() {
    let (found, _) = load(&[
        ("models/a/x.sql", "select 1 as a"),
        ("models/a/.hidden.sql", "nonsense"),
        ("models/.git/y.sql", "nonsense"),
        ("models/a/notes.md", "nonsense"),
        ("lake/models/z.sql", "nonsense"),
        (".bywash/models/z.sql", "nonsense"),
        ("seeds/codes.csv", "a,b\n1,2\n"),
    ])
    .unwrap();
    let paths: Vec<&str> = found.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["bywash.toml", "models/a/x.sql", "seeds/codes.csv"]);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = project(&[("models/a/x.sql", "select 1 as a"), ("seeds/big.csv", "")]);
    std::fs::write(folder.path().join("models/a/latin.sql"), b"select 1\n-- caf\xe9\n").unwrap();
    std::fs::File::create(folder.path().join("seeds/big.csv")).unwrap().set_len(17 << 20).unwrap();
    let error = Project::load(folder.path(), None).unwrap_err();
    insta::assert_snapshot!(show(&error), @r"
    invalid-encoding: `models/a/latin.sql` is not UTF-8 at byte 15
      at models/a/latin.sql:2
      hint: save the file as UTF-8
    unreadable-file: `seeds/big.csv` is too large for a file of the project: 17.8 MB
      at seeds/big.csv
      hint: put data elsewhere and load it as a source, with `bywash load`
    ");
}

#[test]
fn seeds_are_described_in_yaml() {
    let (found, graph) = load(&[
        ("seeds/airlines.csv", "carrier,name\nAA,American\n"),
        (
            "seeds/seeds.yml",
            "seeds:\n  - name: airlines\n    config: {column_types: {carrier: string}}\n    columns:\n      \
             - name: name\n        data_type: varchar\n        data_tests: [unique]\n",
        ),
    ])
    .unwrap();
    let seed = &found.seeds[0];
    assert_eq!(seed.name.to_string(), "seeds.airlines");
    assert_eq!(
        (seed.reader.columns.get("carrier"), seed.reader.columns.get("name")),
        (Some("string"), Some("varchar"))
    );
    assert_eq!(graph.tests().count(), 1);
    let missing = problems(&[("seeds/airlines.csv", "a\n"), ("seeds/s.yml", "seeds:\n  - name: airline\n")]);
    insta::assert_snapshot!(missing, @r"
    unknown-table: there is no seed `airline`
      at seeds/s.yml:2:11 ^airline^
      hint: did you mean `airlines`?
      hint: a seed is a file `seeds/airline.csv`
    ");
}

#[test]
fn the_flights_example_loads_clean() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/flights");
    let (project, problems) = Project::read_with(root, None, &[]).unwrap();
    let (project, graph) = bywash_pipeline::graph::Loaded::of(project, problems).check(&[], |_| false).unwrap();
    assert!(project.models.len() >= 8, "{} models", project.models.len());
    assert!(graph.tests().count() >= 10);
    assert_eq!(graph.order().len(), graph.nodes().len());
}
