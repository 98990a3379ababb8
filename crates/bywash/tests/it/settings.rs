//! A `bywash.toml` that cannot be used: every command refuses, and none makes a lake in a wrong place.

use crate::sandbox;

const COMMANDS: &[&[&str]] = &[
    &["query", "select 1"],
    &["table", "list"],
    &["doctor"],
    &["tag", "list"],
    &["branch", "list"],
    &["log"],
    &["checkout", "-b", "dev"],
    &["run"],
    &["check"],
    &["load", "x.csv"],
];

#[test]
fn every_command_refuses_broken_settings_and_writes_nothing() {
    let sandbox = sandbox();
    sandbox.write("x.csv", "a\n1\n");
    for (text, place) in [
        ("[project]\nname = \"shop\"\n[lake]\npath = \"elsewhere\n", "bywash.toml:4"),
        ("[project]\nname = \"shop\"\n[lake]\npaht = \"elsewhere\"\n", "bywash.toml:4:1"),
        ("[project]\nname = \"shop\"\n[lake]\npath = \"elsewhere\"\n[engine]\nthreads = 0\n", "bywash.toml:6:11"),
    ] {
        sandbox.write("bywash.toml", text);
        for command in COMMANDS {
            let output = sandbox.run(*command);
            assert_eq!(output.code, 1, "{command:?}: {output}");
            assert!(output.stderr.contains(place) && output.stderr.contains("^"), "{command:?}: {output}");
            assert_eq!(sandbox.files("."), ["bywash.toml", "x.csv"], "{command:?}: {output}");
        }
    }
}

#[test]
fn a_broken_model_does_not_keep_anybody_from_looking_at_tables() {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"shop\"\n");
    sandbox.write("models/a/x.sql", "selct 1");
    sandbox.run(["table", "list"]).success();
    sandbox.run(["run"]).failure("invalid-sql");
}
