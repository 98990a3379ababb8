//! `@bw.model(…)`: a function that makes one table, or several.

use std::collections::BTreeMap;
use std::time::Duration;

use bywash_core::{Code, Error, Place, parse_bytes, parse_duration};

use super::Reader;
use super::arguments::Argument;
use super::constant::{Constant, Read, Text};
use super::keywords::Keywords;
use super::tree::{Call, Expression, Function, Value};
use super::upkeep::Upkeep;

pub(super) const DECORATOR: &str = "bywash.model";
const COLUMNS_LIKE: &str = "columns={\"carrier\": \"string\", \"risk\": \"float64\"}";
const LINEAGE_LIKE: &str = "lineage={\"risk\": [\"flights.delay\"]}";
const PIP_LIKE: &str = "pip={\"scikit-learn\": \"1.7.2\"}";

/// A function that makes tables.
#[derive(Clone, Debug)]
pub struct ModelFunction {
    /// Its name in Python.
    pub name: String,
    /// Where that stands.
    pub place: Place,
    /// The tables that it makes: one, named like the function, unless it says otherwise.
    pub outputs: Vec<Output>,
    /// Whether it returns a dict from table names to tables.
    pub returns_several: bool,
    /// What it reads.
    pub arguments: Vec<Argument>,
    /// What it needs to be installed.
    pub packages: Packages,
    /// The most bytes of memory it may take.
    pub memory: Option<u64>,
    /// How many processors it may use.
    pub cpus: Option<f64>,
    /// The longest that it may run.
    pub timeout: Option<Duration>,
    /// Whether it may use the network.
    pub network: bool,
    /// Whether two runs on the same rows may differ (rule R5).
    pub volatile: bool,
    /// How long such a result is kept.
    pub stable_for: Option<Duration>,
    /// How its tables are kept.
    pub upkeep: Upkeep,
    /// What the author declares columns to be made of: each a column of an argument, as `flights.delay`.
    pub lineage: Vec<(Text, Vec<Text>)>,
    /// For `-s tag:x`.
    pub tags: Vec<Text>,
    /// What its tables hold.
    pub description: Option<String>,
    /// That its columns are not declared yet: whoever wants to run it has to say so.
    pub undeclared: Option<Error>,
    /// The function as it is compared for keys (rule R3), without its decorators.
    pub canonical: String,
}

/// A table that a function makes.
#[derive(Clone, Debug)]
pub struct Output {
    /// The table's name, without a namespace.
    pub name: String,
    /// Its columns, in order; none where they are not declared yet.
    pub columns: Vec<DeclaredColumn>,
    /// Where it is named.
    pub place: Place,
}

/// A column that a function promises to give.
#[derive(Clone, Debug)]
pub struct DeclaredColumn {
    /// Its name.
    pub name: String,
    /// Its type, in words.
    pub data_type: String,
    /// Where it stands.
    pub place: Place,
}

/// What a function needs to be installed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Packages {
    /// Packages and their versions, as `1.7.2` or with a sign before it, like `>=1.7`.
    pub pip: BTreeMap<String, String>,
    /// The version of Python, like `3.12`.
    pub python: Option<String>,
}

