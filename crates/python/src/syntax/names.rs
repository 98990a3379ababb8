//! What names of a file mean, from its imports: `bw.table` is `bywash.table` after `import bywash as bw`.
//!
//! Imports count wherever they stand, also under `if TYPE_CHECKING:`, since annotations are written for people and
//! type checkers. A name that no import gives has no meaning here.

use std::collections::HashMap;

use super::tree::{Expression, File, Value};

/// Names and the full names that imports give them.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<String, String>);

impl Names {
    pub(crate) fn of(file: &File<'_>) -> Self {
        let mut names = HashMap::new();
        for import in file.everything().into_iter().flat_map(|statement| file.imports(statement)) {
            if import.level > 0 {
                continue;
            }
            let full = match &import.member {
                Some(member) => format!("{}.{member}", import.module.join(".")),
                None if import.module.first() == Some(&import.name) => import.name.clone(),
                None => import.module.join("."),
            };
            names.insert(import.name, full);
        }
        Self(names)
    }

    /// The full name of `name.attribute…`.
    pub(crate) fn full(&self, dotted: &[String]) -> Option<String> {
        let (first, rest) = dotted.split_first()?;
        let full = self.0.get(first)?;
        Some(rest.iter().fold(full.clone(), |full, part| format!("{full}.{part}")))
    }

    /// The full name of a decorator, called or not.
    pub(crate) fn decorator(&self, expression: &Expression) -> Option<String> {
        match &expression.value {
            Value::Dotted(dotted) => self.full(dotted),
            Value::Call(call) => self.full(&call.function),
            _ => None,
        }
    }
}
