//! `models/<namespace>/**/<name>.sql`: one query, one table; and what is common to models in SQL and in Python.
//!
//! The first folder is the namespace and deeper ones only group; a model directly under `models/` lies in the
//! namespace of the project's name. A file's name is its table's name, so a model can be found by its table.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Code, Place, Result, TableName, TableRef};
use bywash_engine::sql::Parsed;

use super::columns::Column;
use super::data_tests::TestDeclaration;
use super::document::Document;
use super::fields::{Problems, Source};
use super::layout::PartitionField;
use super::model_options::{Answer, ModelKind, ModelOptions, Placed, SortKey, read_options};
use super::model_properties::ModelProperties;
use super::model_sql::KnownQueries;
use super::python_functions::PythonFunction;
use super::python_models::PythonModel;
use super::python_options;
use super::settings::Settings;
use super::{front_matter, model_sql, reserved};

/// A model with all that was said about it.
#[derive(Clone, Debug)]
pub struct Model {
    /// Its table.
    pub name: TableName,
    /// Its file, relative to the project's root.
    pub path: PathBuf,
    /// What makes its rows.
    pub body: ModelBody,
    /// Declared columns.
    pub columns: Vec<Column>,
    /// Its file, as errors show it.
    pub place: Place,
    pub(crate) options: ModelOptions,
    pub(crate) tests: Vec<TestDeclaration>,
    pub(super) enforced: bool,
    /// Its folder below `models/`, with forward slashes.
    pub(super) folder: String,
    /// Whether it was read without problems, so that it is worth checking.
    pub(super) sound: bool,
    /// The functions in Python that its query calls.
    pub(super) functions: Vec<Arc<PythonFunction>>,
}

/// The folder of models.
pub(super) const FOLDER: &str = "models";

/// What makes a model's rows.
#[derive(Clone, Debug)]
pub enum ModelBody {
    /// A query.
    Sql(Arc<Parsed>),
    /// A function.
    Python(Arc<PythonModel>),
}

/// The table of a model's file.
///
/// # Errors
/// A file or folder whose name cannot be a table's or namespace's.
pub fn name_of(path: &Path, project: &str) -> Result<TableName> {
    let namespace = namespace_of(path, project)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let named = TableName::new(namespace, stem);
    named.map_err(|error| error.hint(NAMING_HINT).at(Place::file(path)))
}

const NAMING_HINT: &str = "a model's file is its table's name, its folder the namespace";

/// The namespace of the models in a file.
///
/// # Errors
/// A folder whose name cannot be a namespace's.
pub(super) fn namespace_of(path: &Path, project: &str) -> Result<String> {
    let folder = folder_of(path);
    let namespace = match folder.split('/').next() {
        Some(first) if !first.is_empty() => first,
        _ => project,
    };
    let checked = match TableName::new(namespace, "x") {
        Ok(_) if reserved::is_reserved(namespace) => Err(reserved::refuse(namespace)),
        checked => checked.map_err(|error| error.hint(NAMING_HINT)),
    };
    checked.map(|_| namespace.to_owned()).map_err(|error| error.at(Place::file(path)))
}

fn folder_of(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    match parts.as_slice() {
        [_, folders @ .., _] => folders.join("/"),
        _ => String::new(),
    }
}

/// Reads a model's file; `None` if its SQL cannot be read.
pub fn read(name: TableName, document: &Document, known: &KnownQueries<'_>, problems: &Problems) -> Option<Model> {
    let before = problems.count();
    let options = problems.keep(front_matter::parse(document)).flatten().map_or_else(ModelOptions::default, |root| {
        let source = Source { document, code: Code::InvalidFrontMatter, problems };
        source.fields(&root, "front matter").map_or_else(ModelOptions::default, |mut fields| {
            let options = read_options(&mut fields);
            fields.finish();
            options
        })
    });
    let sound = problems.count() == before;
    let parsed = problems.keep(model_sql::read(document, known))?;
    let model = Model::new(name, document.path(), ModelBody::Sql(parsed), document.whole(), options);
    Some(Model { sound, ..model })
}

impl Model {
    /// A model of which nothing is said beside its file.
    pub(super) fn new(name: TableName, path: &Path, body: ModelBody, place: Place, options: ModelOptions) -> Self {
        let (path, folder) = (path.to_owned(), folder_of(path));
        Self {
            name,
            path,
            body,
            columns: Vec::new(),
            place,
            options,
            tests: Vec::new(),
            enforced: false,
            folder,
            sound: true,
            functions: Vec::new(),
        }
    }

    /// Adds what YAML says; front matter wins.
    pub(super) fn describe(&mut self, properties: ModelProperties) {
        self.options = std::mem::take(&mut self.options).over(&properties.options);
        self.columns = properties.columns;
        self.enforced = properties.enforced;
        self.tests = properties.tests;
    }

