//! Columns of many CSV files as those of one table: united by name, whatever the case.

use std::collections::HashMap;

use arrow::datatypes::Field;
use bywash_core::nearest;

use super::super::options::DeclaredColumns;
use super::kinds::Kinds;
use super::oddity::Oddities;

/// The columns seen so far, in the order first seen.
#[derive(Default)]
pub(crate) struct United {
    names: Vec<String>,
    kinds: Vec<Kinds>,
    oddities: Vec<Oddities>,
    index: HashMap<String, usize>,
}

impl United {
    /// Adds the columns of a part; gives where each stands.
    pub(crate) fn places(&mut self, names: &[String]) -> Vec<usize> {
        names.iter().map(|name| self.place(name)).collect()
    }

    fn place(&mut self, name: &str) -> usize {
        *self.index.entry(name.to_lowercase()).or_insert_with(|| {
            self.names.push(name.to_owned());
            self.kinds.push(Kinds::default());
            self.oddities.push(Oddities::default());
            self.names.len() - 1
        })
    }

    /// Whether columns are known and none of these is among them.
    pub(crate) fn is_strange(&self, names: &[String]) -> bool {
        !self.names.is_empty() && !names.iter().any(|name| self.index.contains_key(&name.to_lowercase()))
    }

    /// Adds what was seen in a column of a chunk of `shown` that begins behind `base` lines.
    pub(crate) fn see(&mut self, place: usize, kinds: Kinds, oddities: Oddities, shown: &str, base: u64) {
        self.oddities[place].join(oddities, self.kinds[place], shown, base);
        self.kinds[place] |= kinds;
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The fields of the table, and what a person should know of them.
    pub(crate) fn fields(&self, declared: &DeclaredColumns) -> (Vec<Field>, Vec<String>) {
        let (mut fields, mut warnings) = (Vec::new(), Vec::new());
        for (name, (kinds, oddities)) in self.names.iter().zip(self.kinds.iter().zip(&self.oddities)) {
            let kind = declared.get(name).map(bywash_engine::TypeName::arrow);
            if kind.is_none() {
                warnings.extend(why_text(name, *kinds, oddities));
            }
            fields.push(Field::new(name, kind.unwrap_or_else(|| kinds.kind()), true));
        }
        let warning = add_undeclared(&mut fields, declared);
        warnings.extend(warning);
        (fields, warnings)
    }
}

/// What a person should know of a column that has become text.
fn why_text(name: &str, kinds: Kinds, oddities: &Oddities) -> Option<String> {
    if let Some(loss) = kinds.loss() {
        return Some(format!(
            "column `{name}` is read as text: {loss}; to read it as numbers, declare its type: \
             `columns: {{{name}: decimal(38,9)}}` or `double`"
        ));
    }
    match kinds.mixture() {
        Some(mixture) => Some(format!("column `{name}` is read as text: it holds {mixture}")),
        None => oddities.reason(name, kinds),
    }
}

/// A declared column that no file has becomes one of nulls, so that a table keeps its columns; and that is said.
pub(crate) fn add_undeclared(fields: &mut Vec<Field>, declared: &DeclaredColumns) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, kind) in declared.iter() {
        if fields.iter().any(|field| field.name() == name) {
            continue;
        }
        let near = nearest(name, fields.iter().map(|field| field.name().as_str()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        warnings.push(format!("no file has the declared column `{name}`, so it is null everywhere{near}"));
        fields.push(Field::new(name, kind.arrow(), true));
    }
    warnings
}
