//! Files that are named on the command line become resources in `sources/<namespace>.yml`.
//!
//! The file is written when everything has been read and right before the load is published. So an entry is only
//! ever written for files that can be loaded, and no table comes without its entry: killed earlier, nothing has
//! changed; killed between the two, the next `bywash run` loads what the entry names.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bywash_core::{Code, Error, Result, TableName};
use bywash_pipeline::project::scaffold::{NewResource, add_resources, source_file};
use bywash_pipeline::project::{Unsaved, find_root};
use bywash_pipeline::source::local_path;

use crate::context::Context;

const FOLDER: &str = "sources";

/// The resources of files that were named.
#[derive(Debug)]
pub struct SourceEntry {
    root: PathBuf,
    namespace: String,
    resources: Vec<NewResource>,
    written: Mutex<Option<Written>>,
}

/// What stood in the file before it was written, and what stands there since.
#[derive(Debug)]
struct Written {
    before: Option<String>,
    after: String,
}

impl SourceEntry {
    /// One table a file stem; a glob is one table.
    ///
    /// # Errors
    /// A file is missing, its name gives no table's name, or two give the same.
    pub fn new(context: &Context, files: &[PathBuf], namespace: &str) -> Result<Self> {
        let (root, namespace) = (find_root(&context.folder)?, namespace.to_lowercase());
        let mut resources: BTreeMap<String, NewResource> = BTreeMap::new();
        for file in files {
            let path = in_project(context, &root, file)?;
            let name = table_of(&path);
            TableName::new(&namespace, &name)?;
            let resource = NewResource { name: name.clone(), path: path.clone() };
            if let Some(other) = resources.insert(name.clone(), resource).filter(|other| other.path != path) {
                let message = format!("`{}` and `{path}` would both be `{namespace}.{name}`", other.path);
                return Err(Error::new(Code::DuplicateNode, message)
                    .hint("load them as one table with a quoted glob, or one of them with another `--into`"));
            }
        }
        let resources = resources.into_values().collect();
        Ok(Self { root, namespace, resources, written: Mutex::default() })
    }

    /// The tables.
    ///
    /// # Errors
    /// None that [`Self::new`] would not have found.
    pub fn tables(&self) -> Result<Vec<TableName>> {
        self.resources.iter().map(|resource| TableName::new(&self.namespace, &resource.name)).collect()
    }

    /// The source file as it will be, for reading the project with it.
    ///
    /// # Errors
    /// The file cannot be read, or cannot take the resources.
    pub fn unsaved(&self) -> Result<Unsaved> {
        let text = self.text(self.read()?.as_deref())?;
        Ok(Unsaved::from([(self.file(), text)]))
    }

    /// Writes the file, durably and at once; one that says all this already is left alone.
    ///
    /// # Errors
    /// The file cannot be read or written, or cannot take the resources.
    pub fn write(&self) -> Result<()> {
        // Read again: somebody may have edited it meanwhile.
        let before = self.read()?;
        let after = self.text(before.as_deref())?;
        if before.as_deref() == Some(after.as_str()) {
            return Ok(());
        }
        self.replace(&after)?;
        let mut written = self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *written = Some(Written { before, after });
        Ok(())
    }

    /// Puts back what stood there, unless somebody has edited it since.
    pub fn take_back(&self) {
        let written = self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let Some(Written { before, after }) = written else { return };
        if self.read().ok().flatten() != Some(after) {
            return;
        }
        // The error that led here is what is told; an entry that stays names files that can be loaded.
        let _ = match before {
            Some(before) => self.replace(&before).ok(),
            None => std::fs::remove_file(self.root.join(self.file())).ok(),
        };
    }

    /// The file, relative to the project, if it was written.
    #[must_use]
    pub fn written(&self) -> Option<PathBuf> {
        let written = self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        written.as_ref().map(|_| self.file())
    }

    /// The error of a load that came to nothing: the source file that it may speak of is not there.
    pub fn unwritten(&self, error: Error) -> Error {
        let file = self.file();
        let error = error.without_places_in(&file);
        match self.read() {
            Ok(None) => error.hint(format!(
                "`{}` was not written; options such as `on_error` or `encoding` stand there: write it, then `bywash \
                 run`\n{}",
                file.display(),
                source_file(&self.namespace, &self.resources).trim_end()
            )),
            _ => error.hint(format!("`{}` is as it was; options of these files stand there", file.display())),
        }
    }

    fn file(&self) -> PathBuf {
        Path::new(FOLDER).join(format!("{}.yml", self.namespace))
    }

    fn read(&self) -> Result<Option<String>> {
        let place = self.root.join(self.file());
        match std::fs::read_to_string(&place) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("read", &place, &error)),
        }
    }

    fn text(&self, old: Option<&str>) -> Result<String> {
        match old {
            Some(old) => add_resources(&self.file(), old, &self.resources),
            None => Ok(source_file(&self.namespace, &self.resources)),
        }
    }

    fn replace(&self, text: &str) -> Result<()> {
        let place = self.root.join(self.file());
        // A link stays, and what it points to is replaced.
        let place = place.canonicalize().unwrap_or(place);
        write_whole(&place, text).map_err(|error| Error::io("write", &self.file(), &error))
    }
}

/// Another name first, so that a crash leaves the old text or the new one.
fn write_whole(place: &Path, text: &str) -> io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mode = std::fs::metadata(place).map_or(0o666, |facts| facts.permissions().mode());
    let mut file =
        tempfile::Builder::new().prefix(".bywash-").permissions(Permissions::from_mode(mode)).tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
}

/// The path as the source file says it: relative to the project where it lies inside.
fn in_project(context: &Context, root: &Path, typed: &Path) -> Result<String> {
    let typed = Path::new(match typed.to_str() {
        Some(text) => local_path(text)?,
        None => {
            return Err(Error::new(Code::InvalidEncoding, format!("the name `{}` is not UTF-8", typed.display()))
                .hint("rename the file, or name it with a glob"));
        }
    });
    let full = std::path::absolute(context.folder.join(typed)).map_err(|error| Error::io("find", typed, &error))?;
    let is_glob = full.to_string_lossy().contains(['*', '?', '[', '{']);
    if !is_glob {
        std::fs::metadata(&full).map_err(|error| Error::io("load", typed, &error))?;
    }
    let relative = full.strip_prefix(root).unwrap_or(&full);
    Ok(relative.to_string_lossy().replace('\\', "/"))
}

/// `data/flights-2013.csv.gz` gives `flights_2013`; a glob gives what stands before its first sign, or the nearest
/// folder that it names.
///
/// In lower case, as SQL folds a name that stands without quotes.
fn table_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let signs = ['*', '?', '[', '{'];
    let plain = stem.split(signs).next().unwrap_or(stem).trim_end_matches(['-', '_']);
    let folder = path.rsplit('/').skip(1).find(|folder| !folder.contains(signs) && !folder.is_empty());
    let chosen = if plain.is_empty() { folder.unwrap_or("files") } else { plain };
    let mut name: String =
        chosen.to_lowercase().chars().map(|letter| if letter.is_alphanumeric() { letter } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_numeric()) {
        name.insert(0, '_');
    }
    name
}
