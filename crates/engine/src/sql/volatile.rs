//! Rule R5: what makes two runs of one statement on the same data differ.
//!
//! Clocks, dice, and choices among rows whose order nothing fixes. Ties of an `order by` cannot be seen without the
//! data and are not looked for.

use datafusion::sql::sqlparser::ast::{
    Distinct, Expr, Function, FunctionArgumentClause, FunctionArguments, LimitClause, PipeOperator, Query, SetExpr,
    Spanned, Value, Visit, Visitor, WindowType,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::names::folded;
use super::walk::{GO_ON, STOP, Step, walk};

/// Functions of the clock and of chance.
pub(super) const VOLATILE_FUNCTIONS: [&str; 11] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "today",
    "localtime",
    "localtimestamp",
    "random",
    "uuid",
    "uuidv7",
    "gen_random_uuid",
];

/// Functions that pick or string together rows in the order they come.
const ORDERED_FUNCTIONS: [&str; 10] = [
    "row_number",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
    "any_value",
    "array_agg",
    "string_agg",
];

/// The first reason found, and where it stands.
pub(crate) struct Volatile {
    pub(crate) reason: String,
    pub(crate) span: Span,
}

/// Why two runs may differ, if they may.
pub(crate) fn find<T: Visit>(node: &T) -> Option<Volatile> {
    let mut finder = Finder(None);
    walk(node, &mut finder);
    finder.0
}

struct Finder(Option<Volatile>);

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        let reason = if takes_any_rows(query) {
            "`limit` without `order by` keeps whichever rows come first"
        } else if distinct_on(query) && query.order_by.is_none() {
            "`distinct on` without `order by` keeps whichever rows come first"
        } else {
            return GO_ON;
        };
        let span = match &query.limit_clause {
            Some(clause) => clause.span(),
            None => query.body.span(),
        };
        self.0 = Some(Volatile { reason: reason.to_owned(), span });
        STOP
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> Step {
        let Expr::Function(function) = expression else { return GO_ON };
        let Some(name) = function.name.0.last().and_then(|part| part.as_ident()).map(folded) else {
            return GO_ON;
        };
        let reason = if VOLATILE_FUNCTIONS.contains(&name.as_str()) {
            format!("`{name}()` gives another value each time")
        } else if ORDERED_FUNCTIONS.contains(&name.as_str()) && !is_ordered(function) {
            format!("`{name}` without `order by` depends on the order in which rows come")
        } else {
            return GO_ON;
        };
        self.0 = Some(Volatile { reason, span: function.name.span() });
        STOP
    }
}

fn takes_any_rows(query: &Query) -> bool {
    let piped = query.pipe_operators.iter().enumerate().any(|(at, operator)| {
        let after_order = at > 0 && matches!(query.pipe_operators[at - 1], PipeOperator::OrderBy { .. });
        matches!(operator, PipeOperator::Limit { .. }) && !after_order
    });
    let limited = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, offset, .. }) => {
            offset.is_some() || limit.as_ref().is_some_and(|limit| !is_zero(limit))
        }
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
        None => query.fetch.is_some(),
    };
    piped || (limited && query.order_by.is_none())
}

fn is_zero(limit: &Expr) -> bool {
    matches!(limit, Expr::Value(value) if matches!(&value.value, Value::Number(text, _) if text == "0"))
}

fn distinct_on(query: &Query) -> bool {
    matches!(query.body.as_ref(), SetExpr::Select(select) if matches!(select.distinct, Some(Distinct::On(_))))
}

fn is_ordered(function: &Function) -> bool {
    let by_window = match &function.over {
        Some(WindowType::WindowSpec(window)) => !window.order_by.is_empty() || window.window_name.is_some(),
        Some(WindowType::NamedWindow(_)) => true,
        None => false,
    };
    let by_arguments = match &function.args {
        FunctionArguments::List(list) => {
            list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_)))
        }
        _ => false,
    };
    by_window || by_arguments || !function.within_group.is_empty()
}
