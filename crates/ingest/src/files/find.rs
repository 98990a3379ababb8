//! Which files a path or a glob names.
//!
//! A pattern is walked component by component, so only folders that can hold a match are opened. Hidden names are
//! skipped unless the pattern spells the dot; symbolic links are followed; a folder is never a file. Nothing found
//! is an error that tells the nearest name that exists.

use std::collections::{BTreeMap, HashSet};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use bywash_core::{Code, Error, Result, nearest};
use globset::{GlobBuilder, GlobMatcher};

/// A file that a pattern names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its path relative to the root where possible, with forward slashes; for messages and as its key.
    pub shown: String,
    /// Its size on the disk.
    pub bytes: u64,
}

/// The patterns that braces expand to may be this many.
const BRACE_PATTERNS_MAX: usize = 1_000;

/// The files that `pattern`, a path or a glob, names under `root`, sorted by their shown name.
///
/// # Errors
/// Nothing matches, a folder cannot be read, or the pattern is none.
pub fn find(root: &Path, pattern: &str) -> Result<Vec<FoundFile>> {
    let mut found = BTreeMap::new();
    let literal = root.join(pattern);
    if facts(root, &literal)?.is_some_and(|facts| facts.is_file()) {
        add(root, literal, &mut found)?;
    } else {
        for pattern in expand_braces(pattern)? {
            for path in walk(root, &pattern)? {
                add(root, path, &mut found)?;
            }
        }
    }
    if found.is_empty() { Err(nothing(root, pattern)) } else { Ok(found.into_values().collect()) }
}

fn add(root: &Path, path: PathBuf, found: &mut BTreeMap<String, FoundFile>) -> Result<()> {
    let shown = shown(root, &path);
    let facts = std::fs::metadata(&path).map_err(|error| Error::io("read", shown.as_ref(), &error))?;
    if facts.is_file() {
        found.insert(shown.clone(), FoundFile { path, shown, bytes: facts.len() });
    }
    Ok(())
}

/// What stands at a path, if anything does.
fn facts(root: &Path, path: &Path) -> Result<Option<Metadata>> {
    match std::fs::metadata(path) {
        Ok(facts) => Ok(Some(facts)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(Error::io("read", shown(root, path).as_ref(), &error)),
    }
}

fn shown(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let mut text = String::new();
    for component in relative.components() {
        match component {
            Component::CurDir => continue,
            Component::RootDir => text.push('/'),
            other => {
                if !text.is_empty() && !text.ends_with('/') {
                    text.push('/');
                }
                text.push_str(&other.as_os_str().to_string_lossy());
            }
        }
    }
    text
}

/// One step of a pattern.
enum Step {
    /// A name as it is.
    Name(String),
    /// A name by a glob.
    Glob(Box<GlobMatcher>, bool),
    /// Any number of folders.
    Deep,
}

fn steps(pattern: &str) -> Result<Vec<Step>> {
    let parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".");
    parts.map(step).collect()
}

fn step(part: &str) -> Result<Step> {
    if part == "**" {
        return Ok(Step::Deep);
    }
    if !part.contains(['*', '?', '[']) {
        return Ok(Step::Name(part.to_owned()));
    }
    let glob = GlobBuilder::new(part).literal_separator(true).build().map_err(|error| {
        Error::new(Code::InvalidSetting, format!("`{part}` is not a pattern of file names")).caused_by(error)
    })?;
    Ok(Step::Glob(Box::new(glob.compile_matcher()), part.starts_with('.')))
}

fn walk(root: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let start = if pattern.starts_with('/') { PathBuf::from("/") } else { root.to_path_buf() };
    let mut reached = vec![start];
    let steps = steps(pattern)?;
    for (place, step) in steps.iter().enumerate() {
        let last = place + 1 == steps.len();
        let mut next = Vec::new();
        for folder in reached {
            match step {
                Step::Name(name) => next.push(folder.join(name)),
                Step::Glob(glob, hidden) => {
                    next.extend(
                        entries(root, &folder)?
                            .into_iter()
                            .filter(|(name, _)| glob.is_match(name) && (*hidden || !name.starts_with('.')))
                            .map(|(_, path)| path),
                    );
                }
                Step::Deep => deep(root, &folder, &mut HashSet::new(), last, &mut next)?,
            }
        }
        reached = Vec::new();
        for path in next {
            let is_folder = facts(root, &path)?.is_some_and(|facts| facts.is_dir());
            // A link to nothing is kept where the pattern ends, so that it is told and not passed over.
            if is_folder != last && (is_folder || path.symlink_metadata().is_ok()) {
                reached.push(path);
            }
        }
    }
    Ok(reached)
}

