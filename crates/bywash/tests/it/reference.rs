//! `docs/reference/cli.md` says what the program takes.

use std::fs;
use std::path::Path;

use bywash_cli::reference::command_line;

#[test]
fn the_reference_of_the_command_line_is_fresh() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/cli.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(page.parent().expect("a folder")).expect("the folder of the page");
        fs::write(&page, command_line()).expect("the page is written");
    }
    let written = fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == command_line(),
        "docs/reference/cli.md is stale; write it with: UPDATE=1 cargo nextest run --release -p bywash reference"
    );
}
