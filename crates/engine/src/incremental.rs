//! Rule R6: which queries give, computed from only the appended rows, exactly the rows to append.
//!
//! A query is safe when it is *linear* in its incremental inputs: the answer on old and new rows together is the
//! answer on the old ones plus the answer on the new ones. What is proved here, by walking the syntax:
//!
//! ```text
//! safe    projection and filter of a safe input; inner, cross and semi/anti joins of it with other inputs; an outer
//!         join that preserves it; union all of safe branches; the same in subqueries of `from` and in `with`
//! unsafe  everything that looks at several rows of it (group by, aggregates, distinct, windows, limit, order by,
//!         other set operations), a join of it with itself, a subquery over it in an expression, an outer join that
//!         preserves the other side, and a `union all` branch without it: that would be added once a run
//! ```
//!
//! Parts of a query that do not read an incremental input may be anything but volatile: they do not change between
//! runs, or else the run is a full refresh.

use std::collections::HashMap;

use bywash_core::{Code, Error, Place, Result, TableRef};
use datafusion::sql::sqlparser::ast::{
    Expr, GroupByExpr, Join, JoinOperator, ObjectName, ObjectNamePart, Query, Select, SetExpr, SetOperator,
    SetQuantifier, Spanned, Statement, TableFactor, TableWithJoins, Visit, Visitor, With,
};
use datafusion::sql::sqlparser::tokenizer::Span;

use crate::sql::{GO_ON, Parsed, STOP, Source, Step, find_volatile, is_aggregate, table_ref, walk};

/// Refuses a query that cannot be computed from only the appended rows of `incremental_from`.
///
/// # Errors
/// `unsafe-incremental`, with the place and the reason.
pub fn check_incremental(parsed: &Parsed, incremental_from: &[TableRef], static_inputs: &[TableRef]) -> Result<()> {
    let Statement::Query(query) = &parsed.statement else {
        return Err(refusal("only a query can be incremental", Place::file(parsed.origin())));
    };
    for input in incremental_from.iter().chain(static_inputs) {
        if !parsed.references.iter().any(|(read, _)| is_same(read, input)) {
            return Err(refusal(format!("the query does not read `{input}`"), Place::file(parsed.origin()))
                .hint("`incremental_from` and `static` list tables that the query reads"));
        }
    }
    if let Some(both) = incremental_from.iter().find(|input| static_inputs.iter().any(|other| is_same(other, input))) {
        return Err(refusal(format!("`{both}` cannot be both incremental and static"), Place::file(parsed.origin())));
    }
    if let Some(volatile) = find_volatile(query.as_ref()) {
        return Err(refusal(volatile.reason, parsed.source.place(volatile.span))
            .hint("an incremental table must be the same after `--full-refresh`"));
    }
    let checker = Checker { source: &parsed.source, inputs: incremental_from };
    checker.query(query, &Scope::new()).map(|_| ())
}

fn refusal(reason: impl std::fmt::Display, place: Place) -> Error {
    Error::new(Code::UnsafeIncremental, format!("cannot be computed from new rows only: {reason}"))
        .at(place)
        .hint("make the model `kind: table`, or move this part into a model of its own that reads this one")
}

fn is_same(read: &TableRef, input: &TableRef) -> bool {
    let namespaces_fit = read.namespace.is_none() || input.namespace.is_none() || read.namespace == input.namespace;
    read.name == input.name && read.at == input.at && namespaces_fit
}

/// Names that a `with` defines, and whether they read an incremental input.
type Scope = HashMap<String, bool>;

struct Checker<'a> {
    source: &'a Source,
    inputs: &'a [TableRef],
}

