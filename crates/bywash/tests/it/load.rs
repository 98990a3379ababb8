//! `bywash load FILES`: own data without YAML, and nothing left behind when it cannot be loaded.

use bywash_testkit::Sandbox;
use insta::assert_snapshot;

use crate::sandbox;
use crate::shop::{copy, json, rows};

const SOURCE: &str = "sources/raw.yml";

fn project() -> Sandbox {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"shop\"\n");
    sandbox
}

#[test]
fn files_become_tables_and_a_second_load_says_that_nothing_is_new() {
    let shop = project();
    shop.write("data/ÜBER-Sicht.csv", "id,name\n1,a\n2,b\n");
    let output = shop.run(["load", "data/ÜBER-Sicht.csv"]).success();
    assert!(output.stderr.contains("wrote `sources/raw.yml`"), "{output}");
    assert_eq!(rows(&shop, "from raw.über_sicht"), ["1,a", "2,b"], "the name needs no quotes");
    let again = shop.run(["load", "data/ÜBER-Sicht.csv"]).success();
    assert!(again.stderr.contains("nothing to load: every file was loaded before"), "{again}");
    assert!(!again.stderr.contains("wrote"), "{again}");
    shop.write("data/ÜBER-Sicht.csv", "id,name\n1,a\n2,c\n");
    let changed = shop.run(["load"]).success();
    assert!(changed.stderr.contains("1 changed file"), "{changed}");
}

#[test]
fn a_load_that_fails_leaves_the_sources_as_they_were() {
    let shop = project();
    shop.write("data/good.csv", "id,name\n1,a\n");
    shop.write("data/bad.csv", "id,name\n1,a\n2,b,too many\n");
    shop.run(["load", "data/bad.csv"]).failure("csv-field-count");
    assert!(!shop.path().join(SOURCE).exists());
    shop.run(["load", "data/good.csv"]).success();
    let before = shop.read(SOURCE);
    shop.run(["load", "data/bad.csv"]).failure("csv-field-count");
    assert_eq!(shop.read(SOURCE), before);
    shop.write("models/a/x.sql", "selct 1");
    shop.write("data/other.csv", "id\n1\n");
    shop.run(["load", "data/other.csv"]).failure("invalid-sql");
    assert_eq!(shop.read(SOURCE), before, "a project that cannot be read gets no source");
}

