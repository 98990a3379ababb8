//! A project in a temporary folder, and errors as one readable text.

use std::fmt::Write;
use std::fs;

use bywash_core::{Error, Place};
use bywash_pipeline::graph::{Graph, Loaded};
use bywash_pipeline::project::Project;
use tempfile::TempDir;

/// A project of these files; `bywash.toml` is added when it is not among them.
pub fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let settings = ("bywash.toml", "[project]\nname = \"shop\"\n");
    let has_settings = files.iter().any(|(path, _)| *path == settings.0);
    for (path, text) in files.iter().chain((!has_settings).then_some(&settings)) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Reads a project of these files and builds its graph; the lake is empty.
pub fn load(files: &[(&str, &str)]) -> Result<(Project, Graph), Error> {
    load_target(files, None)
}

/// The same with `-t`.
pub fn load_target(files: &[(&str, &str)], target: Option<&str>) -> Result<(Project, Graph), Error> {
    let folder = project(files);
    let root = folder.path().canonicalize().unwrap();
    let (project, problems) = Project::read_with(root, target, &[])?;
    Loaded::of(project, problems).check(&[], |_| false)
}

/// Every problem of a project of these files.
pub fn problems(files: &[(&str, &str)]) -> String {
    show(&load(files).map(|_| ()).expect_err("the project has no problems"))
}

/// Errors as a person would jot them down: code, message, places with what the carets cover, hints.
pub fn show(error: &Error) -> String {
    let mut text = String::new();
    for error in error.each() {
        writeln!(text, "{}: {}", error.code(), error.message()).unwrap();
        for place in error.places() {
            let label = place.label.as_ref().map_or_else(String::new, |label| format!(" ({label})"));
            writeln!(text, "  at {place}{}{label}", covered(place)).unwrap();
        }
        for hint in error.hints() {
            writeln!(text, "  hint: {hint}").unwrap();
        }
    }
    text
}

/// The text under the carets.
fn covered(place: &Place) -> String {
    let (Some(text), Some(line), Some(column)) = (&place.text, place.line, place.column) else { return String::new() };
    let line = text.lines().nth(line as usize - 1).unwrap_or_default();
    let covered: String = line.chars().skip(column as usize - 1).take(place.length as usize).collect();
    format!(" ^{covered}^")
}
