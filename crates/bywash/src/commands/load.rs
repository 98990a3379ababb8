//! `bywash load`: loads sources; with files it writes their source first, so that own data needs no YAML.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bywash_core::{Code, Error, Result, TableName};
use bywash_pipeline::graph::{Body, NodeId};
use bywash_pipeline::project::find_root;
use bywash_pipeline::project::scaffold::{NewResource, add_resources, source_file};

use crate::arguments::LoadArguments;
use crate::commands::run::{finish, usual_options};
use crate::commands::select::selected;
use crate::context::Context;
use crate::render::progress::Progress;
use crate::workspace::Workspace;

const DEFAULT_NAMESPACE: &str = "raw";

/// Loads.
///
/// # Errors
/// A file or source that cannot be read; then nothing is published.
pub async fn run(context: &Context, arguments: LoadArguments) -> Result<()> {
    let written = match arguments.files.is_empty() {
        true => None,
        false => Some(write_source(context, &arguments)?),
    };
    let workspace = Workspace::open(context, &arguments.project).await?;
    let chosen = match &written {
        Some(names) => names.iter().filter_map(|name| workspace.graph.find(name)).map(|node| node.id).collect(),
        None => sources(&workspace, selected(&workspace, &arguments.selection, &arguments.reference).await?),
    };
    if chosen.is_empty() {
        return Err(Error::new(Code::NothingSelected, "there is no source to load")
            .hint("name files: `bywash load data/*.csv --into raw`"));
    }
    if arguments.dry_run {
        for id in &chosen {
            context.say(format_args!("would load {}", workspace.graph.node(*id).name));
        }
        return Ok(());
    }
    let options = usual_options(workspace.branch(&arguments.reference)?, chosen, "load".to_owned());
    let report = workspace.runner(Arc::new(Progress::new(context))).run(options).await?;
    finish(context, &workspace, &arguments.output, &report).await
}

fn sources(workspace: &Workspace, nodes: BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    let is_source = |id: &NodeId| matches!(workspace.graph.node(*id).body, Body::Resource(_) | Body::Seed(_));
    nodes.into_iter().filter(is_source).collect()
}

/// Writes `sources/<namespace>.yml`, or adds to it: one table a file stem, a glob is one table.
fn write_source(context: &Context, arguments: &LoadArguments) -> Result<Vec<TableName>> {
    let root = find_root(&context.folder)?;
    let namespace = arguments.into.clone().unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned());
    let mut resources: BTreeMap<String, NewResource> = BTreeMap::new();
    for file in &arguments.files {
        let path = in_project(context, &root, file)?;
        let name = table_of(&path);
        TableName::new(&namespace, &name)?;
        if let Some(other) = resources.insert(name.clone(), NewResource { name: name.clone(), path: path.clone() }) {
            if other.path != path {
                return Err(Error::new(
                    Code::DuplicateNode,
                    format!("`{}` and `{path}` would both be `{namespace}.{name}`", other.path),
                )
                .hint(format!("load them as one table with a quoted glob, or one of them with another `--into`")));
            }
        }
    }
    let resources: Vec<_> = resources.into_values().collect();
    let file = PathBuf::from("sources").join(format!("{namespace}.yml"));
    let place = root.join(&file);
    let text = match std::fs::read_to_string(&place) {
        Ok(old) => add_resources(&file, &old, &resources)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => source_file(&namespace, &resources),
        Err(error) => return Err(Error::io("read", &place, &error)),
    };
    if !arguments.dry_run {
        let folder = root.join("sources");
        std::fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, &error))?;
        std::fs::write(&place, text).map_err(|error| Error::io("write", &place, &error))?;
        context.say(format_args!("wrote `{}`: edit it to say more about these files", file.display()));
    }
    resources.iter().map(|resource| TableName::new(&namespace, &resource.name)).collect()
}

/// The path as the source file says it: relative to the project where it lies inside.
fn in_project(context: &Context, root: &Path, typed: &Path) -> Result<String> {
    let full = std::path::absolute(context.folder.join(typed)).map_err(|error| Error::io("find", typed, &error))?;
    let is_glob = full.to_string_lossy().contains(['*', '?', '[', '{']);
    if !is_glob && !full.exists() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Error::io("load", typed, &missing));
    }
    let relative = full.strip_prefix(root).unwrap_or(&full);
    Ok(relative.to_string_lossy().replace('\\', "/"))
}

/// `data/flights-2013.csv.gz` gives `flights_2013`; a glob gives what stands before its first sign, or its folder.
fn table_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let plain = stem.split(['*', '?', '[', '{']).next().unwrap_or(stem).trim_end_matches(['-', '_']);
    let folder = path.rsplit('/').nth(1).unwrap_or("files");
    let chosen = if plain.is_empty() { folder } else { plain };
    let mut name: String =
        chosen.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_numeric()) {
        name.insert(0, '_');
    }
    name
}
