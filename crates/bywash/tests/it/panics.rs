//! A panic is told as one clear sentence, and shows where it happened only when asked.

use std::process::Command;

use bywash_cli::context::Verbosity;
use bywash_cli::panics;
use bywash_cli::render::error::ErrorStyle;
use bywash_cli::render::style::Paint;

/// Set in the process whose standard error is looked at: the test binary runs itself.
const SPEAKER: &str = "BYWASH_TEST_PANICS";

#[test]
fn a_panic_is_a_bug_with_a_place_and_a_request() {
    if std::env::var_os(SPEAKER).is_some() {
        panics::install(ErrorStyle { paint: Paint { on: false }, verbosity: Verbosity::Normal, json: true });
        assert_eq!(bywash_core::guarded(|| panic!("the fault of a file")), None::<()>);
        panic!("the tree has no root");
    }
    let said = |backtrace: &str| {
        let output = Command::new(std::env::current_exe().expect("this test"))
            .args(["panics::a_panic_is_a_bug_with_a_place_and_a_request", "--exact", "--nocapture"])
            .env(SPEAKER, "1")
            .env("RUST_BACKTRACE", backtrace)
            .output()
            .expect("this test again");
        String::from_utf8(output.stderr).expect("text")
    };
    let plain = said("0");
    assert!(
        plain.starts_with("error[bug]: Bywash stopped in the middle of its work: the tree has no root (crates/bywash/tests/it/panics.rs:"),
        "{plain}"
    );
    assert!(plain.contains("\nhint: this is a bug in Bywash, not in your project: please report it with"), "{plain}");
    let object = plain.lines().find(|line| line.starts_with('{')).expect("one JSON object");
    let object: serde_json::Value = serde_json::from_str(object).expect("JSON");
    assert_eq!(object["errors"][0]["code"], "bug");
    assert!(
        !plain.contains("panicked at") && !plain.contains("stack backtrace") && plain.lines().count() < 10,
        "{plain}"
    );
    assert!(said("1").lines().count() > plain.lines().count() + 10, "a backtrace is shown when asked for");
}
