//! `models/<namespace>/**/*.py`: functions that make tables, each table a model like those in SQL.
//!
//! A function that makes several tables is several models, which share its run. What an input reads is a query: its
//! columns and its filter are planned and pushed into the scan like those of any query.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use bywash_core::{Code, Error, ObjectId, Place, TableName, TableRef};
use bywash_engine::parse_type;
use bywash_engine::sql::{Parsed, parse};
use bywash_python::syntax::{Argument, ArgumentKind, ModelFunction, Output, Packages, TableArgument, Text};
use bywash_python::{Form, Requirements};

use super::fields::Problems;
use super::models::{self, Model, ModelBody};
use super::python_files::{PythonFile, PythonFiles};
use super::python_options;

/// One table that a function makes.
#[derive(Clone, Debug)]
pub struct PythonModel {
    /// The function's file, relative to the project's root.
    pub file: PathBuf,
    /// The function.
    pub function: Arc<ModelFunction>,
    /// The table's name in what the function returns.
    pub output: String,
    /// Its columns, as they are declared.
    pub schema: SchemaRef,
    /// The tables that the function reads, in the order of its signature.
    pub inputs: Arc<[PythonInput]>,
    /// What must be installed.
    pub requirements: Requirements,
    /// Stands for the function's code and that of all helpers that it reaches (rule R3).
    pub code: ObjectId,
}

/// One table that a function reads.
#[derive(Clone, Debug)]
pub struct PythonInput {
    /// The argument.
    pub argument: String,
    /// What it arrives as.
    pub form: Form,
    /// The table, as it is written.
    pub table: TableRef,
    /// Where it is written.
    pub place: Place,
    /// The columns that are read, and where they are named; all of them where absent.
    pub columns: Option<Vec<Text>>,
    /// Which rows are read, and where that is written.
    pub filter: Option<Text>,
    /// All of that as a query.
    pub query: Arc<Parsed>,
}

impl PythonInput {
    /// A problem with the query, at its place in the file: the query itself is nowhere to be seen.
    #[must_use]
    pub fn placed(&self, error: &Error) -> Error {
        let place = self.filter.as_ref().map_or(&self.place, |filter| &filter.place);
        let placed = Error::new(error.code(), error.message()).at(place.clone());
        error.hints().iter().fold(placed, Error::hint)
    }
}

/// The models of a file.
pub(super) fn of(file: &PythonFile, files: &mut PythonFiles<'_>, namespace: &str, problems: &Problems) -> Vec<Model> {
    if file.module.models.is_empty() || !file.path.starts_with(models::FOLDER) {
        return Vec::new();
    }
    let Some(namespace) = problems.keep(models::namespace_of(&file.path, namespace)) else { return Vec::new() };
    let (_, helpers) = files.helpers(&file.path, problems);
    let mut found = Vec::new();
    for function in &file.module.models {
        let before = problems.count();
        let requirements = requirements(&function.packages, &function.place, problems);
        let inputs = function.arguments.iter().filter_map(|argument| problems.keep(input(argument)?)).collect();
        let code = ObjectId::of(format!("{} {helpers} {}", function.name, function.canonical).as_bytes());
        let parts = Parts { file: &file.path, namespace: &namespace, inputs, requirements, code };
        let function = Arc::new(function.clone());
        let read = function.outputs.iter().filter_map(|output| parts.model(&function, output, problems));
        let read: Vec<_> = read.collect();
        let sound = problems.count() == before;
        found.extend(read.into_iter().map(|model| Model { sound, ..model }));
    }
    found
}

/// What the tables of one function share.
struct Parts<'a> {
    file: &'a Path,
    namespace: &'a str,
    inputs: Arc<[PythonInput]>,
    requirements: Option<Requirements>,
    code: ObjectId,
}

