//! The functions that a statement calls, by name.

use datafusion::sql::sqlparser::ast::{Expr, Visit, Visitor};

use super::names::folded;
use super::walk::{GO_ON, Step, walk};

/// The names of all functions, each once.
pub(super) fn called<T: Visit>(node: &T) -> Vec<String> {
    let mut finder = Finder(Vec::new());
    walk(node, &mut finder);
    finder.0.sort();
    finder.0.dedup();
    finder.0
}

struct Finder(Vec<String>);

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &Expr) -> Step {
        if let Expr::Function(function) = expression {
            self.0.extend(function.name.0.last().and_then(|part| part.as_ident()).map(folded));
        }
        GO_ON
    }
}
