//! `functions/*.py`: functions of SQL that are written in Python.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::DataType;
use bywash_core::{Code, Error, ObjectId, Place};
use bywash_engine::parse_type;
use bywash_python::Requirements;
use bywash_python::syntax::{SqlFunction, Text};

use super::fields::Problems;
use super::models::{Model, ModelBody};
use super::python_files::{PythonFile, PythonFiles};
use super::python_models::{PythonModel, requirements};
use super::{ModelKind, files};

/// A function of SQL that is written in Python.
#[derive(Clone, Debug)]
pub struct PythonFunction {
    /// Its name in SQL and in Python.
    pub name: String,
    /// Its file, relative to the project's root.
    pub file: PathBuf,
    /// Where it is defined.
    pub place: Place,
    /// The types of its arguments.
    pub arguments: Vec<DataType>,
    /// The type of its values.
    pub returns: DataType,
    /// What must be installed.
    pub requirements: Requirements,
    /// Whether the same arguments may give another value (rule R5).
    pub volatile: bool,
    /// Stands for its code and that of all helpers that it reaches (rule R3).
    pub code: ObjectId,
}

/// The folder of functions.
const FOLDER: &str = "functions";

/// The functions of a file; they and models stay apart, so that each is found where it is looked for.
pub(super) fn of(file: &PythonFile, files: &mut PythonFiles<'_>, problems: &Problems) -> Vec<Arc<PythonFunction>> {
    let in_folder = file.path.starts_with(FOLDER);
    if let Some(model) = file.module.models.first().filter(|_| in_folder) {
        let error = Error::new(Code::InvalidPython, format!("`{}` makes a table", model.name)).at(model.place.clone());
        problems.push(error.hint("move it into a file under `models/<namespace>/`"));
    }
    if let Some(function) = file.module.functions.first().filter(|_| !in_folder) {
        let error = Error::new(Code::InvalidPython, format!("`{}` is a function of SQL", function.name));
        problems.push(error.at(function.place.clone()).hint("move it into a file under `functions/`"));
    }
    if !in_folder || file.module.functions.is_empty() {
        return Vec::new();
    }
    let (_, helpers) = files.helpers(&file.path, problems);
    let functions = file.module.functions.iter();
    functions.filter_map(|function| read(&file.path, function, helpers, problems).map(Arc::new)).collect()
}

fn read(path: &Path, function: &SqlFunction, helpers: ObjectId, problems: &Problems) -> Option<PythonFunction> {
    let kind = |text: &Text| problems.keep(parse_type(&text.value).map_err(|error| error.at(text.place.clone())));
    let arguments = function.arguments.iter().map(kind).collect::<Option<Vec<_>>>()?;
    let text = format!("{} {} {helpers} {}", files::shown(path), function.name, function.canonical);
    Some(PythonFunction {
        name: function.name.to_lowercase(),
        file: path.to_owned(),
        place: function.place.clone(),
        arguments,
        returns: kind(&function.returns)?,
        requirements: requirements(&function.packages, &function.place, problems)?,
        volatile: function.volatile,
        code: ObjectId::of(text.as_bytes()),
    })
}

/// Takes out all but the first function of a name.
pub(super) fn distinct(found: Vec<Arc<PythonFunction>>, problems: &Problems) -> Vec<Arc<PythonFunction>> {
    let mut kept: Vec<Arc<PythonFunction>> = Vec::new();
    for function in found {
        match kept.iter().find(|known| known.name == function.name) {
            Some(first) => problems.push(
                Error::new(Code::DuplicateNode, format!("two functions of SQL are named `{}`", function.name))
                    .at(function.place.clone())
                    .at(first.place.clone().labelled("first here"))
                    .hint("rename one of them"),
            ),
            None => kept.push(function),
        }
    }
    kept
}

/// Tells a model which of these functions its query calls; a view cannot, since who reads it would not see their code.
pub(super) fn tell(model: &mut Model, functions: &[Arc<PythonFunction>], problems: &Problems) {
    let query = match &model.body {
        ModelBody::Sql(query) => query,
        ModelBody::Python(python) => return refuse_in_filters(python, functions, problems),
    };
    model.functions = functions.iter().filter(|known| query.functions.contains(&known.name)).cloned().collect();
    let Some(called) = model.functions.first().filter(|_| model.kind() == ModelKind::View) else { return };
    let message = format!("the view `{}` calls `{}`, which is written in Python", model.name, called.name);
    let error = Error::new(Code::NotYetSupported, message).at(model.place.clone());
    problems.push(error.hint("make it `kind: table`"));
}

/// The key of a function's table would not see the code of functions in its filters.
fn refuse_in_filters(python: &PythonModel, functions: &[Arc<PythonFunction>], problems: &Problems) {
    for (input, filter) in python.inputs.iter().filter_map(|input| Some((input, input.filter.as_ref()?))) {
        let is_called = |known: &&Arc<PythonFunction>| input.query.functions.contains(&known.name);
        let Some(called) = functions.iter().find(is_called) else { continue };
        let message = format!("the `filter` calls `{}`, which is written in Python", called.name);
        let error = Error::new(Code::NotYetSupported, message).at(filter.place.clone());
        problems.push(error.hint("call it in a model in SQL, and read that"));
    }
}
