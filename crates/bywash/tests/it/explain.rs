//! `bywash explain`: pages, the list, and codes that do not exist.

use bywash_core::Code;
use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn a_page_is_found_however_the_code_was_copied() {
    let page = sandbox().run(["explain", "unknown-table"]).success().stdout;
    assert!(page.starts_with("# unknown-table\n\nSQL names a table"), "{page}");
    assert_eq!(sandbox().run(["explain", "error[unknown-table]:"]).success().stdout, page);
    assert_eq!(sandbox().run(["explain", "[UNKNOWN-TABLE]"]).success().stdout, page);
}

#[test]
fn without_a_code_all_are_listed_with_what_they_mean() {
    let list = sandbox().run(["explain"]).success().stdout;
    for code in Code::ALL {
        let line = list.lines().find(|line| line.trim_start().starts_with(&format!("{code} ")));
        assert!(line.is_some_and(|line| line.len() > 40 && line.ends_with('.')), "{code}: {line:?}");
    }
    assert_eq!(list.lines().count(), Code::ALL.len() + 10 * 2 + 1, "each kind has a heading and a blank line");
}

#[test]
fn an_unknown_code_gets_a_suggestion() {
    assert_snapshot!(sandbox().run(["explain", "unkown-table"]).snapshot(), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[unknown-code]: there is no error code `unkown-table`
    hint: did you mean `unknown-table`?
    hint: `bywash explain` lists all codes
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    use std::io::Read;
    use std::process::Stdio;
    let sandbox = sandbox();
    let mut process = sandbox.command(["completions", "zsh"]).process();
    let mut child = process.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    drop(child.stdout.take());
    let status = child.wait().expect("an exit code");
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}
