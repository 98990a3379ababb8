//! The signature of a function: which tables and parameters it reads, and in which form tables arrive.

use bywash_core::{Error, Place, TableRef};

use super::Reader;
use super::constant::{Constant, Read, Text};
use super::keywords::Keywords;
use super::tree::{Call, Expression, File, Function, Parameter, ParameterKind, Value};
use crate::Form;

const TABLE: &str = "bywash.table";
const PARAMETER: &str = "bywash.param";
const TABLE_LIKE: &str = "flights=bw.table(\"raw.flights\", columns=[\"carrier\"], filter=\"dep_delay > 0\")";
const PARAMETER_LIKE: &str = "days=bw.param(\"days\", 30)";

/// The forms and what people call them.
const FORMS: [(&str, Form); 7] = [
    ("typing.Any", Form::Table),
    ("pyarrow.Table", Form::Table),
    ("pyarrow.lib.Table", Form::Table),
    ("pyarrow.RecordBatchReader", Form::Reader),
    ("pyarrow.ipc.RecordBatchReader", Form::Reader),
    ("pandas.DataFrame", Form::Pandas),
    ("polars.DataFrame", Form::Polars),
];

/// One argument of a function.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// What it is given.
    pub kind: ArgumentKind,
    /// Where it stands.
    pub place: Place,
}

/// The rows of a table, as a function reads them.
#[derive(Clone, Debug)]
pub struct TableArgument {
    /// The table, as it is written.
    pub table: TableRef,
    /// Where its name stands.
    pub place: Place,
    /// The columns that are read; all of them where absent.
    pub columns: Option<Vec<Text>>,
    /// The rows that are read, as a condition in SQL.
    pub filter: Option<Text>,
    /// What it arrives as.
    pub form: Form,
}

/// What an argument is given.
#[derive(Clone, Debug)]
pub enum ArgumentKind {
    /// The rows of a table.
    Table(Box<TableArgument>),
    /// The value of `--param`.
    Parameter {
        /// Its name on the command line.
        parameter: String,
        /// What it is where nobody gives it.
        default: Option<Constant>,
    },
}

/// A parameter's annotation: the type, and the marker that an `Annotated` holds beside it.
type Annotation = (Option<Expression>, Option<Expression>);