impl Reader<'_> {
    pub(super) fn model(
        &self,
        function: &Function<'_>,
        decorator: &Expression,
        problems: &mut Vec<Error>,
    ) -> ModelFunction {
        if function.is_async {
            let message = format!("`{}` is `async`; a model is a plain function", function.name);
            problems.push(self.source.error(&function.name_span, message).hint("remove the `async`"));
        }
        let arguments = self.arguments(function, problems);
        let canonical = self.canonical(function);
        let bare = Call { function: Vec::new(), arguments: Vec::new(), keywords: Vec::new(), brackets: 0..0 };
        let call = if let Value::Call(call) = &decorator.value { call } else { &bare };
        ModelFunction { arguments, canonical, ..self.settings(function, decorator, call, problems) }
    }

    fn settings(
        &self,
        function: &Function<'_>,
        decorator: &Expression,
        call: &Call,
        problems: &mut Vec<Error>,
    ) -> ModelFunction {
        let before = problems.len();
        let mut keywords = Keywords::new(self, call, "bw.model", problems);
        let renamed = keywords.read("name", |value| self.text(value, "`name`", "name=\"delay_risk\""));
        let columns = keywords.read("columns", |value| self.outputs(value));
        let packages = Packages {
            pip: keywords.read("pip", |value| self.pip(value)).unwrap_or_default(),
            python: keywords.read("python", |value| self.text(value, "`python`", "python=\"3.12\"")).map(value_of),
        };
        let memory = keywords.read("memory", |value| self.amount(value, "memory=\"2GB\"", parse_bytes));
        let cpus = keywords.read("cpus", |value| self.number(value, "cpus=2"));
        let timeout = keywords.read("timeout", |value| self.amount(value, "timeout=\"10m\"", parse_duration));
        let stable_for = keywords.read("stable_for", |value| self.amount(value, "stable_for=\"1d\"", parse_duration));
        let network = keywords.read("network", |value| self.truth(value, "network=True"));
        let volatile = keywords.read("volatile", |value| self.truth(value, "volatile=True"));
        let upkeep = self.upkeep(&mut keywords);
        let lineage = keywords.read("lineage", |value| self.lineage(value));
        let tags = keywords.read("tags", |value| self.texts(value, "`tags`", "tags=[\"daily\"]"));
        let description = keywords.read("description", |value| self.text(value, "`description`", "description=\"…\""));
        keywords.finish();
        if let Some(first) = call.arguments.first() {
            problems.push(*self.wrong(first, "`bw.model` takes its settings by name", COLUMNS_LIKE));
        }
        let own = Text { value: function.name.clone(), place: self.place(&function.name_span) };
        let one = |columns, name: Text| vec![Output { name: name.value, columns, place: name.place }];
        let mut undeclared = None;
        let (outputs, returns_several) = match (columns, renamed) {
            (Some(Columns::OfOne(columns)), renamed) => (one(columns, renamed.unwrap_or(own)), false),
            (Some(Columns::OfSeveral(outputs)), None) => (outputs, true),
            (Some(Columns::OfSeveral(outputs)), Some(name)) => {
                let message = "`name` means nothing for a function that makes several tables";
                problems.push(Error::new(Code::InvalidPython, message).at(name.place));
                (outputs, true)
            }
            (None, renamed) => {
                undeclared = (problems.len() == before).then(|| self.undeclared(function, decorator));
                (one(Vec::new(), renamed.unwrap_or(own)), false)
            }
        };
        ModelFunction {
            name: function.name.clone(),
            place: self.place(&function.name_span),
            outputs,
            returns_several,
            arguments: Vec::new(),
            packages,
            memory,
            cpus,
            timeout,
            network: network.unwrap_or_default(),
            volatile: volatile.unwrap_or_default(),
            stable_for,
            upkeep,
            lineage: lineage.unwrap_or_default(),
            tags: tags.unwrap_or_default(),
            description: description.map(value_of).or_else(|| function.documentation.clone()),
            undeclared,
            canonical: String::new(),
        }
    }

    fn undeclared(&self, function: &Function<'_>, decorator: &Expression) -> Error {
        let name = &function.name;
        Error::new(Code::UndeclaredColumns, format!("`{name}` does not declare the columns of its table"))
            .at(self.place(&decorator.span))
            .hint(format!("`bywash infer {name}` runs it on a sample and writes them here"))
            .hint(format!("or write them, like `@bw.model({COLUMNS_LIKE})`"))
    }

    /// `columns=`: from columns to types, or from tables to such dicts.
    fn outputs(&self, value: &Expression) -> Read<Columns> {
        let entries = self.entries(value, "`columns`", COLUMNS_LIKE)?;
        if entries.is_empty() {
            return Err(self.wrong(value, "`columns` declares no column", COLUMNS_LIKE));
        }
        if entries.iter().any(|(_, value)| matches!(value.value, Value::Dict(_))) {
            let outputs = entries.into_iter().map(|(name, value)| {
                let columns = self.columns(self.entries(value, "the columns of a table", COLUMNS_LIKE)?)?;
                Ok(Output { name: name.value, columns, place: name.place })
            });
            return Ok(Columns::OfSeveral(outputs.collect::<Read<Vec<_>>>()?));
        }
        self.columns(entries).map(Columns::OfOne)
    }

    fn columns(&self, entries: Vec<(Text, &Expression)>) -> Read<Vec<DeclaredColumn>> {
        let columns = entries.into_iter().map(|(name, value)| {
            let data_type = self.text(value, "the type of a column", COLUMNS_LIKE)?;
            Ok(DeclaredColumn { name: name.value, data_type: data_type.value, place: data_type.place })
        });
        columns.collect()
    }

    /// `lineage=`: from columns that the function gives to those that they are made of.
    fn lineage(&self, value: &Expression) -> Read<Vec<(Text, Vec<Text>)>> {
        let entries = self.entries(value, "`lineage`", LINEAGE_LIKE)?.into_iter();
        entries.map(|(name, made_of)| Ok((name, self.texts(made_of, "`lineage`", LINEAGE_LIKE)?))).collect()
    }

    /// A dict of packages and versions, or a list of requirements as pip reads them.
    pub(super) fn pip(&self, value: &Expression) -> Read<BTreeMap<String, String>> {
        if let Value::List(_) = &value.value {
            let texts = self.texts(value, "`pip`", PIP_LIKE)?.into_iter();
            let split = |text: Text| {
                let at = text.value.find(['=', '<', '>', '!', '~']).unwrap_or(text.value.len());
                let (name, version) = text.value.split_at(at);
                (name.trim().to_owned(), version.trim().to_owned())
            };
            return Ok(texts.map(split).collect());
        }
        let entries = self.entries(value, "`pip`", PIP_LIKE)?.into_iter();
        entries.map(|(name, version)| Ok((name.value, self.text(version, "a version", PIP_LIKE)?.value))).collect()
    }

    /// A text with a unit.
    fn amount<T>(&self, value: &Expression, like: &str, parse: fn(&str) -> bywash_core::Result<T>) -> Read<T> {
        let text = self.text(value, "an amount", like)?;
        parse(&text.value).map_err(|error| self.wrong(value, error.message(), like))
    }

    fn number(&self, value: &Expression, like: &str) -> Read<f64> {
        match self.constant(value, "a number", like)? {
            Constant::Whole(whole) if whole > 0 => Ok(whole as f64),
            Constant::Float(float) if float > 0.0 => Ok(float),
            _ => Err(self.wrong(value, "this is a number above zero", like)),
        }
    }

    pub(super) fn truth(&self, value: &Expression, like: &str) -> Read<bool> {
        match self.constant(value, "this", like)? {
            Constant::Truth(truth) => Ok(truth),
            _ => Err(self.wrong(value, "this is `True` or `False`", like)),
        }
    }
}

enum Columns {
    OfOne(Vec<DeclaredColumn>),
    OfSeveral(Vec<Output>),
}

fn value_of(text: Text) -> String {
    text.value
}
