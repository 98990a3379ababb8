//! `bywash query` alone: what is piped into it, and what a person types on a terminal.

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn statements_and_dot_commands_are_run_one_after_another() {
    let script = "select 1 as a; select ';'\n as b; -- done;\n.output json\nselect 2 as c";
    let output = sandbox().command(["query", "-o", "csv"]).input(script).run();
    assert_snapshot!(output.snapshot(), @r#"
    exit: 0
    ----- stdout -----
    a
    1
    b
    ;
    [{"c":2}]
    ----- stderr -----
    results are shown as json
    "#);
}

#[test]
fn a_script_ends_at_its_first_failure() {
    let output = sandbox().command(["query", "-o", "csv"]).input("select 1 as a;\nselct 2;\nselect 3 as c;\n").run();
    assert_eq!((output.code, output.stdout.as_str()), (1, "a\n1\n"), "{output}");
    assert!(output.stderr.contains("error[invalid-sql]"), "{output}");
    let output = sandbox().command(["query"]).input(".tabels\n").run();
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: the shell has no command `.tabels`
    hint: did you mean `.tables`?
    hint: `.help` lists them
    ");
}

#[test]
fn a_null_without_a_type_is_a_null_in_every_format() {
    for (format, expected) in [("csv", "a,b\n1,\n"), ("json", "[{\"a\":1,\"b\":null}]\n"), ("table", "│ 1 ┆ null │")]
    {
        let output = sandbox().run(["query", "select 1 as a, null as b", "-o", format]).success();
        assert!(output.stdout.contains(expected), "{output}");
    }
}

#[test]
fn quit_leaves_at_once() {
    let output =
        sandbox().command(["query", "-o", "csv"]).input("select 1 as a;\n.quit\nselect 2 as b;\n").run().success();
    assert_eq!(output.stdout, "a\n1\n");
}

#[test]
fn exit_quit_and_help_need_neither_a_dot_nor_a_semicolon() {
    let output = sandbox().command(["query"]).input("help\n").run().success();
    assert!(output.stderr.contains(".tables"), "{output}");
    for word in ["exit", "quit;", "EXIT"] {
        let script = format!("select 1 as a;\n{word}\nselect 2 as b;\n");
        let output = sandbox().command(["query", "-o", "csv"]).input(script).run().success();
        assert_eq!(output.stdout, "a\n1\n");
    }
}

#[test]
fn a_schema_has_the_types_that_tables_have() {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"shop\"\n");
    let script = "create table a.t as select 1 as n, 'x' as s, current_date() as d;\n.schema a.t\n.tables a.\n";
    let output = sandbox.command(["query"]).input(script).run().success();
    let words: Vec<Vec<&str>> = output.stderr.lines().map(|line| line.split_whitespace().collect()).collect();
    for line in [["n", "long"], ["s", "string"], ["d", "date"], ["a.t", "table"]] {
        assert!(words.contains(&line.to_vec()), "{line:?}: {output}");
    }
}
