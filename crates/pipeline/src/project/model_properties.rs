//! `models/**/*.yml`: what is said about models beside their SQL, in dbt's shape.

use std::collections::HashMap;
use std::path::Path;

use bywash_core::{Code, Error, Place, suggestion};

use super::columns::{Column, read_columns};
use super::constraints::read_constraints;
use super::data_tests::{TestDeclaration, read_tests};
use super::document::Document;
use super::fields::{Fields, Problems, Source};
use super::model_options::{ModelOptions, read_options, read_tags};
use super::models::Model;
use super::yaml;

/// What YAML says about one model.
#[derive(Debug)]
pub struct ModelProperties {
    name: String,
    place: Place,
    pub(super) options: ModelOptions,
    pub(super) columns: Vec<Column>,
    /// Whether the columns are all that there are.
    pub(super) enforced: bool,
    pub(super) tests: Vec<TestDeclaration>,
}

/// Reads the list under `models:`.
pub fn read(document: &Document, problems: &Problems) -> Vec<ModelProperties> {
    let source = Source { document, code: Code::InvalidYaml, problems };
    let Some(Some(root)) = problems.keep(yaml::parse(document, document.text(), Code::InvalidYaml)) else {
        return Vec::new();
    };
    let Some(mut fields) = source.fields(&root, "a file about models") else { return Vec::new() };
    fields.ignore(&["version"]);
    let items = fields.node("models").map_or(&[][..], |node| source.items(node));
    let properties = items.iter().filter_map(|item| {
        let mut fields = source.fields(item, "a model")?;
        let properties = read_model(&mut fields);
        fields.finish();
        properties
    });
    let properties = properties.collect();
    fields.finish();
    properties
}

fn read_model(fields: &mut Fields<'_>) -> Option<ModelProperties> {
    let source = fields.source();
    let mut tests = Vec::new();
    let name = fields.required("name");
    let columns = read_columns(fields, &mut tests);
    tests.extend(read_tests(fields, None));
    tests.extend(read_constraints(fields, None));
    let mut options = ModelOptions {
        description: fields.text("description").map(|text| text.value),
        tags: read_tags(fields),
        ..ModelOptions::default()
    };
    fields.ignore(&["meta", "docs"]);
    let mut enforced = false;
    if let Some(node) = fields.node("config") {
        let mut config = source.fields(node, "the `config` of a model")?;
        options = options.over(&read_options(&mut config));
        if let Some(node) = config.node("contract") {
            let mut contract = source.fields(node, "a `contract`")?;
            enforced = contract.truth("enforced").unwrap_or(false);
            contract.ignore(&["alias_types"]);
            contract.finish();
        }
        config.ignore(&["meta"]);
        config.finish();
    }
    let name = name?;
    let place = source.document.place(name.span);
    Some(ModelProperties { name: name.value, place, options, columns, enforced, tests })
}

/// Gives each model what YAML says about it. `broken` are the names of models that could not be read.
pub fn attach(found: Vec<ModelProperties>, models: &mut [Model], broken: &[String], problems: &Problems) {
    let mut described: HashMap<usize, Place> = HashMap::new();
    let by_name = by_name(models);
    for properties in found {
        match find(&properties, models, &by_name) {
            Ok(at) => {
                if let Some(first) = described.get(&at) {
                    let message = format!("`{}` is described twice", models[at].name);
                    let error = Error::new(Code::InvalidYaml, message).at(properties.place);
                    problems.push(error.at(first.clone().labelled("first here")));
                    continue;
                }
                described.insert(at, properties.place.clone());
                models[at].describe(properties);
            }
            Err(_) if broken.contains(&properties.name) => {}
            Err(error) => problems.push(error),
        }
    }
}

/// The places of models by their names without a namespace.
fn by_name(models: &[Model]) -> HashMap<String, Vec<usize>> {
    let mut found: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, model) in models.iter().enumerate() {
        found.entry(model.name.name().to_owned()).or_default().push(at);
    }
    found
}

/// The model of a name: the one in the file's own namespace, or the only one of that name.
fn find(properties: &ModelProperties, models: &[Model], by_name: &HashMap<String, Vec<usize>>) -> Result<usize, Error> {
    let namespace = namespace_of(&properties.place.path);
    let (wanted, name) = match properties.name.split_once('.') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, properties.name.as_str()),
    };
    let fits = |at: &usize| wanted.is_none_or(|wanted| models[*at].name.namespace() == wanted);
    let candidates: Vec<usize> = by_name.get(name).into_iter().flatten().copied().filter(fits).collect();
    let near = candidates.iter().find(|at| Some(models[**at].name.namespace()) == namespace.as_deref());
    match (near, candidates.as_slice()) {
        (Some(at), _) | (None, [at]) => Ok(*at),
        (None, []) => {
            let names: Vec<String> = models.iter().map(|model| model.name.to_string()).collect();
            let bare = models.iter().map(|model| model.name.name());
            let hint = suggestion(&properties.name, bare)
                .or_else(|| suggestion(&properties.name, names.iter().map(String::as_str)));
            Err(Error::new(Code::UnknownTable, format!("there is no model `{}`", properties.name))
                .at(properties.place.clone())
                .maybe_hint(hint))
        }
        (None, several) => {
            let names: Vec<String> = several.iter().map(|at| format!("`{}`", models[*at].name)).collect();
            Err(Error::new(Code::AmbiguousTable, format!("`{}` could be one of several models", properties.name))
                .at(properties.place.clone())
                .hint(format!("write one of {}", names.join(", "))))
        }
    }
}

fn namespace_of(path: &Path) -> Option<String> {
    let mut parts = path.components().skip(1);
    let first = parts.next()?;
    parts.next().map(|_| first.as_os_str().to_string_lossy().into_owned())
}
