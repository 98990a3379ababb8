//! Ctrl-C ends a command at once, also while every thread computes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox;

/// Far more rows than anybody can wait for.
const ENDLESS: &str = "with t as (select * from generate_series(1, 2000000)) \
    select count(*) from t a, t b, t c where a.value + b.value < c.value";

#[test]
fn ctrl_c_ends_a_query_that_computes_without_a_pause() {
    let sandbox = sandbox();
    let mut process = sandbox.command(["query", ENDLESS]).process();
    let child = process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
    std::thread::sleep(Duration::from_secs(1));
    let begin = Instant::now();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success(), "it still runs");
    let output = child.wait_with_output().expect("an exit code");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), [].as_slice()), "{said}");
    assert!(said.starts_with("error[cancelled]: stopped by Ctrl-C\nhint: nothing half-done was published"), "{said}");
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}
