//! The origins of one column, and how those of an expression follow from those of its parts.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::{AggregateFunctionParams, Sort, WindowFunctionParams};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::relation::{Reader, Relation};

/// A column of a table that is read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The table's full name.
    pub table: String,
    /// The column.
    pub column: String,
}

/// Where a column comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    /// Its values are made of those of these columns.
    pub values: BTreeSet<Origin>,
    /// These decide which of them, or which rows there are.
    pub influence: BTreeSet<Origin>,
}

impl Origins {
    pub(super) fn of(origin: Origin) -> Self {
        Self { values: BTreeSet::from([origin]), influence: BTreeSet::new() }
    }

    /// Made of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.values.extend(other.values);
        self.decided_by(&other.influence)
    }

    /// Also decided by these. What hands on its value need not be told twice.
    pub(super) fn decided_by(mut self, others: &BTreeSet<Origin>) -> Self {
        self.influence.extend(others.iter().cloned());
        let values = &self.values;
        self.influence.retain(|origin| !values.contains(origin));
        self
    }

    /// All of them, where it does not count how.
    pub(super) fn all(self) -> BTreeSet<Origin> {
        self.values.into_iter().chain(self.influence).collect()
    }
}

/// The relations that an expression sees; those of the query around it behind them.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) inputs: &'a [(&'a DFSchema, &'a Relation)],
    pub(super) outer: Option<&'a Scope<'a>>,
}

impl Scope<'_> {
    fn find(&self, column: &Column) -> Origins {
        let found = self.inputs.iter().find_map(|(schema, relation)| {
            let place = schema.maybe_index_of_column(column)?;
            relation.columns.get(place).cloned()
        });
        found.or_else(|| self.outer.map(|outer| outer.find(column))).unwrap_or_default()
    }
}

impl Reader {
    /// The origins of an expression.
    pub(super) fn origins(&self, expression: &Expr, scope: &Scope<'_>) -> Origins {
        match expression {
            Expr::Column(column) => scope.find(column),
            Expr::OuterReferenceColumn(_, column) => scope.outer.map(|outer| outer.find(column)).unwrap_or_default(),
            Expr::ScalarSubquery(subquery) => {
                let relation = self.relation(&subquery.subquery, Some(scope));
                let column = relation.columns.into_iter().next().unwrap_or_default();
                column.decided_by(&relation.rows)
            }
            Expr::Exists(exists) => self.whether(&exists.subquery.subquery, scope),
            Expr::InSubquery(within) => {
                self.origins(&within.expr, scope).and(self.whether(&within.subquery.subquery, scope))
            }
            Expr::SetComparison(compared) => {
                self.origins(&compared.expr, scope).and(self.whether(&compared.subquery.subquery, scope))
            }
            Expr::Case(case) => {
                let results = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
                let conditions = case.when_then_expr.iter().map(|(when, _)| when).chain(&case.expr);
                self.made_of(results.map(|result| &**result), scope)
                    .decided_by(&self.made_of(conditions.map(|condition| &**condition), scope).all())
            }
            Expr::AggregateFunction(function) => {
                let AggregateFunctionParams { args, filter, order_by, .. } = &function.params;
                let deciding = filter.iter().map(|filter| &**filter).chain(ordering(order_by));
                self.made_of(args, scope).decided_by(&self.made_of(deciding, scope).all())
            }
            Expr::WindowFunction(function) => {
                let WindowFunctionParams { args, partition_by, order_by, filter, .. } = &function.params;
                let deciding =
                    partition_by.iter().chain(ordering(order_by)).chain(filter.iter().map(|filter| &**filter));
                self.made_of(args, scope).decided_by(&self.made_of(deciding, scope).all())
            }
            other => {
                let mut origins = Origins::default();
                // The walk itself cannot fail.
                let _ = other.apply_children(|child| {
                    origins = std::mem::take(&mut origins).and(self.origins(child, scope));
                    Ok(TreeNodeRecursion::Continue)
                });
                origins
            }
        }
    }

    /// The origins of all of these together.
    pub(super) fn made_of<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr>, scope: &Scope<'_>) -> Origins {
        expressions
            .into_iter()
            .fold(Origins::default(), |origins, expression| origins.and(self.origins(expression, scope)))
    }

    /// A subquery that is only asked whether it has a row.
    fn whether(&self, subquery: &LogicalPlan, scope: &Scope<'_>) -> Origins {
        let relation = self.relation(subquery, Some(scope));
        let mut influence = relation.rows;
        influence.extend(relation.columns.into_iter().flat_map(Origins::all));
        Origins { values: BTreeSet::new(), influence }
    }
}

fn ordering(keys: &[Sort]) -> impl Iterator<Item = &Expr> {
    keys.iter().map(|key| &key.expr)
}