    /// Adds the defaults of its folders, nearest first, and checks what all layers say together.
    pub(super) fn settle(&mut self, settings: &Settings, problems: &Problems) {
        python_options::settle_kind(self, problems);
        let mut folders: Vec<_> = settings.folders.iter().filter(|folder| self.lies_in(folder)).collect();
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.folder().len()));
        for folder in folders {
            self.options = std::mem::take(&mut self.options).over(folder.options());
        }
        if self.sound {
            let inputs: Vec<_> = self.references().into_iter().map(|(table, _)| table).collect();
            self.options.check(&self.place, &inputs, problems);
        }
    }

    /// A model directly under `models/` lies in the folder of its namespace, too.
    fn lies_in(&self, folder: &super::model_options::FolderOptions) -> bool {
        folder.covers(&self.folder) || (self.folder.is_empty() && folder.covers(self.name.namespace()))
    }

    /// Its query, if it is written in SQL.
    #[must_use]
    pub fn query(&self) -> Option<&Arc<Parsed>> {
        match &self.body {
            ModelBody::Sql(parsed) => Some(parsed),
            ModelBody::Python(_) => None,
        }
    }

    /// All that it asks of its inputs: its query, or one for each input of a function.
    #[must_use]
    pub fn queries(&self) -> Vec<&Arc<Parsed>> {
        match &self.body {
            ModelBody::Sql(parsed) => vec![parsed],
            ModelBody::Python(python) => python.inputs.iter().map(|input| &input.query).collect(),
        }
    }

    /// The functions in Python that its query calls.
    #[must_use]
    pub fn functions(&self) -> &[Arc<PythonFunction>] {
        &self.functions
    }

    /// The tables that it reads, and where they are named.
    #[must_use]
    pub fn references(&self) -> Vec<(TableRef, Place)> {
        match &self.body {
            ModelBody::Sql(parsed) => parsed.references.clone(),
            ModelBody::Python(python) => {
                python.inputs.iter().map(|input| (input.table.clone(), input.place.clone())).collect()
            }
        }
    }

    /// Why two runs on the same rows may differ (rule R5), if they may.
    #[must_use]
    pub fn volatile(&self) -> Option<String> {
        match &self.body {
            ModelBody::Sql(parsed) => parsed.volatile.clone().or_else(|| {
                let volatile = self.functions.iter().find(|function| function.volatile)?;
                Some(format!("`{}` is declared volatile", volatile.name))
            }),
            ModelBody::Python(python) => python.volatile(),
        }
    }

    /// The word for it in output: `table`, `view` or `incremental`; `python` for a function.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.body {
            ModelBody::Sql(_) => self.kind().as_str(),
            ModelBody::Python(_) => "python",
        }
    }

    /// How its rows are kept.
    #[must_use]
    pub fn kind(&self) -> ModelKind {
        self.options.kind.unwrap_or_default()
    }

    /// The columns that tell its rows apart; of rows with one key, the last by [`Self::order_by`] stays.
    #[must_use]
    pub fn unique_key(&self) -> &[String] {
        slice(self.options.unique_key.as_ref())
    }

    /// Which row of a key is the last.
    #[must_use]
    pub fn order_by(&self) -> &[SortKey] {
        slice(self.options.order_by.as_ref())
    }

    /// The tables whose new rows suffice, as they are written.
    #[must_use]
    pub fn incremental_from(&self) -> &[TableRef] {
        slice(self.options.incremental_from.as_ref())
    }

    /// The tables whose changes do not count, as they are written.
    #[must_use]
    pub fn static_inputs(&self) -> &[TableRef] {
        slice(self.options.static_inputs.as_ref())
    }

    /// How its files are cut.
    #[must_use]
    pub fn partition_by(&self) -> &[PartitionField] {
        slice(self.options.partition_by.as_ref())
    }

    /// How rows are sorted within a file.
    #[must_use]
    pub fn cluster_by(&self) -> &[String] {
        slice(self.options.cluster_by.as_ref())
    }

    /// How long a result that may differ between runs is kept (rule R5).
    #[must_use]
    pub fn stable_for(&self) -> Option<Duration> {
        self.options.stable_for
    }

    /// Whether a run ends by showing its rows, and to which question.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        self.options.answer.as_ref()
    }

    /// What it holds.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.options.description.as_deref()
    }

    /// Whether the declared columns are all that its query may give (dbt's `contract: {enforced: true}`).
    #[must_use]
    pub const fn is_contract_enforced(&self) -> bool {
        self.enforced
    }

    /// For `-s tag:x`.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.options.tags
    }
}

fn slice<T>(placed: Option<&Placed<Vec<T>>>) -> &[T] {
    placed.map_or(&[], |placed| &placed.value)
}