impl Parts<'_> {
    fn model(&self, function: &Arc<ModelFunction>, output: &Output, problems: &Problems) -> Option<Model> {
        let name = TableName::new(self.namespace, &output.name).map_err(|error| error.at(output.place.clone()));
        let name = problems.keep(name)?;
        let body = PythonModel {
            file: self.file.to_owned(),
            function: function.clone(),
            output: output.name.clone(),
            schema: schema(output, problems)?,
            inputs: self.inputs.clone(),
            requirements: self.requirements.clone()?,
            code: self.code,
        };
        let body = ModelBody::Python(Arc::new(body));
        Some(Model::new(name, self.file, body, output.place.clone(), python_options::read(function, problems)))
    }
}

/// What must be installed.
pub(super) fn requirements(packages: &Packages, place: &Place, problems: &Problems) -> Option<Requirements> {
    let pip = packages.pip.iter().map(|(name, version)| (name.as_str(), version.as_str()));
    problems.keep(Requirements::new(packages.python.as_deref(), pip).map_err(|error| error.at(place.clone())))
}

fn schema(output: &Output, problems: &Problems) -> Option<SchemaRef> {
    let before = problems.count();
    let fields = output.columns.iter().filter_map(|column| {
        let kind = parse_type(&column.data_type).map_err(|error| error.at(column.place.clone()));
        problems.keep(kind).map(|kind| Field::new(&column.name, kind, true))
    });
    let fields: Vec<_> = fields.collect();
    (problems.count() == before).then(|| Arc::new(Schema::new(fields)))
}

/// A table's name in SQL, in quotes only where it would mean something else without them.
fn in_sql(table: &TableRef) -> String {
    let plain = table.to_string();
    let means_it = |query: &Parsed| query.references.iter().map(|(read, _)| read).eq([table]);
    match parse("<table>", &format!("select * from {plain}")) {
        Ok(query) if means_it(&query) => plain,
        _ => quoted(&plain),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn input(argument: &Argument) -> Option<Result<PythonInput, Error>> {
    let ArgumentKind::Table(read) = &argument.kind else { return None };
    let TableArgument { table, place, columns, filter, form } = read.as_ref();
    let listed = match columns {
        Some(columns) => columns.iter().map(|column| quoted(&column.value)).collect::<Vec<_>>().join(", "),
        None => "*".to_owned(),
    };
    let mut text = format!("select {listed} from {}", in_sql(table));
    if let Some(filter) = filter {
        // On a line of its own, so that a comment at its end hides nothing.
        text.push_str(&format!(" where (\n{}\n)", filter.value));
    }
    let wrong = |message: String| {
        let place = filter.as_ref().map_or(place, |filter| &filter.place);
        Error::new(Code::InvalidSql, message).at(place.clone())
    };
    let query = match parse("<filter>", &text) {
        Ok(query) => query,
        Err(error) => return Some(Err(wrong(format!("the `filter` is not SQL: {}", error.message())))),
    };
    if query.references.len() > 1 || !query.files.is_empty() {
        let error = wrong("the `filter` reads another table".to_owned());
        return Some(Err(
            error.hint("it is a condition on this table's columns; join in a model in SQL, and read that")
        ));
    }
    Some(Ok(PythonInput {
        argument: argument.name.clone(),
        form: *form,
        table: table.clone(),
        place: place.clone(),
        columns: columns.clone(),
        filter: filter.clone(),
        query: Arc::new(query),
    }))
}

impl PythonModel {
    /// Why two runs on the same rows may differ (rule R5), if they may.
    #[must_use]
    pub fn volatile(&self) -> Option<String> {
        match &*self.function {
            function if function.network => Some(format!("`{}` may use the network", function.name)),
            function if function.volatile => Some(format!("`{}` is declared volatile", function.name)),
            _ => self.inputs.iter().find_map(|input| input.query.volatile.clone()),
        }
    }

    /// The parameters of a run that its arguments and filters name.
    #[must_use]
    pub fn parameters(&self) -> Vec<&str> {
        let arguments = self.function.arguments.iter().filter_map(|argument| match &argument.kind {
            ArgumentKind::Parameter { parameter, .. } => Some(parameter.as_str()),
            ArgumentKind::Table(_) => None,
        });
        arguments.chain(self.inputs.iter().flat_map(|input| &input.query.parameters).map(String::as_str)).collect()
    }
}