/// Each method says whether the part reads an incremental input, and fails when it does so unsafely.
impl Checker<'_> {
    fn refuse<T>(&self, reason: &str, span: Span) -> Result<T> {
        Err(refusal(reason, self.source.place(span)))
    }

    fn query(&self, query: &Query, scope: &Scope) -> Result<bool> {
        let scope = match &query.with {
            Some(with) => self.with(with, scope)?,
            None => scope.clone(),
        };
        let reads = self.body(&query.body, &scope)?;
        if reads {
            self.check_ordering(query)?;
        } else if let Some(order_by) = &query.order_by {
            self.check_expressions(order_by, &scope, false)?;
        }
        Ok(reads)
    }

    fn with(&self, with: &With, scope: &Scope) -> Result<Scope> {
        let mut scope = scope.clone();
        for definition in &with.cte_tables {
            if with.recursive && self.mentions(definition.query.as_ref(), &scope) {
                return self.refuse("a recursive `with` looks at many rows", definition.alias.name.span);
            }
            let reads = self.query(&definition.query, &scope)?;
            scope.insert(folded(&definition.alias.name), reads);
        }
        Ok(scope)
    }

    fn check_ordering(&self, query: &Query) -> Result<()> {
        if let Some(limit) = &query.limit_clause {
            return self.refuse("`limit` looks at many rows", limit.span());
        }
        if let Some(fetch) = &query.fetch {
            return self.refuse("`fetch` looks at many rows", fetch.span());
        }
        if let Some(order_by) = &query.order_by {
            return self.refuse("`order by` looks at many rows; tables are ordered by `cluster_by`", order_by.span());
        }
        if !query.pipe_operators.is_empty() {
            return self.refuse("`|>` is not proved safe", query.body.span());
        }
        Ok(())
    }

    fn body(&self, body: &SetExpr, scope: &Scope) -> Result<bool> {
        match body {
            SetExpr::Select(select) => self.select(select, scope),
            SetExpr::Query(query) => self.query(query, scope),
            SetExpr::SetOperation { left, right, op, set_quantifier } => {
                let (reads_left, reads_right) = (self.body(left, scope)?, self.body(right, scope)?);
                if !reads_left && !reads_right {
                    return Ok(false);
                }
                let keeps_all = matches!(set_quantifier, SetQuantifier::All | SetQuantifier::AllByName);
                if *op != SetOperator::Union || !keeps_all {
                    return self.refuse("of the set operations only `union all` keeps every row", right.span());
                }
                if reads_left != reads_right {
                    let other = if reads_left { right } else { left };
                    let reason = "this branch reads no incremental input, so its rows would be added at every run";
                    return self.refuse(reason, other.span());
                }
                Ok(true)
            }
            other if self.mentions(other, scope) => self.refuse("this form is not proved safe", other.span()),
            _ => Ok(false),
        }
    }

    fn select(&self, select: &Select, scope: &Scope) -> Result<bool> {
        let mut reads = false;
        for tables in &select.from {
            let here = self.joined(tables, scope)?;
            if reads && here {
                return self.refuse(SELF_JOIN, tables.relation.span());
            }
            reads |= here;
        }
        if reads {
            self.check_grouping(select)?;
        }
        self.check_expressions(&select.projection, scope, reads)?;
        self.check_expressions(&select.selection, scope, reads)?;
        self.check_expressions(&select.having, scope, reads)?;
        self.check_expressions(&select.qualify, scope, reads)?;
        Ok(reads)
    }

    fn check_grouping(&self, select: &Select) -> Result<()> {
        let grouped = match &select.group_by {
            GroupByExpr::All(_) => true,
            GroupByExpr::Expressions(expressions, modifiers) => !expressions.is_empty() || !modifiers.is_empty(),
        };
        if grouped {
            return self.refuse("`group by` looks at many rows", select.group_by.span());
        }
        if select.distinct.is_some() {
            return self.refuse("`distinct` looks at many rows", select.select_token.0.span);
        }
        if let Some(having) = &select.having {
            return self.refuse("`having` looks at many rows", having.span());
        }
        if let Some(qualify) = &select.qualify {
            return self.refuse("`qualify` looks at many rows", qualify.span());
        }
        Ok(())
    }

    fn joined(&self, tables: &TableWithJoins, scope: &Scope) -> Result<bool> {
        let mut reads = self.factor(&tables.relation, scope)?;
        for join in &tables.joins {
            let right = self.factor(&join.relation, scope)?;
            self.check_expressions(&join.join_operator, scope, reads || right)?;
            self.check_join(join, reads, right)?;
            reads |= right;
        }
        Ok(reads)
    }

    fn check_join(&self, join: &Join, left: bool, right: bool) -> Result<()> {
        use JoinOperator as On;
        let span = join.relation.span();
        let symmetric = matches!(join.join_operator, On::Join(_) | On::Inner(_) | On::CrossJoin(_));
        match (left, right) {
            (false, false) => Ok(()),
            (true, true) => self.refuse(SELF_JOIN, span),
            _ if symmetric => Ok(()),
            (true, false) => match join.join_operator {
                On::Left(_) | On::LeftOuter(_) | On::Semi(_) | On::LeftSemi(_) | On::Anti(_) | On::LeftAnti(_) => {
                    Ok(())
                }
                _ => self.refuse("this join does not keep each row of its left side apart", span),
            },
            (false, true) => match join.join_operator {
                On::Right(_) | On::RightOuter(_) | On::RightSemi(_) | On::RightAnti(_) => Ok(()),
                _ => self.refuse("the rows of the left side change with the new rows of the right side", span),
            },
        }
    }

    fn factor(&self, factor: &TableFactor, scope: &Scope) -> Result<bool> {
        match factor {
            TableFactor::Table { name, args: None, .. } => Ok(self.is_incremental(name, scope)),
            TableFactor::Derived { subquery, .. } => self.query(subquery, scope),
            TableFactor::NestedJoin { table_with_joins, .. } => self.joined(table_with_joins, scope),
            other if self.mentions(other, scope) => self.refuse("this form is not proved safe", other.span()),
            _ => Ok(false),
        }
    }

    /// Subqueries must not read an incremental input; over one, nothing may look at several rows.
    fn check_expressions<T: Visit>(&self, node: &T, scope: &Scope, over_incremental: bool) -> Result<()> {
        let mut visitor = Expressions { checker: self, scope, over_incremental, depth: 0, found: None };
        walk(node, &mut visitor);
        visitor.found.map_or(Ok(()), Err)
    }

    fn is_incremental(&self, name: &ObjectName, scope: &Scope) -> bool {
        if let [ObjectNamePart::Identifier(ident)] = name.0.as_slice()
            && let Some(reads) = scope.get(&folded(ident))
        {
            return *reads;
        }
        table_ref(self.source, name).is_ok_and(|(table, _)| self.inputs.iter().any(|input| is_same(&table, input)))
    }

    /// Whether a table anywhere below is incremental; a name that is hidden further in counts too.
    fn mentions<T: Visit>(&self, node: &T, scope: &Scope) -> bool {
        let mut mentions = Mentions { checker: self, scope, found: false };
        walk(node, &mut mentions);
        mentions.found
    }
}

