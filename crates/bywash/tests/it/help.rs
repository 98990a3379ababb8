//! Help and version: on standard output, with success; without any words on standard error, with exit code 2.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn the_help_names_every_verb() {
    assert_snapshot!(sandbox().run(["--help"]).snapshot(), @r#"
    exit: 0
    ----- stdout -----
    A data platform in one binary: files become versioned tables, SQL models become answers

    Usage: bywash [OPTIONS] <COMMAND>

    Commands:
      init         Start a project in a new folder
      run          Bring every node up to date, test, and publish all of it at once [alias: build]
      rerun        Do a run of the past again, on a branch, and say whether the same comes out
      check        Find every mistake in the project without reading data
      plan         Say what a run would do, and why
      lineage      Say where a table or a column comes from, and what is made of it
      query        Run SQL on the lake or on files; alone it opens a shell
      show         Compute the rows of a node without writing them
      compile      Print the final SQL of a node
      infer        Run a function in Python on a sample and declare its columns in its file
      ls           List the nodes of the project
      load         Load files into tables, or all sources of the project
      branch       List, create and delete branches
      checkout     Make another branch the current one
      merge        Bring what another branch has into the current one
      diff         Say what differs between two branches, tags or commits
      log          List the commits of a branch, the latest first
      tag          List, create and delete tags
      revert       Take back what a commit did, with a new commit
      table        Look at the tables of the lake, and keep them in good shape
      gc           Delete what no branch, tag or run needs any more
      doctor       Look for damage in the lake and say how to repair it
      clean        Delete what can be rebuilt: caches and what queries spilled
      explain      Explain an error code; alone it lists all codes
      completions  Print the completion script of a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -V, --version  Print version

    Everywhere:
      -C <DIR>            Work in this folder, as if started there
      -q, --quiet         Say nothing but errors
      -v, --verbose       Say more: causes of errors, where a bug struck
          --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Start here:
      bywash init flights --template flights && cd flights && bywash run
      bywash query "from 'data/x.csv' limit 5"

    Every error has a page: bywash explain CODE
    ----- stderr -----
    "#);
}

#[test]
fn the_help_of_a_verb_ends_with_an_example() {
    assert_snapshot!(sandbox().run(["init", "--help"]).snapshot(), @r"
    exit: 0
    ----- stdout -----
    Start a project in a new folder

    Usage: bywash init [OPTIONS] <DIR>

    Arguments:
      <DIR>  The folder of the project: new, or empty

    Options:
          --template <NAME>  What to put into it [default: empty] [possible values: flights, flights-ml,
                             empty]

    Everywhere:
      -C <DIR>            Work in this folder, as if started there
      -q, --quiet         Say nothing but errors
      -v, --verbose       Say more: causes of errors, where a bug struck
          --color <WHEN>  Colour the output [default: auto] [possible values: auto, always, never]
      -h, --help          Print help

    Example:
      bywash init flights --template flights
    ----- stderr -----
    ");
}

#[test]
fn no_words_at_all_print_the_help_as_an_error() {
    let sandbox = sandbox();
    let output = sandbox.run([""; 0]);
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert_eq!(output.stderr, sandbox.run(["--help"]).stdout);
}

#[test]
fn the_version_comes_at_once() {
    let sandbox = sandbox();
    let fastest = (0..10)
        .map(|_| {
            let begin = Instant::now();
            let output = sandbox.run(["--version"]).success();
            assert_eq!(output.stdout, format!("bywash {}\n", env!("CARGO_PKG_VERSION")));
            begin.elapsed()
        })
        .min()
        .unwrap_or_default();
    // The promise is 20 ms; a machine that compiles beside it gets more.
    assert!(fastest < Duration::from_millis(60), "{fastest:?}");
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let plain = sandbox().run(["init", "--help"]).stdout;
    assert!(!plain.contains('\x1b'));
    assert!(sandbox().run(["init", "--help", "--color", "always"]).stdout.contains("\x1b["));
    let failed = sandbox().run(["explain", "bgu", "--color=always"]);
    assert!(failed.stderr.starts_with("\x1b[1;31merror[unknown-code]\x1b[0m: "), "{failed}");
}

#[test]
fn completions_know_verbs_and_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let output = sandbox().run(["completions", shell]).success();
        for word in ["checkout", "full-refresh", "parquet"] {
            assert!(output.stdout.contains(word), "{shell} lacks {word}");
        }
    }
}
