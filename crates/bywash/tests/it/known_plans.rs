//! What planning said is kept between checks: nothing that planning looks at can change unseen, and the file in which
//! it is kept is never needed.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::SystemTime;

use bywash_testkit::Sandbox;

use crate::sandbox;
use crate::shop::shop;

const FILE: &str = ".bywash/plans";

/// When the file was written: not again by a check that has planned nothing.
fn written(shop: &Sandbox) -> SystemTime {
    let file = std::fs::metadata(shop.path().join(FILE)).expect("what planning said is kept");
    file.modified().expect("a time")
}

/// A model that promises `x` as a type.
fn promise(shop: &Sandbox, sql: &str, kind: &str) {
    shop.write("models/m/promised.sql", sql);
    let yaml = format!("models:\n  - name: promised\n    columns:\n      - {{name: x, data_type: {kind}}}\n");
    shop.write("models/m/promised.yml", yaml);
}

#[test]
fn what_did_not_change_is_not_planned_again() {
    let shop = shop();
    shop.run(["check"]).success();
    let first = written(&shop);
    shop.run(["check"]).success();
    assert_eq!(written(&shop), first);
    shop.run(["plan"]).success();
    assert_eq!(written(&shop), first, "a plan asks the same");
    let text = shop.read("models/marts/top.sql");
    shop.write("models/marts/top.sql", text.replace(", rank()", ", 1 as one, rank()"));
    shop.run(["check"]).success();
    let second = written(&shop);
    assert_ne!(second, first);
    shop.write("models/marts/top.sql", text);
    shop.run(["check"]).success();
    assert_eq!(written(&shop), second, "an edit that is taken back is known");
}

#[test]
fn an_edit_upstream_is_seen_through_all_that_is_known() {
    let shop = shop();
    shop.run(["check"]).success();
    let clean = shop.read("models/staging/clean.sql");
    shop.write("models/staging/clean.sql", clean.replace("amount, day", "amount as sum, day"));
    let output = shop.run(["check"]).failure("unknown-column");
    assert!(output.stderr.contains("models/marts/by_region.sql:1"), "{output}");
    let by_region = shop.read("models/marts/by_region.sql");
    shop.write("models/marts/by_region.sql", format!("-- moved\n{by_region}"));
    let output = shop.run(["check"]).failure("unknown-column");
    assert!(output.stderr.contains("models/marts/by_region.sql:2"), "{output}");
    shop.write("models/staging/clean.sql", clean);
    shop.run(["check"]).success();
}

#[test]
fn a_table_of_the_lake_that_changes_is_seen_at_each_branch() {
    let shop = sandbox();
    shop.write("bywash.toml", "[project]\nname = \"tables\"\n");
    shop.run(["query", "create table lake.t as select 1 as a"]).success();
    shop.run(["branch", "create", "dev"]).success();
    shop.write("models/m/here.sql", "select a from lake.t\n");
    shop.write("models/m/there.sql", "select a from lake.t@dev\n");
    shop.run(["check"]).success();
    shop.run(["query", "--ref", "dev", "alter table lake.t rename column a to b"]).success();
    let output = shop.run(["check"]).failure("unknown-column");
    assert!(output.stderr.contains("models/m/there.sql:1"), "{output}");
    assert!(!output.stderr.contains("models/m/here.sql"), "{output}");
    let output = shop.run(["check", "--ref", "dev"]).failure("unknown-column");
    assert!(output.stderr.contains("models/m/here.sql:1"), "{output}");
    shop.write("models/m/there.sql", "select 1 as a\n");
    shop.run(["check"]).success();
    shop.run(["query", "alter table lake.t rename column a to c"]).success();
    shop.run(["check"]).failure("unknown-column");
}

#[test]
fn a_function_that_gives_another_type_is_seen() {
    let shop = shop();
    let file = |types: &str| format!("import bywash as bw\n\n\n@bw.udf({types})\ndef half(x):\n    return x\n");
    shop.write("functions/half.py", file("args=[\"int64\"], returns=\"int64\""));
    promise(&shop, "select half(id) as x from raw.customers\n", "long");
    shop.run(["check"]).success();
    shop.write("functions/half.py", file("args=[\"int64\"], returns=\"float64\""));
    shop.run(["check"]).failure("contract-broken");
    shop.write("functions/half.py", file("args=[\"int64\", \"int64\"], returns=\"int64\""));
    let output = shop.run(["check"]);
    assert_eq!(output.code, 1, "{output}");
    shop.write("functions/half.py", file("args=[\"int64\"], returns=\"int64\""));
    shop.run(["check"]).success();
}

#[test]
fn values_of_parameters_are_told_apart() {
    let shop = shop();
    promise(&shop, "select $x as x\n", "long");
    shop.run(["check", "--param", "x=1"]).success();
    shop.run(["check", "--param", "x=one"]).failure("contract-broken");
    shop.run(["check"]).failure("invalid-sql");
    shop.run(["check", "--param", "x=2"]).success();
    shop.run(["check", "--param", "x='1'"]).failure("contract-broken");
}

#[test]
fn a_damaged_file_is_planned_anew() {
    let shop = shop();
    shop.run(["check"]).success();
    let whole = std::fs::read(shop.path().join(FILE)).expect("a file");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let last = whole.len() - 1;
    for damaged in [&b""[..], b"garbage", &whole[..10], &whole[..40], &whole[..last], &flipped] {
        shop.write(FILE, damaged);
        shop.run(["check"]).success();
        assert_eq!(std::fs::read(shop.path().join(FILE)).expect("a file"), whole);
    }
    std::fs::remove_file(shop.path().join(FILE)).expect("it is there");
    std::fs::create_dir(shop.path().join(FILE)).expect("a folder in its place");
    shop.run(["check"]).success();
    assert!(shop.files(".bywash").iter().all(|file| !file.contains("plans-")), "{:?}", shop.files(".bywash"));
    shop.write("models/marts/top.sql", "select nothing from marts.by_region\n");
    shop.run(["check"]).failure("unknown-column");
}

#[test]
fn clean_removes_what_is_known() {
    let shop = shop();
    shop.run(["check"]).success();
    assert!(shop.path().join(FILE).is_file());
    shop.run(["clean"]).success();
    assert!(!shop.path().join(FILE).exists());
    shop.run(["check"]).success();
}

#[test]
fn watch_sees_every_folder_of_a_project() {
    let shop = shop();
    shop.write(
        "functions/half.py",
        "import bywash as bw\n\n\n@bw.udf(args=[\"int64\"], returns=\"int64\")\ndef half(x):\n    return x\n",
    );
    promise(&shop, "select half(id) as x from raw.customers\n", "long");
    let mut process = shop.command(["check", "--watch"]).process();
    let mut child = process.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a process");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("are sound")));
    assert!(lines.any(|line| line.contains("watching")));
    let text = shop.read("functions/half.py");
    shop.write("functions/half.py", text.replace("returns=\"int64\"", "returns=\"float64\""));
    assert!(lines.any(|line| line.contains("error[contract-broken]")));
    assert!(lines.any(|line| line.contains("watching")));
    shop.write("functions/half.py", text);
    assert!(lines.any(|line| line.contains("are sound")));
    child.kill().expect("it runs");
    child.wait().expect("it ended");
}
