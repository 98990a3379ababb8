//! Environments: resolved once, locked with hashes, shared; and what is said when they cannot be.

use std::fs;
use std::path::Path;

use bywash_core::Code;
use bywash_python::{Environments, LockFile, Requirements};

use super::Project;

fn environments() -> Environments {
    Environments::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"))
}

#[tokio::test]
async fn packages_are_locked_with_hashes_installed_once_and_imported() {
    let project = Project::new();
    let file = project.root().join("bywash.lock");
    let requirements = Requirements::new(None, [("Python.dateutil", "2.9.0")]).expect("requirements");
    let lock = environments().lock(&requirements, &file).expect("a lock");
    let text = fs::read_to_string(&file).expect("a lock file");
    assert!(text.contains("[python any; python-dateutil==2.9.0 -> 3."), "{text}");
    assert!(text.contains("python-dateutil==2.9.0 \\\n    --hash=sha256:"), "{text}");
    assert!(text.contains("pyarrow=="), "{text}");
    assert!(!text.contains("http"), "no index stands in it: {text}");

    // From now on the file decides, without the network.
    assert_eq!(LockFile::read(&file).expect("a lock file").find(&requirements), Some(&lock));
    assert_eq!(environments().lock(&requirements, &file).expect("a lock"), lock);
    let environment = environments().prepare(&lock).expect("an environment");
    assert_eq!(environments().prepare(&lock).expect("the same"), environment);

    let mut call = project.function("import dateutil\nimport pyarrow as pa\nreturn pa.table({'n': [1]})");
    call.environment = environment;
    assert_eq!(project.call(call).await.expect("an answer").outputs[0].rows(), 1);

    let other = Requirements::new(None, []).expect("requirements");
    environments().lock(&other, &file).expect("another lock");
    let both = LockFile::read(&file).expect("a lock file");
    assert!(both.find(&other).is_some() && both.find(&requirements).is_some());
}

#[test]
fn what_cannot_be_resolved_says_why() {
    let project = Project::new();
    let file = project.root().join("bywash.lock");
    let requirements = Requirements::new(None, [("pyarrow", "0.0.1")]).expect("requirements");
    let error = environments().lock(&requirements, &file).expect_err("no such version");
    assert_eq!(error.code(), Code::PythonEnvironment);
    assert!(error.message().contains("pyarrow==0.0.1"), "{error:?}");
    assert!(!file.exists());

    let requirements = Requirements::new(Some("3.99"), []).expect("requirements");
    let error = environments().lock(&requirements, &file).expect_err("no such interpreter");
    assert_eq!(error.code(), Code::PythonMissing);
    assert_eq!(error.message(), "Python 3.99 is not installed on this machine");
}

#[test]
fn requirements_have_one_spelling() {
    let one =
        Requirements::new(Some("3.12"), [("Scikit_Learn", "1.7.2"), ("polars", " >=1, <2 "), ("httpx[http2]", "")]);
    let one = one.expect("requirements");
    assert_eq!(one.packages(), ["httpx[http2]", "polars>=1,<2", "scikit-learn==1.7.2"]);
    let other =
        Requirements::new(Some("3.12"), [("polars", ">=1,<2"), ("httpx[http2]", ""), ("scikit-learn", "1.7.2")]);
    assert_eq!(other.expect("requirements"), one);
    for (name, version) in [("-r evil", ""), ("a", "1\n--index-url x"), ("", "1"), ("a b", "1"), ("a", "@ file:///x")] {
        let error = Requirements::new(None, [(name, version)]).expect_err("no package");
        assert_eq!(error.code(), Code::PythonEnvironment, "{name} {version}");
    }
    assert!(Requirements::new(Some("pypy"), []).is_err());
}

#[test]
fn a_damaged_lock_file_says_where() {
    let project = Project::new();
    project.write("bywash.lock", "# head\n<<<<<<< ours\n");
    let error = LockFile::read(&project.root().join("bywash.lock")).expect_err("a conflict of git");
    assert_eq!(error.code(), Code::PythonEnvironment);
    assert!(error.places()[0].to_string().ends_with("bywash.lock:2"), "{error:?}");
}
