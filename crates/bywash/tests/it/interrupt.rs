//! Ctrl-C ends a command soon, also while every thread computes, and says what is kept.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bywash_testkit::Sandbox;

use crate::sandbox;

/// A join whose condition hardly ever holds: no row for as long as anybody can wait, and no pause.
const SILENT: &str = "with t as (select * from generate_series(1, 2000000)) \
    select count(*) from t a, t b, t c where a.value + b.value < c.value";
/// Billions of rows of few keys.
const MANY: &str = "select count(*) from generate_series(1, 2000000) a join generate_series(1, 2000000) b \
    on a.value % 1000 = b.value % 1000";
const CROSS: &str = "select count(a.value + b.value) from generate_series(1, 3000000) a, generate_series(1, 3000000) b";

/// Runs it for a second, presses Ctrl-C, and waits for its end.
fn interrupted(sandbox: &Sandbox, words: &[&str]) -> Output {
    let mut process = sandbox.command(words).process();
    let child = process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    std::thread::sleep(Duration::from_secs(1));
    let begin = Instant::now();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success(), "it still runs");
    let output = child.wait_with_output().expect("an exit code");
    // Far above what it takes, far below what the statement would.
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    output
}

#[test]
fn ctrl_c_ends_a_query_whatever_it_computes() {
    let sandbox = sandbox();
    for sql in [SILENT, MANY, CROSS] {
        let output = interrupted(&sandbox, &["query", sql]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(130), [].as_slice()), "{sql}: {said}");
        assert_eq!(
            said,
            "error[cancelled]: stopped by Ctrl-C\nhint: nothing was written: a statement is done as a whole or not at \
             all\n",
            "{sql}"
        );
    }
}

#[test]
fn ctrl_c_leaves_no_half_written_file() {
    let sandbox = sandbox();
    sandbox.write("out/rows.csv", "what was there\n");
    for sql in ["select a.value from generate_series(1, 3000000) a, generate_series(1, 3000000) b", SILENT] {
        let output = interrupted(&sandbox, &["query", sql, "--to", "out/rows.csv"]);
        assert_eq!(output.status.code(), Some(130), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(sandbox.files("out"), ["rows.csv"], "{sql}");
        assert_eq!(sandbox.read("out/rows.csv"), "what was there\n", "{sql}");
    }
}

#[test]
fn ctrl_c_keeps_the_finished_nodes_of_a_run() {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"slow\"\n");
    sandbox.write("models/m/quick.sql", "select 1 as one\n");
    sandbox.write(
        "models/m/slow.sql",
        format!("select (select max(one) from m.quick) as one, n from ({SILENT}) as t (n)\n"),
    );
    let output = interrupted(&sandbox, &["run"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains(
            "hint: nothing was published: `main` is as it was; nodes that had finished are kept in `refs/runs/"
        ),
        "{said}"
    );
    sandbox.write("models/m/slow.sql", "select one, 2 as n from m.quick\n");
    let again = sandbox.run(["run"]).success();
    assert!(again.stderr.contains("1 ran, 1 reused"), "{again}");
}
