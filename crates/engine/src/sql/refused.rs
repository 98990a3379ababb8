//! Clauses that the parser reads and the planner silently ignores: an ignored clause is a wrong answer.

use bywash_core::{Code, Error, Result};
use datafusion::sql::sqlparser::ast::{Query, Select, Spanned, Statement, TableFactor, Visitor};
use datafusion::sql::sqlparser::tokenizer::Span;

use super::Source;
use super::walk::{GO_ON, STOP, Step, walk};

/// Refuses a statement that holds one.
pub(super) fn check(source: &Source, statement: &Statement) -> Result<()> {
    let mut checker = Checker { source, found: None };
    walk(statement, &mut checker);
    checker.found.map_or(Ok(()), Err)
}

struct Checker<'a> {
    source: &'a Source,
    found: Option<Error>,
}

impl Checker<'_> {
    fn refuse(&mut self, what: &str, span: Span) -> Step {
        let error = Error::new(Code::InvalidSql, format!("`{what}` is not supported"))
            .at(self.source.place(span))
            .hint("remove it, or say the same in another way");
        self.found = Some(error);
        STOP
    }
}

impl Visitor for Checker<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        let what = match query {
            Query { settings: Some(_), .. } => "settings",
            Query { format_clause: Some(_), .. } => "format",
            Query { for_clause: Some(_), .. } => "for",
            Query { locks, .. } if !locks.is_empty() => "for update",
            _ => return GO_ON,
        };
        self.refuse(what, query.span())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Step {
        let what = match select {
            Select { prewhere: Some(_), .. } => "prewhere",
            Select { value_table_mode: Some(_), .. } => "select as value",
            Select { connect_by, .. } if !connect_by.is_empty() => "connect by",
            Select { distribute_by, .. } if !distribute_by.is_empty() => "distribute by",
            _ => return GO_ON,
        };
        self.refuse(what, select.select_token.0.span())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        let what = match factor {
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => "tablesample",
            TableFactor::Table { version: Some(_), .. } => "for system_time",
            TableFactor::Table { with_ordinality: true, .. } => "with ordinality",
            TableFactor::Table { json_path: Some(_), .. } => "a path after a table",
            TableFactor::Table { partitions, .. } if !partitions.is_empty() => "partition",
            TableFactor::Table { with_hints, index_hints, .. } if !with_hints.is_empty() || !index_hints.is_empty() => {
                "with hints"
            }
            _ => return GO_ON,
        };
        self.refuse(what, factor.span())
    }
}
