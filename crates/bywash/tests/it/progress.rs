//! Progress where no terminal is: a line for each node that is done.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use bywash_cli::context::{Context, Verbosity};
use bywash_cli::render::progress::Progress;
use bywash_cli::render::stdout::Stdout;
use bywash_cli::render::terminal::Terminal;
use bywash_pipeline::events::{Event, Listener, NodeStatus, SoFar};
use insta::assert_snapshot;

/// Set in the process whose standard error is looked at: the test binary runs itself.
const SPEAKER: &str = "BYWASH_TEST_SPEAKS";

#[test]
fn every_node_that_is_done_has_a_line() {
    if std::env::var_os(SPEAKER).is_some() {
        return speak();
    }
    let this = std::env::current_exe().expect("this test");
    let name = "progress::every_node_that_is_done_has_a_line";
    let mut process = Command::new(this)
        .args([name, "--exact", "--nocapture"])
        .env(SPEAKER, "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test again");
    let mut said = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert!(process.wait().expect("an exit code").success());
    assert_snapshot!(said, @r"
    ran     raw.flights                  336,776 rows     4.1 MB     1.2 s  2 new files
    reused  staging.flights                   12 rows      980 B      0 ms
    ran     marts.delays                         view                 3 ms
    failed  marts.answer                        table                41 ms  there is no column `x`
    skipped marts.report
    published nothing
    ");
}

fn speak() {
    let context = Context {
        folder: ".".into(),
        terminal: Terminal::default(),
        verbosity: Verbosity::Normal,
        stdout: Stdout::default(),
    };
    let progress = Progress::new(&context);
    let done = |name: &str, kind: &str, status, rows, bytes, ms, note: Option<&str>| Event::NodeFinished {
        name: name.to_owned(),
        kind: kind.to_owned(),
        status,
        rows,
        bytes,
        elapsed: Duration::from_millis(ms),
        note: note.map(str::to_owned),
    };
    progress.hear(Event::NodeStarted { name: "raw.flights".to_owned(), kind: "source".to_owned() });
    progress
        .hear(Event::NodeProgress { name: "raw.flights".to_owned(), so_far: SoFar { rows: 10, ..SoFar::default() } });
    progress.hear(done("raw.flights", "source", NodeStatus::Ran, 336_776, 4_100_000, 1_200, Some("2 new files")));
    progress.hear(done("staging.flights", "table", NodeStatus::Reused, 12, 980, 0, None));
    progress.hear(done("marts.delays", "view", NodeStatus::Ran, 0, 0, 3, None));
    progress.hear(done("marts.answer", "table", NodeStatus::Failed, 0, 0, 41, Some("there is no column `x`")));
    progress.hear(done("marts.report", "table", NodeStatus::Skipped, 0, 0, 0, None));
    progress.hear(Event::Message("published nothing".to_owned()));
}
