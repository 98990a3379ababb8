//! Rule T4 on sets of changes alone: which histories merge, which are conflicts, and which files hold the result.
use std::collections::{BTreeSet, HashSet};

use bywash_core::ObjectId;
use bywash_lake::changes::{LoadContent, SourceKey, TableState, Unsound};
use bywash_lake::tables::DataFile;

fn file(path: &str) -> DataFile {
    DataFile { path: path.to_owned(), record_count: 1, ..DataFile::default() }
}

fn key(path: &str) -> SourceKey {
    SourceKey { resource: "raw.flights".to_owned(), path: path.to_owned() }
}

/// Loads `path` with some content; the file that it writes is named after both and after the branch that wrote it.
fn load(state: &TableState, path: &str, content: u8, branch: &str) -> Result<TableState, Unsound> {
    let load = LoadContent { source_key: key(path), content: ObjectId::of(&[content]), columns: Vec::new() };
    state.load(&load, vec![file(&format!("{path}{content}.{branch}"))])
}

/// Rewrites the rows of one file.
fn edit(state: &TableState, removed: &str, added: &str) -> Result<TableState, Unsound> {
    state.rewrite(ObjectId::unique(), &HashSet::from([removed.to_owned()]), vec![file(added)], "update")
}

/// Takes back what `after` has and `before` has not.
fn revert(state: &TableState, before: &TableState, after: &TableState) -> Result<TableState, Unsound> {
    let taken: BTreeSet<_> = after.changes.keys().filter(|id| !before.changes.contains_key(id)).copied().collect();
    state.revert(ObjectId::unique(), taken, false, "revert")
}

fn files(state: &TableState) -> Vec<String> {
    let mut paths: Vec<_> = state.files().map(|file| file.path.clone()).collect();
    paths.sort();
    paths
}

#[test]
fn t4_one_file_loaded_on_two_branches_is_one_change() {
    let base = TableState::default();
    let main = load(&base, "a", 1, "main").expect("sound");
    let dev = load(&base, "a", 1, "dev").expect("sound");
    let merged = main.merge(&dev).expect("sound");
    assert_eq!(files(&merged), ["a1.main"], "counted once, with the target's file");
    assert_eq!(merged.merge(&dev).expect("sound").changes, merged.changes, "merging again changes nothing");
    assert_eq!(files(&dev.merge(&main).expect("sound")), ["a1.dev"], "either side may be the target");
}

#[test]
fn t4_a_changed_file_beside_a_load_merges_to_the_newest() {
    let both = load(&TableState::default(), "a", 1, "main").expect("sound");
    let main = load(&both, "a", 2, "main").expect("sound");
    let dev = load(&both, "b", 1, "dev").expect("sound");
    assert_eq!(files(&main.merge(&dev).expect("sound")), ["a2.main", "b1.dev"]);
}

#[test]
fn t4_two_contents_of_one_file_are_a_conflict() {
    let base = TableState::default();
    let main = load(&base, "a", 1, "main").expect("sound");
    let dev = load(&base, "a", 2, "dev").expect("sound");
    assert_eq!(main.merge(&dev), Err(Unsound::TwoContents));
}

#[test]
fn t4_a_file_that_changes_back_and_a_load_after_its_revert_count_again() {
    let first = load(&TableState::default(), "a", 1, "x").expect("sound");
    let second = load(&first, "a", 2, "x").expect("sound");
    let back = load(&second, "a", 1, "y").expect("sound");
    assert_eq!(files(&back), ["a1.y"]);
    let reverted = revert(&first, &TableState::default(), &first).expect("sound");
    assert!(files(&reverted).is_empty());
    assert!(!reverted.is_loaded(&key("a"), ObjectId::of(&[1])), "what was reverted is loaded again");
    assert_eq!(files(&load(&reverted, "a", 1, "z").expect("sound")), ["a1.z"]);
}

#[test]
fn t4_a_clean_up_on_a_branch_merges_with_a_nightly_load() {
    let base = load(&TableState::default(), "a", 1, "main").expect("sound");
    let dev = edit(&base, "a1.main", "a1.clean").expect("sound");
    let main = load(&base, "b", 1, "main").expect("sound");
    assert_eq!(files(&main.merge(&dev).expect("sound")), ["a1.clean", "b1.main"]);
}

#[test]
fn t4_edits_on_both_sides_and_an_edit_beside_a_new_content_are_conflicts() {
    let base = load(&TableState::default(), "a", 1, "main").expect("sound");
    let main = edit(&base, "a1.main", "a1.mine").expect("sound");
    let dev = edit(&base, "a1.main", "a1.theirs").expect("sound");
    assert_eq!(main.merge(&dev), Err(Unsound::BothRewrote));
    let newer = load(&base, "a", 2, "dev").expect("sound");
    assert_eq!(main.merge(&newer), Err(Unsound::StandsOnNothing));
    assert_eq!(load(&main, "a", 2, "main"), Err(Unsound::StandsOnNothing), "rows edited by hand are not replaced");
}

#[test]
fn t4_a_revert_survives_a_merge_with_the_branch_that_still_has_the_load() {
    let base = load(&TableState::default(), "a", 1, "main").expect("sound");
    let dev = load(&base, "b", 1, "dev").expect("sound");
    let main = base.merge(&dev).expect("sound");
    let main = revert(&main, &base, &dev).expect("sound");
    assert_eq!(files(&main), ["a1.main"]);
    let dev = load(&dev, "c", 1, "dev").expect("sound");
    assert_eq!(files(&main.merge(&dev).expect("sound")), ["a1.main", "c1.dev"]);
}

#[test]
fn t4_reverting_an_edit_brings_the_old_files_back() {
    let base = load(&TableState::default(), "a", 1, "main").expect("sound");
    let edited = edit(&base, "a1.main", "a1.clean").expect("sound");
    assert_eq!(files(&revert(&edited, &base, &edited).expect("sound")), ["a1.main"]);
    assert_eq!(revert(&edited, &TableState::default(), &base), Err(Unsound::StandsOnNothing));
}

#[test]
fn t4_merging_three_branches_does_not_depend_on_the_order() {
    let base = load(&TableState::default(), "a", 1, "main").expect("sound");
    let one = load(&base, "b", 1, "one").expect("sound");
    let two = edit(&base, "a1.main", "a1.clean").expect("sound");
    let three = base.append(ObjectId::of(b"insert"), vec![file("hand")], "insert").expect("sound");
    let left = one.merge(&two).and_then(|both| both.merge(&three)).expect("sound");
    let right = three.merge(&two).and_then(|both| both.merge(&one)).expect("sound");
    assert_eq!(left.changes, right.changes);
    assert_eq!(files(&left), files(&right));
}
