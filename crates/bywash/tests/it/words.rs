//! What commands say: the right thing at the right time, and the same word for the same thing.

use crate::sandbox;
use crate::shop::{json, orders, rows, shop};

#[test]
fn a_kind_has_one_word() {
    let shop = shop();
    shop.run(["run"]).success();
    let listed = json(&shop.run(["ls", "-o", "json"]).success());
    let tables = json(&shop.run(["table", "list", "-o", "json"]).success());
    for table in tables.as_array().expect("tables") {
        let node = listed.as_array().expect("nodes").iter().find(|node| node["name"] == table["name"]);
        assert_eq!(node.expect("a node")["kind"], table["kind"], "{table}");
    }
}

#[test]
fn a_test_is_shown_by_its_name() {
    let shop = shop();
    shop.write("tests/no_large_orders.sql", "select * from raw.orders where amount > 590");
    let output = shop.run(["run"]).failure("test-failed");
    assert!(output.stderr.contains("no_large_orders"), "{output}");
    shop.run(["run", "-s", "raw.orders"]);
    std::fs::remove_file(shop.path().join("tests/no_large_orders.sql")).expect("the test");
    shop.run(["run"]).success();
    shop.write("tests/no_large_orders.sql", "select * from raw.orders where amount > 590");
    let shown = shop.run(["show", "tests.no_large_orders", "-o", "csv"]).success();
    assert!(shown.stdout.starts_with("id,customer,amount,day\n60,1,600,"), "{shown}");
    let declared = shop.run(["ls", "-o", "csv"]).success();
    let name = declared.stdout.lines().find(|line| line.starts_with("tests.") && line.contains("unique"));
    let name = name.and_then(|line| line.split(',').next()).expect("a test that YAML declares").to_owned();
    shop.run(["show", &name]).success();
}

#[test]
fn branches_and_tags_are_told_apart() {
    let shop = shop();
    shop.run(["run"]).success();
    let output = shop.run(["branch", "delete", "main"]).failure("unsafe-delete");
    assert!(!output.stderr.contains("checkout main"), "{output}");
    shop.run(["tag", "create", "v1"]).success();
    let output = shop.run(["checkout", "v1"]).failure("unknown-ref");
    assert!(output.stderr.contains("is a tag") && output.stderr.contains("branch create NAME --ref v1"), "{output}");
    assert!(!output.stderr.contains("did you mean"), "{output}");
}

#[test]
fn a_revert_speaks_of_loads_only_where_one_was_taken_back() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["query", "create table scratch.a as select 1 as a"]).success();
    let output = shop.run(["revert", "HEAD"]).success();
    assert!(!output.stderr.contains("loads the reverted files"), "{output}");
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    let output = shop.run(["revert", "HEAD"]).success();
    assert!(output.stderr.contains("the next run loads the reverted files again"), "{output}");
}

#[test]
fn head_is_the_commit_that_is_read() {
    let shop = shop();
    shop.run(["run"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders@HEAD"), ["70"]);
    assert_eq!(rows(&shop, "select count(*) from \"raw.orders@HEAD~1\""), ["60"]);
}

#[test]
fn a_source_without_files_is_told_by_check_and_refused_by_run() {
    let shop = shop();
    shop.run(["run"]).success();
    std::fs::remove_file(shop.path().join("data/customers.csv")).expect("a file");
    let output = shop.run(["check"]).success();
    assert!(output.stderr.contains("warning: `raw.customers`"), "{output}");
    assert!(output.stderr.contains("data/customers.csv"), "{output}");
    shop.run(["run"]).failure("missing-file");
}

#[test]
fn a_failure_speaks_of_kept_nodes_only_where_some_are() {
    let shop = shop();
    shop.write("data/customers.csv", "id,name,code\n1,Ann,n,too many\n");
    let output = shop.run(["run", "-s", "raw.customers"]).failure("csv-field-count");
    assert!(output.stderr.contains("hint: nothing was published: `main` is as it was\n"), "{output}");
    let output = shop.run(["run"]).failure("csv-field-count");
    assert!(output.stderr.contains("finished nodes are kept in `refs/runs/"), "{output}");
}

#[test]
fn the_author_is_who_the_environment_says() {
    let shop = shop();
    shop.command(["run"]).env("BYWASH_AUTHOR", "Ada").run().success();
    shop.write(".gitconfig", "[user]\n\tname = Grace Hopper\n");
    shop.command(["query", "create table scratch.a as select 1 as a"]).env("USER", "nobody").run().success();
    shop.write(".gitconfig", "");
    shop.command(["query", "create table scratch.b as select 1 as a"])
        .env("USER", "somebody")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .run()
        .success();
    let authors = rows(&shop, "select author from bywash.commits where message <> 'create lake'");
    assert_eq!(authors, ["Ada", "Grace Hopper", "somebody"]);
}

#[test]
fn cleaning_keeps_what_cannot_be_rebuilt() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.write(".bywash/history", "from raw.orders;\n");
    shop.write(".bywash/spill/x", "rubbish");
    shop.run(["clean"]).success();
    assert_eq!(shop.files(".bywash"), ["branch", "history"]);
}

#[test]
fn a_file_in_double_quotes_and_a_folder_that_is_missing_get_advice() {
    let sandbox = sandbox();
    sandbox.write("data/x.csv", "a;b\n1;2\n1;2;3\n");
    let output = sandbox.run(["query", "from \"data/x.csv\""]).failure("invalid-name");
    assert!(output.stderr.contains("names of files stand in single quotes: `'data/x.csv'`"), "{output}");
    let output = sandbox.run(["query", "select 1", "--to", "nodir/x.csv"]).failure("missing-file");
    assert!(output.stderr.contains("there is no folder `nodir`"), "{output}");
    assert!(output.stderr.contains("mkdir -p nodir"), "{output}");
    let output = sandbox.run(["query", "from 'data/x.csv'"]).failure("csv-field-count");
    assert!(output.stderr.contains("`bywash load 'data/x.csv'` gives them a source"), "{output}");
}

#[test]
fn every_format_of_a_report_is_written() {
    let shop = shop();
    let output = shop.run(["run", "-o", "csv"]).success();
    assert!(output.stdout.starts_with("name,kind,status,rows,bytes,ms,reason\n"), "{output}");
    assert!(output.stdout.contains("\nraw.orders,source,ran,60,"), "{output}");
    shop.run(["run", "--to", "report.json"]).success();
    assert!(shop.read("report.json").contains("\"status\":\"unchanged\""));
    let output = shop.run(["check", "-o", "csv"]).success();
    assert!(output.stdout.contains("\nmarts.top,table,\n"), "{output}");
}

#[test]
fn a_query_says_what_it_noticed_in_a_file() {
    let sandbox = sandbox();
    sandbox.write("x.csv", "a\n1\nNA\n");
    let output = sandbox.run(["query", "from 'x.csv'", "-o", "csv"]).success();
    assert_eq!(output.stdout, "a\n1\nNA\n");
    assert!(output.stderr.contains("warning: column `a` is read as text because of `NA` at x.csv:3"), "{output}");
}
