//! Which files a pattern names.

use bywash_core::Code;
use bywash_ingest::files::content_hash;

use super::support::{Folder, told};

fn shown(folder: &Folder, pattern: &str) -> Vec<String> {
    folder.find(pattern).unwrap().into_iter().map(|file| file.shown).collect()
}

fn several() -> Folder {
    Folder::with("data/b.csv", "x")
        .and("data/a.csv", "xy")
        .and("data/.hidden.csv", "x")
        .and("data/2024/01/c.csv", "x")
        .and("data/2023/d.csv.gz", "x")
        .and("data/2023/.secret/e.csv", "x")
        .and("data/[odd].csv", "x")
}

#[test]
fn a_path_names_one_file() {
    let found = several().find("data/a.csv").unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].shown.as_str(), found[0].bytes), ("data/a.csv", 2));
}

#[test]
fn patterns_name_files_sorted_and_visible() {
    let folder = several();
    assert_eq!(shown(&folder, "data/*.csv"), ["data/[odd].csv", "data/a.csv", "data/b.csv"]);
    assert_eq!(shown(&folder, "./data/[ab].csv"), ["data/a.csv", "data/b.csv"]);
    assert_eq!(shown(&folder, "data/?.csv"), ["data/a.csv", "data/b.csv"]);
    assert_eq!(shown(&folder, "data/{b,2024/01/c}.csv"), ["data/2024/01/c.csv", "data/b.csv"]);
    assert_eq!(shown(&folder, "data/**/?.csv"), ["data/2024/01/c.csv", "data/a.csv", "data/b.csv"]);
    assert_eq!(shown(&folder, "**/*.gz"), ["data/2023/d.csv.gz"]);
    assert_eq!(shown(&folder, "data/.*.csv"), ["data/.hidden.csv"]);
    assert_eq!(shown(&folder, "data/[odd].csv"), ["data/[odd].csv"], "a name that exists goes before a pattern");
}

#[test]
fn symbolic_links_are_followed_and_loops_end() {
    let folder = several();
    std::os::unix::fs::symlink(folder.path("data/a.csv"), folder.path("data/link.csv")).unwrap();
    std::os::unix::fs::symlink(folder.path("data"), folder.path("data/2024/loop")).unwrap();
    std::os::unix::fs::symlink(folder.path("nowhere"), folder.path("data/2023/lost.csv")).unwrap();
    assert_eq!(folder.find("data/link.csv").unwrap()[0].bytes, 2);
    let error = folder.find("data/2023/*.csv").unwrap_err();
    assert!(told(&error).contains("cannot read `data/2023/lost.csv`: it does not exist"), "{}", told(&error));
    assert_eq!(shown(&folder, "data/2024/**/c.csv"), ["data/2024/01/c.csv"]);
}

#[test]
fn nothing_found_says_what_there_is() {
    let folder = several();
    let error = folder.find("data/aa.csv").unwrap_err();
    assert_eq!(error.code(), Code::MissingFile);
    assert!(told(&error).contains("there is no file `data/aa.csv`"), "{}", told(&error));
    assert!(told(&error).contains("did you mean `data/a.csv`?"), "{}", told(&error));
    let error = folder.find("dta/*.csv").unwrap_err();
    assert!(told(&error).contains("no file matches `dta/*.csv`"), "{}", told(&error));
    assert!(told(&error).contains("did you mean `data`?"), "{}", told(&error));
    let error = folder.find("data/*.parquet").unwrap_err();
    assert!(told(&error).contains("`data` holds `data/2023`, `data/2024`, `data/[odd].csv`, …"), "{}", told(&error));
    let error = folder.find("data/2024").unwrap_err();
    assert!(told(&error).contains("`data/2024` is a folder") && told(&error).contains("data/2024/*.csv"));
}

#[test]
fn content_is_that_of_the_bytes() {
    let folder = several();
    let hash = |name: &str| content_hash(&folder.find(name).unwrap()[0]).unwrap();
    assert_eq!(hash("data/a.csv"), bywash_core::ObjectId::of(b"xy"));
    assert_ne!(hash("data/a.csv"), hash("data/b.csv"));
}