/// Every folder below `folder` and itself; every file too where the pattern ends.
fn deep(root: &Path, folder: &Path, seen: &mut HashSet<PathBuf>, files: bool, next: &mut Vec<PathBuf>) -> Result<()> {
    let real = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    if !seen.insert(real) {
        return Ok(());
    }
    next.push(folder.to_path_buf());
    for (name, path) in entries(root, folder)? {
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            deep(root, &path, seen, files, next)?;
        } else if files {
            next.push(path);
        }
    }
    Ok(())
}

/// The names in a folder with their paths; none if it does not exist or is a file.
fn entries(root: &Path, folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let failed = |error: &std::io::Error| Error::io("list", shown_folder(root, folder).as_ref(), error);
    let listing = match std::fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
    };
    let mut found = Vec::new();
    for entry in listing {
        let entry = entry.map_err(|error| failed(&error))?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort();
    Ok(found)
}

fn shown_folder(root: &Path, folder: &Path) -> String {
    if folder == root { folder.display().to_string() } else { shown(root, folder) }
}

/// `a/{b,c/d}.csv` as `a/b.csv` and `a/c/d.csv`.
fn expand_braces(pattern: &str) -> Result<Vec<String>> {
    let mut waiting = vec![pattern.to_owned()];
    let mut done = Vec::new();
    while let Some(pattern) = waiting.pop() {
        let Some((before, choices, after)) = first_braces(&pattern) else {
            done.push(pattern);
            continue;
        };
        waiting.extend(choices.iter().map(|choice| format!("{before}{choice}{after}")));
        if waiting.len() + done.len() > BRACE_PATTERNS_MAX {
            let message = format!("`{pattern}` stands for more than {BRACE_PATTERNS_MAX} patterns");
            return Err(Error::new(Code::InvalidSetting, message).hint("use `*` in place of some braces"));
        }
    }
    Ok(done)
}

/// What stands before, in and behind the first pair of braces.
fn first_braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let (mut depth, mut from, mut choices) = (0, open + 1, Vec::new());
    for (at, letter) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
        match letter {
            '{' => depth += 1,
            ',' if depth == 1 => {
                choices.push(&pattern[from..at]);
                from = at + 1;
            }
            '}' if depth == 1 => {
                choices.push(&pattern[from..at]);
                return Some((&pattern[..open], choices, &pattern[at + 1..]));
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The error for a pattern without a match: what was looked for, and the nearest name that exists.
fn nothing(root: &Path, pattern: &str) -> Error {
    let folder = root.join(pattern);
    if folder.is_dir() {
        let bare = pattern.trim_end_matches('/');
        return Error::new(Code::MissingFile, format!("`{pattern}` is a folder, not a file"))
            .hint(format!("name its files with a pattern: `{bare}/*.csv`"));
    }
    let what = if pattern.contains(['*', '?', '[', '{']) { "no file matches" } else { "there is no file" };
    let message = format!("{what} `{pattern}` in `{}`", root.display());
    Error::new(Code::MissingFile, message).maybe_hint(what_exists(root, pattern))
}

/// A hint made of the names that stand where the pattern stops to fit.
fn what_exists(root: &Path, pattern: &str) -> Option<String> {
    let mut folder = if pattern.starts_with('/') { PathBuf::from("/") } else { root.to_path_buf() };
    let mut parts = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
    while let Some(part) = parts.next_if(|part| folder.join(part).is_dir()) {
        folder.push(part);
    }
    let wanted = parts.next().unwrap_or_default();
    let names: Vec<String> = entries(root, &folder).ok()?.into_iter().map(|(name, _)| name).collect();
    let visible = || names.iter().map(String::as_str).filter(|name| !name.starts_with('.'));
    let full = |name: &str| shown(root, &folder.join(name));
    if let Some(name) = nearest(wanted, visible()) {
        return Some(format!("did you mean `{}`?", full(name)));
    }
    let some: Vec<String> = visible().take(3).map(|name| format!("`{}`", full(name))).collect();
    let more = if visible().count() > some.len() { ", …" } else { "" };
    let folder = shown_folder(root, &folder);
    match some.is_empty() {
        true => Some(format!("`{folder}` is empty")),
        false => Some(format!("`{folder}` holds {}{more}", some.join(", "))),
    }
}
