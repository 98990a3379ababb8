//! `bywash init DIR`: a project in a new or empty folder. It is whole or not there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bywash_core::{Code, Error, Place, Result, counted};
use bywash_pipeline::project::scaffold;
use bywash_pipeline::project::settings::FILE_NAME;

use crate::arguments::{InitArguments, Template};
use crate::context::Context;
use crate::embedded::{FLIGHTS, FLIGHTS_ML};

/// Creates the project and says what to try next.
pub async fn run(context: &Context, arguments: InitArguments) -> Result<()> {
    let folder = arguments.folder;
    let place = context.path(&folder);
    refuse_used(&place, &folder)?;
    let files = files_of(arguments.template, &place)?;
    let mut created = Created::default();
    created.all(&place, &files)?;
    created.keep();
    let template = arguments.template.name();
    let files = counted(files.len() as u64, "file");
    context.say(format_args!("created `{}` from the template `{template}`: {files}", folder.display()));
    context.say_next(next(arguments.template, &folder));
    Ok(())
}

/// A folder that holds anything but an empty repository is somebody's.
fn refuse_used(folder: &Path, typed: &Path) -> Result<()> {
    let shown = typed.display();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(Error::new(Code::ProjectExists, format!("`{shown}` is a file, not a folder"))
                .hint("choose another name"));
        }
        Err(error) => return Err(Error::io("read", folder, &error)),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != ".git")
        .collect();
    names.sort();
    let Some(first) = names.first() else { return Ok(()) };
    if names.iter().any(|name| name == FILE_NAME) {
        return Err(Error::new(Code::ProjectExists, format!("`{shown}` is a project already"))
            .at(Place::file(typed.join(FILE_NAME)))
            .hint(format!("`bywash -C {shown} run` runs it")));
    }
    Err(Error::new(Code::ProjectExists, format!("`{shown}` is not empty: it holds `{first}`"))
        .hint("choose a new folder, or empty this one"))
}

/// Paths inside the project and their contents, the one that makes it a project last.
fn files_of(template: Template, folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files: Vec<(PathBuf, Vec<u8>)> = match template {
        Template::Flights => embedded(FLIGHTS).collect(),
        // Its own files win: the page about it stands where that about the flights alone would.
        Template::FlightsMl => {
            embedded(FLIGHTS).chain(embedded(FLIGHTS_ML)).collect::<BTreeMap<_, _>>().into_iter().collect()
        }
        Template::Empty => scaffold::empty_project(&project_name(folder)?)
            .into_iter()
            .map(|file| (PathBuf::from(file.path), file.text.into_bytes()))
            .collect(),
    };
    files.sort_by_key(|(path, _)| (path == Path::new(FILE_NAME), path.clone()));
    Ok(files)
}

fn embedded(files: &'static [(&str, &[u8])]) -> impl Iterator<Item = (PathBuf, Vec<u8>)> {
    files.iter().map(|(path, bytes)| (PathBuf::from(path), bytes.to_vec()))
}

/// The name of the folder with the letters that a namespace may have, since models without a folder lie there.
fn project_name(folder: &Path) -> Result<String> {
    let full = std::path::absolute(folder).map_err(|error| Error::io("find", folder, &error))?;
    let mut name: String = full
        .file_name()
        .map(|name| name.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect())
        .unwrap_or_default();
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        name.insert_str(0, "project_");
    }
    Ok(name)
}

/// What was created, so that a failure takes it back.
#[derive(Default)]
struct Created {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Created {
    fn all(&mut self, root: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
        self.folder(root)?;
        for (path, bytes) in files {
            let path = root.join(path);
            if let Some(folder) = path.parent() {
                self.folder(folder)?;
            }
            self.files.push(path.clone());
            fs::write(&path, bytes).map_err(|error| Error::io("create", &path, &error))?;
        }
        Ok(())
    }

    fn folder(&mut self, folder: &Path) -> Result<()> {
        if folder.as_os_str().is_empty() || folder.is_dir() {
            return Ok(());
        }
        if let Some(above) = folder.parent() {
            self.folder(above)?;
        }
        fs::create_dir(folder).map_err(|error| Error::io("create", folder, &error))?;
        self.folders.push(folder.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        // What cannot be removed stays; the error that led here is told already.
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn next(template: Template, folder: &Path) -> String {
    let enter = if folder == Path::new(".") { String::new() } else { format!("cd {} && ", quoted(folder)) };
    match template {
        Template::Flights | Template::FlightsMl => format!("{enter}bywash run"),
        Template::Empty => format!("{enter}bywash load data/*.csv --into raw"),
    }
}

/// The folder as a shell reads it.
fn quoted(folder: &Path) -> String {
    let text = folder.display().to_string();
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    if plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
