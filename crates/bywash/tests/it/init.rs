//! `bywash init`: a whole project, or nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::sandbox;

#[test]
fn an_empty_project_has_settings_and_keeps_its_data_out_of_git() {
    let sandbox = sandbox();
    assert_snapshot!(sandbox.run(["init", "my shop"]).snapshot(), @r"
    exit: 0
    ----- stdout -----
    ----- stderr -----
    created `my shop` from the template `empty`: 2 files
    next: cd 'my shop' && bywash load data/*.csv --into raw
    ");
    assert_eq!(sandbox.files("my shop"), [".gitignore", "bywash.toml"]);
    assert!(sandbox.read("my shop/bywash.toml").contains("name = \"my_shop\""));
    let ignored = sandbox.read("my shop/.gitignore");
    assert!(ignored.contains("lake/") && ignored.contains(".bywash/"));
}

#[test]
fn the_flights_come_with_their_data() {
    let sandbox = sandbox();
    let output = sandbox.run(["init", "flights", "--template", "flights"]).success();
    assert!(output.stderr.ends_with("next: cd flights && bywash run\n"), "{output}");
    let files = sandbox.files("flights");
    for file in ["bywash.toml", ".gitignore", "data/flights.csv.zst", "sources/raw.yml"] {
        assert!(files.iter().any(|found| found == file), "{file} is missing of {files:?}");
    }
    let left_over = |file: &&String| file.starts_with("lake/") || file.starts_with(".bywash/");
    assert_eq!(files.iter().find(left_over), None);
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/flights/data/flights.csv.zst");
    let copied = fs::read(sandbox.path().join("flights/data/flights.csv.zst")).expect("the data");
    assert_eq!(copied, fs::read(example).expect("the example"));
}

#[test]
fn a_template_that_stands_on_another_brings_the_files_of_both() {
    let sandbox = sandbox();
    let _ = sandbox.run(["init", "ml", "--template", "flights-ml"]).success();
    let _ = sandbox.run(["init", "flights", "--template", "flights"]).success();
    let (both, one) = (sandbox.files("ml"), sandbox.files("flights"));
    assert!(one.iter().all(|file| both.contains(file)), "{both:?}");
    let added: Vec<_> = both.iter().filter(|file| !one.contains(file)).collect();
    assert!(added.iter().any(|file| *file == "models/ml/delay_risk.py"), "{added:?}");
    assert!(!added.iter().any(|file| file.contains("__pycache__")), "{added:?}");
    assert_ne!(sandbox.read("ml/README.md"), sandbox.read("flights/README.md"));
    assert_eq!(sandbox.read("ml/bywash.toml"), sandbox.read("flights/bywash.toml"));
}

#[test]
fn a_folder_in_use_is_refused_and_left_alone() {
    let sandbox = sandbox();
    sandbox.write("used/data/x.csv", "a\n1\n");
    assert_snapshot!(sandbox.run(["init", "used"]).snapshot(), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[project-exists]: `used` is not empty: it holds `data`
    hint: choose a new folder, or empty this one
    for more: bywash explain project-exists
    ");
    assert_eq!(sandbox.files("used"), ["data/x.csv"]);
    let _ = sandbox.run(["init", "p"]).success();
    assert_snapshot!(sandbox.run(["init", "p"]).snapshot(), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[project-exists]: `p` is a project already
     --> p/bywash.toml
    hint: `bywash -C p run` runs it
    for more: bywash explain project-exists
    ");
    let _ = sandbox.run(["init", "used/data/x.csv"]).failure("project-exists");
}

#[test]
fn an_empty_repository_may_become_a_project() {
    let sandbox = sandbox();
    sandbox.write("repository/.git/HEAD", "ref: refs/heads/main\n");
    let _ = sandbox.run(["init", "repository"]).success();
    let output = sandbox.run(["-C", "repository", "init", "."]).failure("project-exists");
    assert_eq!(output.code, 1);
}

#[test]
fn without_permission_nothing_is_left_behind() {
    let sandbox = sandbox();
    sandbox.write("closed/x", "");
    fs::set_permissions(sandbox.path().join("closed"), fs::Permissions::from_mode(0o555)).expect("permissions");
    let output = sandbox.command(["init", "closed/a/b"]).as_unprivileged_user().run();
    assert_snapshot!(output.snapshot(), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[permission-denied]: cannot create `closed/a`: permission denied
    hint: give this user access to `closed/a`, or run as one who has it
    for more: bywash explain permission-denied
    ");
    assert_eq!(sandbox.files("closed"), ["x"]);
}

#[test]
fn a_project_that_cannot_be_written_whole_is_taken_back() {
    let sandbox = sandbox();
    // A limit on the size of files stands for a disk that fills up in the middle.
    let binary = env!("CARGO_BIN_EXE_bywash");
    let script = format!("ulimit -f 64; trap '' XFSZ; exec '{binary}' init full --template flights");
    let status = std::process::Command::new("bash").args(["-c", &script]).current_dir(sandbox.path()).output();
    let output = status.expect("bash");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!sandbox.path().join("full").exists());
}
