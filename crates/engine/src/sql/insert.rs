//! The parts of an `insert` that planning it needs.

use datafusion::sql::sqlparser::ast::{Expr, Insert, ObjectNamePart, Parens, Query, SetExpr, Value, Values};

use super::names::folded;

/// The columns that it lists.
pub(crate) fn written_names(insert: &Insert) -> Vec<String> {
    insert.columns.iter().filter_map(|name| name.0.last().and_then(ObjectNamePart::as_ident).map(folded)).collect()
}

/// A query of one row of as many nulls.
pub(crate) fn query_of_nulls(count: usize) -> Query {
    let row = Parens::with_empty_span(vec![Expr::value(Value::Null); count]);
    let values = Values { explicit_row: false, value_keyword: false, rows: vec![row] };
    Query {
        with: None,
        body: Box::new(SetExpr::Values(values)),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
