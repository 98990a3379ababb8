//! `@bw.udf(…)`: a function that SQL can call, column by column.

use bywash_core::{Error, Place};

use super::Reader;
use super::constant::Text;
use super::keywords::Keywords;
use super::model::Packages;
use super::tree::{Expression, Function, Value};

pub(super) const DECORATOR: &str = "bywash.udf";
const LIKE: &str = "@bw.udf(args=[\"float64\"], returns=\"float64\")";

/// A function that SQL can call.
#[derive(Clone, Debug)]
pub struct SqlFunction {
    /// Its name, in Python and in SQL.
    pub name: String,
    /// Where that stands.
    pub place: Place,
    /// The types of its arguments, in words.
    pub arguments: Vec<Text>,
    /// The type of its result, in words.
    pub returns: Text,
    /// What it needs to be installed.
    pub packages: Packages,
    /// Whether the same arguments may give another result (rule R5).
    pub volatile: bool,
    /// The function as it is compared for keys (rule R3).
    pub canonical: String,
}

impl Reader<'_> {
    pub(super) fn sql_function(
        &self,
        function: &Function<'_>,
        decorator: &Expression,
        problems: &mut Vec<Error>,
    ) -> Option<SqlFunction> {
        let Value::Call(call) = &decorator.value else {
            problems.push(*self.wrong(decorator, "`bw.udf` needs the types of arguments and result", LIKE));
            return None;
        };
        let before = problems.len();
        let mut keywords = Keywords::new(self, call, "bw.udf", problems);
        let arguments = keywords.read("args", |value| self.texts(value, "`args`", LIKE));
        let returns = keywords.read("returns", |value| self.text(value, "`returns`", LIKE));
        let packages = Packages {
            pip: keywords.read("pip", |value| self.pip(value)).unwrap_or_default(),
            python: keywords.read("python", |value| self.text(value, "`python`", LIKE)).map(|text| text.value),
        };
        let volatile = keywords.read("volatile", |value| self.truth(value, "volatile=True"));
        keywords.finish();
        let (Some(arguments), Some(returns)) = (arguments, returns) else {
            if problems.len() == before {
                problems.push(*self.wrong(decorator, "`bw.udf` needs `args` and `returns`", LIKE));
            }
            return None;
        };
        if arguments.is_empty() {
            let message = format!("`{}` takes no column, so it cannot know how many values to give", function.name);
            problems.push(*self.wrong(decorator, message, LIKE));
        }
        let given = function.parameters.len();
        if given != arguments.len() {
            let message = format!("`{}` takes {given} arguments and declares {}", function.name, arguments.len());
            problems.push(*self.wrong(decorator, message, LIKE));
        }
        Some(SqlFunction {
            name: function.name.clone(),
            place: self.place(&function.name_span),
            arguments,
            returns,
            packages,
            volatile: volatile.unwrap_or_default(),
            canonical: self.canonical(function),
        })
    }
}
