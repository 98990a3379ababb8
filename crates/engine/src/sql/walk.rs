//! Walking a syntax tree.
//!
//! The walk over every kind of node is compiled anew for each type of visitor, and the tree is large; so all our
//! visitors walk behind one type. A visitor that stops keeps what it found.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Query, Select, TableFactor, ValueWithSpan, Visit, VisitMut, Visitor, VisitorMut,
};

/// What visitors return: go on, or stop.
pub(crate) type Step = ControlFlow<()>;

/// Go on.
pub(crate) const GO_ON: Step = ControlFlow::Continue(());

/// Stop the walk.
pub(crate) const STOP: Step = ControlFlow::Break(());

/// Shows a tree to a visitor.
pub(crate) fn walk<T: Visit>(node: &T, visitor: &mut dyn Visitor<Break = ()>) {
    let _ = node.visit(&mut Shared(visitor));
}

/// Lets a visitor change a tree.
pub(crate) fn walk_mut<T: VisitMut>(node: &mut T, visitor: &mut dyn VisitorMut<Break = ()>) {
    let _ = node.visit(&mut Changing(visitor));
}

struct Shared<'a, 'b>(&'a mut (dyn Visitor<Break = ()> + 'b));

impl Visitor for Shared<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        self.0.pre_visit_query(query)
    }

    fn post_visit_query(&mut self, query: &Query) -> Step {
        self.0.post_visit_query(query)
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        self.0.pre_visit_select(select)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        self.0.pre_visit_table_factor(factor)
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> Step {
        self.0.pre_visit_expr(expression)
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> Step {
        self.0.pre_visit_value(value)
    }
}

struct Changing<'a, 'b>(&'a mut (dyn VisitorMut<Break = ()> + 'b));

impl VisitorMut for Changing<'_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> Step {
        self.0.pre_visit_query(query)
    }

    fn post_visit_query(&mut self, query: &mut Query) -> Step {
        self.0.post_visit_query(query)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> Step {
        self.0.pre_visit_table_factor(factor)
    }

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> Step {
        self.0.pre_visit_expr(expression)
    }

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> Step {
        self.0.pre_visit_value(value)
    }
}
