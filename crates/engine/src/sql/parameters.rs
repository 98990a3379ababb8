//! `$name` in SQL: a value, never text, so that no parameter can change what a statement does.

use std::collections::BTreeMap;

use bywash_core::{Code, Error, Result};
use datafusion::sql::sqlparser::ast::{Statement, Value, ValueWithSpan, Visitor, VisitorMut};

use super::Source;
use super::walk::{GO_ON, STOP, Step, walk, walk_mut};

/// The values of a statement's parameters, by name without the `$`.
pub type Parameters = BTreeMap<String, ParameterValue>;

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ParameterValue {
    /// `null`
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A number, as it is written.
    Number(String),
    /// Anything else; the planner casts it to a date or time where one is compared.
    Text(String),
}

impl ParameterValue {
    /// The value of `--param name=text`: a number, boolean or null when it looks like one, and text when it stands in
    /// quotes as SQL writes them.
    #[must_use]
    pub fn guess(text: &str) -> Self {
        if let Some(quoted) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Self::Text(quoted.replace("''", "'"));
        }
        match text {
            "null" => Self::Null,
            "true" => Self::Boolean(true),
            "false" => Self::Boolean(false),
            _ if is_number(text) => Self::Number(text.to_owned()),
            _ => Self::Text(text.to_owned()),
        }
    }

    fn to_sql(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Number(text) => Value::Number(text.clone(), false),
            Self::Text(text) => Value::SingleQuotedString(text.clone()),
        }
    }
}

/// Digits with at most one point; a leading zero ("007") says that it is no number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'))
}

/// The names of a statement's parameters in the order of the text, each once.
pub(super) fn names(statement: &Statement) -> Vec<String> {
    let mut collector = Names(Vec::new());
    walk(statement, &mut collector);
    collector.0
}

struct Names(Vec<String>);

impl Visitor for Names {
    type Break = ();

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Step {
        if let Value::Placeholder(text) = &value.value {
            let name = text.trim_start_matches('$').to_owned();
            if !self.0.contains(&name) {
                self.0.push(name);
            }
        }
        GO_ON
    }
}

/// Puts the values in place of the parameters.
pub(crate) fn bind(source: &Source, statement: &mut Statement, parameters: &Parameters) -> Result<()> {
    let mut binder = Binder { source, parameters, failed: None };
    walk_mut(statement, &mut binder);
    binder.failed.map_or(Ok(()), Err)
}

struct Binder<'a> {
    source: &'a Source,
    parameters: &'a Parameters,
    failed: Option<Error>,
}

impl VisitorMut for Binder<'_> {
    type Break = ();

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> Step {
        let Value::Placeholder(text) = &value.value else { return GO_ON };
        let name = text.trim_start_matches('$');
        let Some(given) = self.parameters.get(name) else {
            let error = Error::new(Code::InvalidSql, format!("no value is given for the parameter `${name}`"));
            let error = error.at(self.source.place(value.span)).hint(format!("add `--param {name}=VALUE`"));
            self.failed = Some(error);
            return STOP;
        };
        value.value = given.to_sql();
        GO_ON
    }
}