const SELF_JOIN: &str = "two incremental inputs are joined, so new rows of one meet old rows of the other";

fn folded(ident: &datafusion::sql::sqlparser::ast::Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

struct Mentions<'a> {
    checker: &'a Checker<'a>,
    scope: &'a Scope,
    found: bool,
}

impl Visitor for Mentions<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Step {
        if let TableFactor::Table { name, args: None, .. } = factor {
            self.found = self.checker.is_incremental(name, self.scope);
        }
        if self.found { STOP } else { GO_ON }
    }
}

struct Expressions<'a> {
    checker: &'a Checker<'a>,
    scope: &'a Scope,
    over_incremental: bool,
    depth: usize,
    found: Option<Error>,
}

impl Visitor for Expressions<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> Step {
        self.depth += 1;
        if self.checker.mentions(query, self.scope) {
            let place = self.checker.source.place(query.span());
            self.found = Some(refusal("a subquery reads all rows of an incremental input", place));
            return STOP;
        }
        GO_ON
    }

    fn post_visit_query(&mut self, _query: &Query) -> Step {
        self.depth -= 1;
        GO_ON
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> Step {
        if !self.over_incremental || self.depth > 0 {
            return GO_ON;
        }
        let Expr::Function(function) = expression else { return GO_ON };
        let what = match function {
            _ if function.over.is_some() => "a window looks at many rows",
            _ if is_aggregate(expression) => "an aggregate looks at many rows",
            _ => return GO_ON,
        };
        let place = self.checker.source.place(function.name.span());
        self.found = Some(refusal(what, place));
        STOP
    }
}