impl Reader<'_> {
    /// The arguments of a function.
    pub(super) fn arguments(&self, function: &Function<'_>, problems: &mut Vec<Error>) -> Vec<Argument> {
        let mut found = Vec::new();
        for parameter in &function.parameters {
            let read = match parameter.kind {
                ParameterKind::ByName => self.argument(parameter, problems),
                ParameterKind::ByPosition => {
                    let message =
                        format!("`{}` can only be given by position; a model is called by names", parameter.name);
                    Err(Box::new(self.source.error(&parameter.span, message).hint("remove the `/` of the signature")))
                }
                ParameterKind::Rest => {
                    let message = format!("`{}`: every argument of a model is a table or a parameter", parameter.name);
                    Err(self.unlike(parameter, message))
                }
            };
            match read {
                Ok(argument) => found.extend(argument),
                Err(error) => problems.push(*error),
            }
        }
        found
    }

    fn argument(&self, parameter: &Parameter, problems: &mut Vec<Error>) -> Read<Option<Argument>> {
        let name = &parameter.name;
        let (form, inside) = self.annotation(parameter)?;
        let given = match &parameter.default {
            Some(default) if self.marker(default).is_some() => Some(default),
            Some(other) if inside.is_none() => {
                let message = format!("the default of `{name}` says nothing about a table");
                return Err(self.wrong(other, message, TABLE_LIKE));
            }
            _ => inside.as_ref(),
        };
        let Some((expression, (marker, call))) = given.and_then(|given| Some((given, self.marker(given)?))) else {
            return Err(self.unlike(parameter, format!("`{name}` says nowhere which table it is")));
        };
        let kind = match marker {
            PARAMETER => self.parameter(expression, call, problems),
            _ => self.table(expression, call, self.form(form.as_ref())?, problems),
        };
        Ok(kind.map(|kind| Argument { name: name.clone(), kind, place: self.place(&parameter.span) }))
    }

    fn unlike(&self, parameter: &Parameter, message: String) -> Box<Error> {
        Box::new(self.source.error(&parameter.span, message).hint(format!("write it like `{TABLE_LIKE}`")))
    }

    /// Whether an expression is a call of ours.
    fn marker<'e>(&self, expression: &'e Expression) -> Option<(&'static str, &'e Call)> {
        let Value::Call(call) = &expression.value else { return None };
        let full = self.names.full(&call.function)?;
        [TABLE, PARAMETER].into_iter().find(|known| *known == full).map(|known| (known, call.as_ref()))
    }

    fn annotation(&self, parameter: &Parameter) -> Read<Annotation> {
        let Some(annotation) = &parameter.annotation else { return Ok((None, None)) };
        let annotation = match &annotation.value {
            // Texts are annotations that only type checkers read.
            Value::Constant(Constant::Text(text)) => {
                let parsed = File::parse(text).ok().and_then(|file| file.only_expression());
                let Some(parsed) = parsed else {
                    return Err(self.wrong(annotation, "this annotation is no type", "flights: pa.Table"));
                };
                Expression { span: annotation.span.clone(), ..parsed }
            }
            _ => annotation.clone(),
        };
        match &annotation.value {
            Value::Subscript(outer, inside) if self.is_annotated(outer) => {
                let marker = inside.iter().skip(1).find(|part| self.marker(part).is_some()).cloned();
                Ok((inside.first().cloned(), marker))
            }
            _ => Ok((Some(annotation), None)),
        }
    }

    fn is_annotated(&self, name: &[String]) -> bool {
        let full = self.names.full(name);
        matches!(full.as_deref(), Some("typing.Annotated" | "typing_extensions.Annotated"))
    }

    fn form(&self, annotation: Option<&Expression>) -> Read<Form> {
        let Some(annotation) = annotation else { return Ok(Form::default()) };
        let full = match &annotation.value {
            Value::Dotted(dotted) if dotted.as_slice() == ["object"] => return Ok(Form::default()),
            Value::Dotted(dotted) => self.names.full(dotted),
            _ => None,
        };
        let known = FORMS.iter().find(|(name, _)| full.as_deref() == Some(name)).map(|(_, form)| *form);
        known.ok_or_else(|| {
            let hint = "use `pyarrow.Table`, `pyarrow.RecordBatchReader`, `pandas.DataFrame` or `polars.DataFrame`, \
                        imported in this file";
            Box::new(self.source.error(&annotation.span, "rows cannot arrive as what this says").hint(hint))
        })
    }

    fn table(&self, whole: &Expression, call: &Call, form: Form, problems: &mut Vec<Error>) -> Option<ArgumentKind> {
        let before = problems.len();
        let mut keywords = Keywords::new(self, call, "bw.table", problems);
        let columns = keywords.read("columns", |value| self.texts(value, "`columns`", TABLE_LIKE));
        let filter = keywords.read("filter", |value| self.text(value, "`filter`", TABLE_LIKE));
        let named = keywords.take("name");
        let name = match (call.arguments.as_slice(), named) {
            ([name], None) | ([], Some(name)) => self.text(name, "the name of a table", TABLE_LIKE),
            _ => Err(self.wrong(whole, "`bw.table` takes the name of one table", TABLE_LIKE)),
        };
        let name = keywords.keep(name);
        keywords.finish();
        let name = name?;
        let table = TableRef::parse(&name.value).map_err(|error| problems.push(error.at(name.place.clone()))).ok()?;
        if columns.as_ref().is_some_and(Vec::is_empty) {
            problems.push(*self.wrong(whole, "`columns` names no column", TABLE_LIKE));
        }
        let argument = TableArgument { table, place: name.place, columns, filter, form };
        (problems.len() == before).then(|| ArgumentKind::Table(Box::new(argument)))
    }

    fn parameter(&self, whole: &Expression, call: &Call, problems: &mut Vec<Error>) -> Option<ArgumentKind> {
        let mut keywords = Keywords::new(self, call, "bw.param", problems);
        let (default, named) = (keywords.take("default"), keywords.take("name"));
        let (name, default) = match call.arguments.as_slice() {
            [name, default] => (Some(name), Some(default)),
            [name] => (Some(name), default),
            _ => (named, default),
        };
        let name = match name {
            Some(name) => self.text(name, "the name of a parameter", PARAMETER_LIKE),
            None => Err(self.wrong(whole, "`bw.param` takes a name and perhaps a default", PARAMETER_LIKE)),
        };
        let name = keywords.keep(name);
        let default =
            default.map(|value| self.constant(value, "the default of a parameter", PARAMETER_LIKE)).transpose();
        let default = keywords.keep(default);
        keywords.finish();
        Some(ArgumentKind::Parameter { parameter: name?.value, default: default? })
    }
}
