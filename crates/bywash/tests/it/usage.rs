//! Wrong usage: exit code 2, one error in our words, and what to do.

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn a_misspelt_verb_gets_a_suggestion() {
    let output = sandbox().run(["quary", "select 1"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `bywash` has no verb `quary`
    hint: did you mean `query`?
    hint: `bywash --help` shows what it takes
    ");
}

#[test]
fn a_misspelt_flag_gets_a_suggestion() {
    let output = sandbox().run(["run", "--full-refesh"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `bywash run` has no flag `--full-refesh`
    hint: did you mean `--full-refresh`?
    hint: `bywash run --help` shows what it takes
    ");
}

#[test]
fn a_flag_without_meaning_for_a_verb_is_refused_wherever_it_stands() {
    let expected = "exit: 2\n----- stdout -----\n----- stderr -----\n\
        error[wrong-usage]: `bywash explain` has no flag `--run-key`\n\
        hint: it is a flag of `bywash run`\n\
        hint: `bywash explain --help` shows what it takes\n";
    assert_eq!(sandbox().run(["explain", "--run-key", "k"]).to_string(), expected);
    assert_eq!(sandbox().run(["--run-key", "k", "explain"]).to_string(), expected);
}

#[test]
fn flags_may_stand_before_the_verb() {
    let sandbox = sandbox();
    sandbox.write("here/x.txt", "");
    for words in [vec!["-C", "here", "init", "p"], vec!["init", "-C", "here", "q"], vec!["-qC", "here", "init", "r"]] {
        let output = sandbox.run(words).success();
        assert_eq!(output.stdout, "");
    }
    assert!(sandbox.path().join("here/p/bywash.toml").is_file());
    assert!(sandbox.path().join("here/q/bywash.toml").is_file());
    assert!(sandbox.path().join("here/r/bywash.toml").is_file());
    let output = sandbox.run(["--template", "nothing", "init", "s"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `nothing` does not fit `--template <NAME>`
    hint: it takes flights, flights-ml, empty
    hint: `bywash init --help` shows what it takes
    ");
}

#[test]
fn words_behind_two_dashes_are_never_flags() {
    let output = sandbox().run(["explain", "--", "--bug"]);
    assert_eq!(output.code, 2);
    assert!(output.stderr.starts_with("error[unknown-code]"), "{output}");
}

#[test]
fn a_missing_value_and_a_missing_word_are_named() {
    let output = sandbox().run(["query", "-o"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `--output <FORMAT>` needs a value
    hint: it takes table, csv, json, jsonl, parquet, arrow, markdown
    hint: `bywash query --help` shows what it takes
    ");
    let output = sandbox().run(["init"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `bywash init` needs `<DIR>`
    hint: `bywash init --help` shows what it takes
    ");
    let output = sandbox().run(["run", "--param", "carrier"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `carrier` does not fit `--param <NAME=VALUE>`: a parameter is written NAME=VALUE
    hint: `bywash run --help` shows what it takes
    ");
}

#[test]
fn flags_that_exclude_one_another_are_named() {
    let output = sandbox().run(["explain", "-q", "-v"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `--quiet` does not go together with `--verbose`
    hint: `bywash explain --help` shows what it takes
    ");
    let output = sandbox().run(["doctor", "--dry-run"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[wrong-usage]: `bywash doctor` needs `--relocate`
    hint: `bywash doctor --help` shows what it takes
    ");
}

#[test]
fn with_json_an_error_is_also_one_object_on_the_last_line() {
    for words in [["run", "-o", "json", "--nope"], ["--output=json", "run", "--nope", "-q"]] {
        let output = sandbox().run(words);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{output}");
        assert!(output.stderr.starts_with("error[wrong-usage]: `bywash run` has no flag `--nope`\n"), "{output}");
        let object = output.stderr.lines().last().unwrap_or_default();
        let object: serde_json::Value = serde_json::from_str(object).expect("one JSON object");
        assert_eq!(object["status"], "failed");
        assert_eq!(object["errors"][0]["code"], "wrong-usage");
    }
}

#[test]
fn the_folder_after_c_must_exist() {
    let output = sandbox().run(["-C", "nowhere", "explain"]);
    assert_snapshot!(output.snapshot(), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[missing-file]: cannot enter `nowhere`: it does not exist
    for more: bywash explain missing-file
    ");
}
