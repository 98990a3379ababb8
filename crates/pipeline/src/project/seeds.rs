//! `seeds/*.csv`: small lookup tables kept beside the code, and what `seeds/*.yml` says about them.

use bywash_core::{Code, Error, ObjectId, Place, TableName};
use std::path::PathBuf;

use super::columns::{Column, read_columns};
use super::data_tests::{TestDeclaration, read_tests};
use super::document::Document;
use super::fields::{Fields, Problems, Source};
use super::model_options::read_tags;
use super::reader_options::{ReaderOptions, read_reader_options};
use super::tree::Value;
use super::yaml;

/// The namespace of every seed.
pub const NAMESPACE: &str = "seeds";

/// A seed: the table `seeds.<stem>`.
#[derive(Clone, Debug)]
pub struct Seed {
    /// `seeds.<stem>`.
    pub name: TableName,
    /// Its file, relative to the project's root.
    pub path: PathBuf,
    /// The file's content.
    pub content: ObjectId,
    /// How it is read.
    pub reader: ReaderOptions,
    /// What it holds.
    pub description: Option<String>,
    /// For `-s tag:x`.
    pub tags: Vec<String>,
    /// Declared columns.
    pub columns: Vec<Column>,
    /// Its file, as errors show it.
    pub place: Place,
    pub(crate) tests: Vec<TestDeclaration>,
}

/// What YAML says about one seed.
#[derive(Debug)]
pub struct SeedProperties {
    pub(super) name: String,
    pub(super) place: Place,
    reader: ReaderOptions,
    description: Option<String>,
    tags: Vec<String>,
    columns: Vec<Column>,
    tests: Vec<TestDeclaration>,
}

impl Seed {
    /// A seed that nothing has been said about.
    ///
    /// # Errors
    /// A file whose stem cannot name a table.
    pub fn new(path: PathBuf, content: ObjectId) -> bywash_core::Result<Self> {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let place = Place::file(&path);
        let name = TableName::new(NAMESPACE, stem)
            .map_err(|error| error.at(place.clone()).hint("the file's name is the table's name: rename the file"))?;
        let (reader, description, tags) = (ReaderOptions::default(), None, Vec::new());
        Ok(Self { name, path, content, reader, description, tags, columns: Vec::new(), place, tests: Vec::new() })
    }

    /// Adds what YAML says.
    pub fn describe(&mut self, properties: SeedProperties) {
        self.reader = properties.reader;
        self.description = properties.description;
        self.tags = properties.tags;
        self.columns = properties.columns;
        self.tests = properties.tests;
    }
}

/// Reads `seeds/*.yml`: dbt's list under `seeds:`.
pub fn read_properties(document: &Document, problems: &Problems) -> Vec<SeedProperties> {
    let source = Source { document, code: Code::InvalidYaml, problems };
    let Some(Some(root)) = problems.keep(yaml::parse(document, document.text(), Code::InvalidYaml)) else {
        return Vec::new();
    };
    let Some(mut fields) = source.fields(&root, "a file about seeds") else { return Vec::new() };
    fields.ignore(&["version"]);
    let items = fields.node("seeds").map_or(&[][..], |node| source.items(node));
    let properties = items.iter().filter_map(|item| {
        let mut fields = source.fields(item, "a seed")?;
        let properties = read_seed(&mut fields);
        fields.finish();
        properties
    });
    let properties = properties.collect();
    fields.finish();
    properties
}

fn read_seed(fields: &mut Fields<'_>) -> Option<SeedProperties> {
    let source = fields.source();
    let mut tests = Vec::new();
    let name = fields.required("name");
    let mut reader = read_reader_options(fields);
    let columns = read_columns(fields, &mut tests);
    tests.extend(read_tests(fields, None));
    let description = fields.text("description").map(|text| text.value);
    let mut tags = read_tags(fields);
    fields.ignore(&["meta"]);
    for column in &columns {
        if let Some(data_type) = &column.data_type {
            reader.columns.insert(column.name.clone(), data_type.clone());
        }
    }
    if let Some(node) = fields.node("config") {
        let mut config = source.fields(node, "the `config` of a seed")?;
        tags.extend(read_tags(&mut config));
        read_column_types(&mut config, &mut reader);
        config.finish();
    }
    let name = name?;
    let place = source.document.place(name.span);
    Some(SeedProperties { name: name.value, place, reader, description, tags, columns, tests })
}

/// dbt's `column_types`: a mapping from column to type.
fn read_column_types(config: &mut Fields<'_>, reader: &mut ReaderOptions) {
    let source = config.source();
    let Some(node) = config.node("column_types") else { return };
    let Value::Map(entries) = &node.value else {
        source.report(node.span, "`column_types` is a mapping from columns to types");
        return;
    };
    for (column, node) in entries {
        if let Some(data_type) = source.text(node, "a column's type") {
            reader.columns.insert(column.value.clone(), data_type.value);
        }
    }
}

/// The error for YAML about a seed that is not there.
pub fn unknown(properties: &SeedProperties, seeds: &[Seed]) -> Error {
    Error::new(Code::UnknownTable, format!("there is no seed `{}`", properties.name))
        .at(properties.place.clone())
        .maybe_hint(bywash_core::suggestion(&properties.name, seeds.iter().map(|seed| seed.name.name())))
        .hint(format!("a seed is a file `seeds/{}.csv`", properties.name))
}