#[test]
fn a_dry_run_says_what_would_be_loaded_and_writes_nothing() {
    let shop = project();
    shop.write("data/a.csv", "id,day,price\n1,2026-01-02,1.5\n");
    let output = shop.run(["load", "data/a.csv", "--dry-run"]).success();
    assert_snapshot!(output.snapshot(), @r"
    exit: 0
    ----- stdout -----
    ┌───────┬────────┬────────┐
    │ table ┆ column ┆ type   │
    ╞═══════╪════════╪════════╡
    │ raw.a ┆ id     ┆ long   │
    │ raw.a ┆ day    ┆ date   │
    │ raw.a ┆ price  ┆ double │
    └───────┴────────┴────────┘
    ----- stderr -----
    raw.a: would load 1 of 1 file
    3 rows
    next: the same without --dry-run; nothing was written
    ");
    assert!(!shop.path().join("sources").exists());
    assert!(rows(&shop, "from bywash.tables").is_empty());
    shop.run(["load", "data/a.csv"]).success();
    let again = shop.run(["load", "--dry-run", "-o", "csv"]).success();
    assert!(again.stderr.contains("raw.a: nothing to load; 1 file, unchanged"), "{again}");
    assert_eq!(again.stdout, "table,column,type\nraw.a,id,long\nraw.a,day,date\nraw.a,price,double\n");
}

#[test]
fn killed_at_any_step_the_project_can_be_run() {
    let prepared = project();
    prepared.write("data/a.csv", "id\n1\n2\n");
    prepared.run(["branch", "list"]).success();
    let finished = copy(&prepared);
    let log = finished.path().join("steps.log");
    finished.command(["load", "data/a.csv"]).env("BYWASH_FAULT_LOG", &log).run().success();
    let steps = finished.read("steps.log").lines().count();
    let (mut with_entry, mut without) = (0, 0);
    for step in 1..=steps {
        let shop = copy(&prepared);
        shop.command(["load", "data/a.csv"]).env("BYWASH_FAULT_KILL_AT", step.to_string()).run();
        let loaded = rows(&shop, "select name from bywash.tables") == ["raw.a"];
        if shop.path().join(SOURCE).exists() {
            with_entry += 1;
            shop.run(["run"]).success();
        } else {
            without += 1;
            assert!(!loaded, "step {step}: a table without its source");
            shop.run(["load", "data/a.csv"]).success();
        }
        assert_eq!(rows(&shop, "from raw.a"), ["1", "2"], "step {step}");
    }
    assert!(with_entry > 0 && without > 0, "killed on both sides of the entry: {with_entry}, {without}");
}

#[test]
fn a_place_on_another_machine_is_refused_with_what_to_do() {
    let shop = project();
    for words in [["load", "https://example.org/x.csv"], ["query", "from 'https://example.org/x.csv'"]] {
        let output = shop.run(words).failure("not-yet-supported");
        assert!(output.stderr.contains("copy them to this machine"), "{output}");
    }
}

#[test]
fn what_a_reader_notices_reaches_its_user_once_a_column() {
    let shop = project();
    shop.write("data/a.csv", "id,late,day,code\n1,5,2026-01-01,a1\n2,NA,2026-01-02,7\n3,NA,12,b2\n4,7,2026-01-04,c3\n");
    let output = shop.run(["load", "data/a.csv", "-o", "json"]).success();
    let warning = "column `late` is read as text because of `NA` at data/a.csv:3; if that means null, say so in the \
        source: `null_values: [\"\", \"NA\"]`";
    assert!(output.stderr.contains(&format!("warning: raw.a: {warning}\n")), "{output}");
    let warnings = &json(&output)["nodes"][0]["warnings"];
    assert_eq!(*warnings, serde_json::json!([warning, "column `day` is read as text: it holds numbers and dates"]));
    let source = shop.read(SOURCE);
    shop.write(SOURCE, source.replace("resources:", "null_values: [\"\", \"NA\"]\nresources:"));
    shop.write("data/b.csv", "id,late\n1,5\nx,NA\n");
    let output = shop.run(["load", "data/b.csv"]).success();
    assert!(output.stderr.contains("because of `x` at data/b.csv:3;"), "{output}");
    assert!(!output.stderr.contains("`late`") && output.stderr.contains(", 1 warning in "), "{output}");
}

#[test]
fn every_option_of_a_reader_is_heard() {
    let shop = project();
    shop.write("data/a.csv", "skipped\n1;'it\\'s';''\n");
    shop.write(
        SOURCE,
        "name: raw\nresources:\n  - name: a\n    path: data/a.csv\n    names: [id, text, empty]\n    quote: \"'\"\n    \
         escape: \"\\\\\"\n    quoted_empty: string\n    skip_lines: 1\n    columns: {empty: string}\n",
    );
    shop.run(["load"]).success();
    assert_eq!(rows(&shop, "select id, text, empty = '' from raw.a"), ["1,it's,true"]);
    shop.write("data/z.csv", "id\n1\n".to_owned() + &"\n".repeat(68 << 20));
    let packed = std::process::Command::new("gzip").arg(shop.path().join("data/z.csv")).status();
    assert!(packed.expect("the gzip program").success());
    shop.write(SOURCE, "name: raw\nmax_expansion_ratio: 2\nresources:\n  - name: z\n    path: data/z.csv.gz\n");
    let output = shop.run(["load"]);
    let output = output.failure("unreadable-file");
    assert!(output.stderr.contains("raise `max_expansion_ratio`"), "{output}");
}
