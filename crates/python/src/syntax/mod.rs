//! What a file of Python says about its functions, read as a syntax tree: no Python is started.
//!
//! A function becomes a node or a SQL function by its decorator, and everything that planning needs stands in the
//! decorator and in the signature as constants. Whatever would have to be run to be known is an error with its place
//! and with the way to write it. All problems of a file are found at once.
//!
//! ```text
//! text ─ tree (parser, strings) ─► names (imports), constant (literals) ─► model, arguments, function ─► Module
//!                              └─► local_imports (files of the project), canonical (rule R3)
//! ```

mod arguments;
mod canonical;
mod constant;
mod declaration;
mod function;
mod grammar;
mod keywords;
mod local_imports;
mod model;
mod names;
mod source;
mod strings;
mod tree;
mod upkeep;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bywash_core::{Error, Place};

pub use arguments::{Argument, ArgumentKind, TableArgument};
pub use constant::{Constant, Text};
pub use declaration::{NewColumns, declare_columns};
pub use function::SqlFunction;
pub use local_imports::LocalImport;
pub use model::{DeclaredColumn, ModelFunction, Output, Packages};
pub use upkeep::{Setting, Upkeep};

use names::Names;
use source::Source;
use tree::{File, Function};

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Functions that make tables, in the order of the text.
    pub models: Vec<ModelFunction>,
    /// Functions that SQL can call.
    pub functions: Vec<SqlFunction>,
    /// Functions whose file is no Python: their tables are named, and nothing else is known of them.
    pub broken: Vec<String>,
    /// Modules that it imports and that may lie in the project.
    pub imports: Vec<LocalImport>,
    /// All of it as it is compared: comments and formatting never count (rule R3).
    pub canonical: String,
}

/// Reads a file; its problems stand beside what could be read.
#[must_use]
pub fn read(path: &Path, text: &Arc<str>) -> (Module, Vec<Error>) {
    let source = Source::new(path, text);
    let file = match File::parse(text) {
        Ok(file) => file,
        Err(error) => return (Module::default(), vec![error]),
    };
    if let Some(wrong) = file.wrong().or_else(|| file.unlike_python()) {
        let functions = file.statements().into_iter().filter_map(|statement| file.function(statement));
        let broken = functions.filter(|function| !function.decorators.is_empty()).map(|function| function.name);
        return (Module { broken: broken.collect(), ..Module::default() }, vec![source.syntax_error(&wrong)]);
    }
    let mut module =
        Module { imports: local_imports::of(&file), canonical: canonical::file(&file), ..Module::default() };
    let mut problems = Vec::new();
    let reader = Reader { names: Names::of(&file), source, file };
    for statement in reader.file.statements() {
        if let Some(function) = reader.file.function(statement) {
            reader.function(&function, &mut module, &mut problems);
        }
    }
    problems.extend(reader.nested());
    (module, problems)
}

/// A file that is being read.
pub(crate) struct Reader<'a> {
    pub(crate) source: Source,
    pub(crate) names: Names,
    pub(crate) file: File<'a>,
}

/// The decorators that make something of a function.
const DECORATORS: [&str; 2] = [model::DECORATOR, function::DECORATOR];

impl Reader<'_> {
    fn function(&self, function: &Function<'_>, module: &mut Module, problems: &mut Vec<Error>) {
        for decorator in &function.decorators {
            match self.names.decorator(decorator).as_deref() {
                Some(model::DECORATOR) => module.models.push(self.model(function, decorator, problems)),
                Some(function::DECORATOR) => module.functions.extend(self.sql_function(function, decorator, problems)),
                _ => {}
            }
        }
    }

    /// Decorated functions inside of others, of classes or of conditions: nobody could call them by name.
    fn nested(&self) -> Vec<Error> {
        let is_ours = |name: String| DECORATORS.contains(&name.as_str());
        let mut found = Vec::new();
        for node in self.file.everything().into_iter().filter(|node| node.kind() == "decorated_definition") {
            if node.parent().is_none_or(|above| above == self.file.root()) {
                continue;
            }
            let Some(function) = self.file.function(node) else { continue };
            let ours = function.decorators.iter().find(|it| self.names.decorator(it).is_some_and(is_ours));
            found.extend(ours.map(|decorator| {
                let message = format!("`{}` does not stand at the top level of its file", function.name);
                let error = self.source.error(&decorator.span, message);
                error.hint("move the function out of the function, class or condition around it")
            }));
        }
        found
    }

    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        self.source.place(span)
    }
}
