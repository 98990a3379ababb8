//! Files that Bywash writes for its user: a source file for loaded data, and an empty project.
//!
//! Written by hand instead of by a serialiser, because people go on editing them: comments explain what may come
//! next, and an existing file keeps every character it has.

use std::path::Path;

use bywash_core::{Code, Error, Result};

use super::document::Document;
use super::fields::{Problems, Source};
use super::tree::{Node, Value};
use super::{settings, sources, yaml};

/// A resource to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewResource {
    /// The table's name without its namespace.
    pub name: String,
    /// The path or glob, relative to the project's root.
    pub path: String,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Relative to the project's root.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The text of a new `sources/<name>.yml`.
#[must_use]
pub fn source_file(name: &str, resources: &[NewResource]) -> String {
    let mut text = format!(
        "# Tables of the namespace `{name}`, loaded from files; each resource is the table `{name}.<resource>`.\n\
         # A resource may also say: format, delimiter, header, null_values, encoding, columns (name: type),\n\
         # on_error: quarantine, write_disposition: replace, partition_by, cluster_by, description.\n\
         name: {}\ntype: files\nresources:\n",
        quoted(name)
    );
    resources.iter().for_each(|resource| text.push_str(&entry(resource, 2)));
    text
}

/// The text of a source file with more resources at the end of its list; everything that was there stays as it is.
/// A resource that is there with the same path is left alone.
///
/// # Errors
/// A file that is not a source with a list of resources in block style, or has a resource of this name with
/// another path.
pub fn add_resources(path: &Path, text: &str, resources: &[NewResource]) -> Result<String> {
    let document = Document::new(path, text);
    let problems = Problems::default();
    let known = sources::read(&document, &problems);
    if let Some(error) = Error::all(problems.into_vec()) {
        return Err(error);
    }
    let mut added = Vec::new();
    for resource in resources {
        match known.iter().find(|known| known.name.name() == resource.name) {
            Some(known) if known.path == resource.path => {}
            Some(known) => {
                let message = format!("the table `{}` is already loaded from `{}`", known.name, known.path);
                return Err(Error::new(Code::TableExists, message)
                    .at(known.place.clone())
                    .hint("load under another name, into another namespace, or edit the path in this file"));
            }
            None => added.push(resource),
        }
    }
    if added.is_empty() {
        return Ok(text.to_owned());
    }
    let end = list_end(&document)?;
    let entries: String = added.into_iter().map(|resource| entry(resource, end.indent)).collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut before: String = lines[..end.lines].concat();
    if !before.ends_with('\n') {
        before.push('\n');
    }
    let after = lines[end.lines..].concat();
    Ok(format!("{before}{entries}{after}"))
}

/// Where the list of resources ends: after how many lines, and how far its items are indented.
struct ListEnd {
    lines: usize,
    indent: usize,
}

fn list_end(document: &Document) -> Result<ListEnd> {
    let problems = Problems::default();
    let root = yaml::parse(document, document.text(), Code::InvalidYaml)?;
    let source = Source { document, code: Code::InvalidYaml, problems: &problems };
    let items = root.as_ref().and_then(|root| source.fields(root, "a source")).and_then(|mut fields| {
        let node = fields.node("resources")?;
        Some(source.items(node))
    });
    let cannot = || {
        Error::new(Code::InvalidYaml, "cannot add to this list of resources")
            .at(document.whole())
            .hint("write it in lines that begin with `- name:`, or add the resource by hand")
    };
    let (first, last) = items.and_then(|items| Some((items.first()?, items.last()?))).ok_or_else(cannot)?;
    let first_line = document.text().lines().nth(first.span.line - 1).unwrap_or_default();
    let indent = first_line.len() - first_line.trim_start().len();
    if !first_line.trim_start().starts_with("- ") {
        return Err(cannot());
    }
    // What is indented further than the list's dashes still belongs to the last item; blank lines and comments that
    // follow it may belong to what comes next.
    let mut end = last_line(last);
    for (number, line) in document.text().lines().enumerate().skip(end) {
        let deeper = line.len() - line.trim_start().len() > indent;
        match line.trim() {
            "" => {}
            _ if deeper => end = number + 1,
            _ => break,
        }
    }
    Ok(ListEnd { lines: end, indent })
}

fn last_line(node: &Node) -> usize {
    let below = match &node.value {
        Value::Scalar(_) => None,
        Value::List(items) => items.iter().map(last_line).max(),
        Value::Map(entries) => entries.iter().map(|(key, node)| key.span.line.max(last_line(node))).max(),
    };
    below.map_or(node.span.line, |line| line.max(node.span.line))
}

fn entry(resource: &NewResource, indent: usize) -> String {
    let space = " ".repeat(indent);
    format!("{space}- name: {}\n{space}  path: {}\n", quoted(&resource.name), quoted(&resource.path))
}

/// A text as YAML reads it back: in quotes unless it is plainly a text.
fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '*' | '?'));
    let word = ["true", "false", "null", "yes", "no", "on", "off"].iter().any(|word| text.eq_ignore_ascii_case(word));
    if plain && !word {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The files of a new project that does nothing yet.
#[must_use]
pub fn empty_project(name: &str) -> Vec<NewFile> {
    let settings = format!(
        "# The settings of this project. Everything but the name has a default.\n\n[project]\nname = \"{name}\"\n\n\
         [lake]\n# path = \"lake\"            # the folder of the tables and their history\n\n\
         [engine]\n# memory_limit = \"2GB\"     # what queries may take before they spill to disk\n"
    );
    let ignored = "# The data, and what can be rebuilt.\nlake/\n.bywash/\n";
    vec![
        NewFile { path: settings::FILE_NAME.to_owned(), text: settings },
        NewFile { path: ".gitignore".to_owned(), text: ignored.to_owned() },
    ]
}
