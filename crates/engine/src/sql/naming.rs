//! Names for result columns that were given none, as a person expects them.
//!
//! ```text
//! select sum(f.amount), 1, u['geo']['lat'], f.a  →  "sum(amount)", "1", "lat", a
//! select 1, 1, b.a, c.a                          →  "1", "1:1", a, "a:1"         (outermost only)
//! ```
//!
//! The planner would name them after its own types, and by full paths. Functions are in lower case, columns without
//! their tables, parts of structs by the part alone. The outermost query may name a column twice: a table cannot hold
//! such columns, but a person may look at them, so the later ones get a number.

use std::collections::HashSet;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Distinct, Expr, Ident, ObjectNamePart, OrderByKind, Query, Select, SelectItem, SetExpr, Statement,
    Subscript, TableFactor, TableWithJoins, Value, VisitorMut,
};

use super::names::folded;
use super::walk::{GO_ON, Step, walk_mut};

/// Names the columns of every query of a statement; gives the first name that the outermost gave twice.
pub(crate) fn name_columns(statement: &mut Statement) -> Option<String> {
    let mut namer = Namer { depth: 0, twice: None };
    walk_mut(statement, &mut namer);
    namer.twice
}

/// The name of another column like one that is there already.
pub(crate) fn another(name: &str, taken: &HashSet<String>) -> String {
    let numbered = (1..).map(|number: usize| format!("{name}:{number}"));
    numbered.into_iter().find(|numbered| !taken.contains(numbered)).unwrap_or_default()
}

struct Namer {
    depth: usize,
    twice: Option<String>,
}

impl VisitorMut for Namer {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> Step {
        self.body(&mut query.body);
        order_by_names(query);
        self.depth += 1;
        GO_ON
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> Step {
        self.depth -= 1;
        GO_ON
    }
}

impl Namer {
    fn body(&mut self, body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left);
                self.body(right);
            }
            _ => {}
        }
    }

    fn select(&mut self, select: &mut Select) {
        let relations = relations(&select.from);
        let mut taken = HashSet::new();
        for item in &mut select.projection {
            let (expression, name, needs_alias) = match item {
                SelectItem::UnnamedExpr(expression) if is_unnest(expression) => continue,
                SelectItem::UnnamedExpr(expression) => {
                    let (name, is_column) = name_of(expression, &relations);
                    (&*expression, name, !is_column)
                }
                SelectItem::ExprWithAlias { expr, alias } => (&*expr, folded(alias), false),
                _ => continue,
            };
            let is_taken = self.depth == 0 && taken.contains(&name);
            let alias = if is_taken { another(&name, &taken) } else { name.clone() };
            if is_taken && self.twice.is_none() {
                self.twice = Some(name);
            }
            taken.insert(alias.clone());
            if needs_alias || is_taken {
                *item = SelectItem::ExprWithAlias { expr: expression.clone(), alias: Ident::with_quote('"', alias) };
            }
        }
    }
}

/// `select distinct a + 1 … order by a + 1` orders by the column, which now has a name: the planner looks for it.
fn order_by_names(query: &mut Query) {
    let (SetExpr::Select(select), Some(order_by)) = (query.body.as_ref(), &mut query.order_by) else { return };
    let (Some(Distinct::Distinct), OrderByKind::Expressions(keys)) = (&select.distinct, &mut order_by.kind) else {
        return;
    };
    let relations = relations(&select.from);
    for key in keys {
        let (name, is_column) = name_of(&key.expr, &relations);
        let named = |item: &SelectItem| matches!(item, SelectItem::ExprWithAlias { alias, .. } if alias.value == name);
        if !is_column && select.projection.iter().any(named) {
            key.expr = Expr::Identifier(Ident::with_quote('"', name));
        }
    }
}

/// `unnest` of a struct makes several columns.
fn is_unnest(expression: &Expr) -> bool {
    let Expr::Function(function) = expression else { return false };
    function.name.0.last().and_then(ObjectNamePart::as_ident).is_some_and(|name| folded(name) == "unnest")
}

/// The name, and whether the planner gives a column that name by itself.
fn name_of(expression: &Expr, relations: &[Vec<String>]) -> (String, bool) {
    match expression {
        Expr::Identifier(name) => (folded(name), true),
        Expr::CompoundIdentifier(parts) => {
            let path: Vec<String> = parts.iter().map(folded).collect();
            let (name, table) = path.split_last().map_or_else(Default::default, |(name, table)| (name.clone(), table));
            (name, relations.iter().any(|relation| relation.ends_with(table)))
        }
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last().and_then(part_name) {
            Some(name) => (name, false),
            None => (text(expression), false),
        },
        Expr::Nested(inside) => (name_of(inside, relations).0, false),
        Expr::Subquery(query) => (subquery_name(query).unwrap_or_else(|| text(expression)), false),
        other => (text(other), false),
    }
}

/// `u['lat']` and `u.lat` → `lat`
fn part_name(access: &AccessExpr) -> Option<String> {
    match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(folded(name)),
        AccessExpr::Subscript(Subscript::Index { index: Expr::Value(value) }) => match &value.value {
            Value::SingleQuotedString(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The name of the only column of a subquery.
fn subquery_name(query: &Query) -> Option<String> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expression)] => Some(name_of(expression, &relations(&select.from)).0),
        [SelectItem::ExprWithAlias { alias, .. }] => Some(folded(alias)),
        _ => None,
    }
}

/// The tables whose columns can be named, each by the parts of its name.
fn relations(from: &[TableWithJoins]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for tables in from {
        add_relations(tables, &mut found);
    }
    found
}

fn add_relations(tables: &TableWithJoins, found: &mut Vec<Vec<String>>) {
    for factor in std::iter::once(&tables.relation).chain(tables.joins.iter().map(|join| &join.relation)) {
        match factor {
            TableFactor::NestedJoin { table_with_joins, alias: None } => add_relations(table_with_joins, found),
            TableFactor::Table { name, alias: None, .. } => {
                found.push(name.0.iter().filter_map(ObjectNamePart::as_ident).map(folded).collect());
            }
            TableFactor::Table { alias: Some(alias), .. }
            | TableFactor::Derived { alias: Some(alias), .. }
            | TableFactor::TableFunction { alias: Some(alias), .. }
            | TableFactor::Function { alias: Some(alias), .. }
            | TableFactor::UNNEST { alias: Some(alias), .. }
            | TableFactor::NestedJoin { alias: Some(alias), .. } => found.push(vec![folded(&alias.name)]),
            _ => {}
        }
    }
}

/// The expression as SQL, without what only the planner needs.
fn text(expression: &Expr) -> String {
    let mut expression = expression.clone();
    walk_mut(&mut expression, &mut Plain);
    expression.to_string()
}

/// Takes tables, quotes and the case of functions away.
struct Plain;

impl VisitorMut for Plain {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> Step {
        match expression {
            Expr::Identifier(name) => *name = Ident::new(folded(name)),
            Expr::CompoundIdentifier(parts) => {
                if let Some(name) = parts.last() {
                    *expression = Expr::Identifier(Ident::new(folded(name)));
                }
            }
            Expr::Function(function) => {
                for part in &mut function.name.0 {
                    if let ObjectNamePart::Identifier(name) = part {
                        *name = Ident::new(folded(name));
                    }
                }
            }
            _ => {}
        }
        GO_ON
    }
}
