//! Help and version: on standard output, with success; without any words on standard error, with exit code 2.

use std::time::{Duration, Instant};

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn the_help_names_every_verb() {
    assert_snapshot!(sandbox().run(["--help"]).snapshot(), @"");
}

#[test]
fn the_help_of_a_verb_ends_with_an_example() {
    assert_snapshot!(sandbox().run(["init", "--help"]).snapshot(), @"");
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
