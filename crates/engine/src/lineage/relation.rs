//! The origins of all columns of a plan, from its leaves up.

use std::collections::{BTreeSet, HashMap};

use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Join, LogicalPlan, RecursiveQuery, TableScan};

use super::origins::{Origin, Origins, Scope};
use crate::session::table_name;

/// The columns of a plan by their places, and what decides which rows there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Relation {
    pub(super) columns: Vec<Origins>,
    pub(super) rows: BTreeSet<Origin>,
}

/// Reads plans; knows what recursive parts have been found to be.
#[derive(Clone, Default)]
pub(super) struct Reader {
    recursive: HashMap<String, Relation>,
}

impl Reader {
    /// The origins of what a plan gives; `outer` is what the query around it sees.
    pub(super) fn relation(&self, plan: &LogicalPlan, outer: Option<&Scope<'_>>) -> Relation {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan, outer),
            LogicalPlan::Projection(projection) => self.project(&projection.input, &projection.expr, outer),
            LogicalPlan::Window(window) => {
                let mut relation = self.relation(&window.input, outer);
                let more = self.project(&window.input, &window.window_expr, outer);
                relation.columns.extend(more.columns);
                relation
            }
            LogicalPlan::Filter(filter) => self.chosen(&filter.input, [&filter.predicate], outer),
            LogicalPlan::Limit(limit) => match limit.input.as_ref() {
                LogicalPlan::Sort(sort) => self.chosen(&sort.input, sort.expr.iter().map(|key| &key.expr), outer),
                input => self.relation(input, outer),
            },
            LogicalPlan::Distinct(Distinct::On(distinct)) => {
                let keys = distinct.sort_expr.iter().flatten().map(|key| &key.expr);
                let chosen = self.chosen(&distinct.input, distinct.on_expr.iter().chain(keys), outer);
                Relation { rows: chosen.rows, ..self.project(&distinct.input, &distinct.select_expr, outer) }
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate, outer),
            LogicalPlan::Join(join) => self.join(join, outer),
            LogicalPlan::Union(union) => {
                union.inputs.iter().map(|input| self.relation(input, outer)).reduce(both).unwrap_or_default()
            }
            LogicalPlan::RecursiveQuery(query) => self.recursive(query, outer),
            LogicalPlan::Sort(_)
            | LogicalPlan::Repartition(_)
            | LogicalPlan::Subquery(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Distinct(Distinct::All(_)) => {
                plan.inputs().first().map(|input| self.relation(input, outer)).unwrap_or_default()
            }
            other => self.by_name(other, outer),
        }
    }

    fn scan(&self, scan: &TableScan, outer: Option<&Scope<'_>>) -> Relation {
        if let Some(known) = self.recursive.get(scan.table_name.table()) {
            return known.clone();
        }
        if let Some(view) = scan.source.get_logical_plan() {
            let whole = self.relation(&view, outer);
            let places = scan.projection.clone().unwrap_or_else(|| (0..whole.columns.len()).collect());
            let columns = places.iter().map(|place| whole.columns.get(*place).cloned().unwrap_or_default());
            return Relation { columns: columns.collect(), rows: whole.rows };
        }
        let table = table_name(scan.source.as_ref());
        let origin = |column: &String| match table {
            Some(table) => Origins::of(Origin { table: table.to_owned(), column: column.clone() }),
            None => Origins::default(),
        };
        let columns = scan.projected_schema.fields().iter().map(|field| origin(field.name()));
        Relation { columns: columns.collect(), rows: BTreeSet::new() }
    }

    fn project(&self, input: &LogicalPlan, expressions: &[Expr], outer: Option<&Scope<'_>>) -> Relation {
        let relation = self.relation(input, outer);
        let inputs = [(input.schema().as_ref(), &relation)];
        let scope = Scope { inputs: &inputs, outer };
        let columns = expressions.iter().map(|expression| self.origins(expression, &scope)).collect();
        Relation { columns, rows: relation.rows }
    }

    /// The input with rows chosen by these expressions.
    fn chosen<'e>(
        &self,
        input: &LogicalPlan,
        by: impl IntoIterator<Item = &'e Expr>,
        outer: Option<&Scope<'_>>,
    ) -> Relation {
        let mut relation = self.relation(input, outer);
        let inputs = [(input.schema().as_ref(), &relation)];
        let deciding = self.made_of(by, &Scope { inputs: &inputs, outer }).all();
        relation.rows.extend(deciding);
        relation
    }

    fn aggregate(&self, aggregate: &Aggregate, outer: Option<&Scope<'_>>) -> Relation {
        let mut keys = Vec::new();
        for key in &aggregate.group_expr {
            match key {
                Expr::GroupingSet(set) => keys.extend(set.distinct_expr().into_iter().cloned()),
                key => keys.push(key.clone()),
            }
        }
        let mut relation = self.project(&aggregate.input, &keys, outer);
        relation.rows.extend(relation.columns.iter().cloned().flat_map(Origins::all));
        // Grouping sets have a column of their own behind the keys.
        let width = aggregate.schema.fields().len().saturating_sub(aggregate.aggr_expr.len());
        relation.columns.resize(width, Origins::default());
        relation.columns.extend(self.project(&aggregate.input, &aggregate.aggr_expr, outer).columns);
        relation
    }

    fn join(&self, join: &Join, outer: Option<&Scope<'_>>) -> Relation {
        let (left, right) = (self.relation(&join.left, outer), self.relation(&join.right, outer));
        let inputs = [(join.left.schema().as_ref(), &left), (join.right.schema().as_ref(), &right)];
        let conditions = join.on.iter().flat_map(|(left, right)| [left, right]).chain(&join.filter);
        let deciding = self.made_of(conditions, &Scope { inputs: &inputs, outer }).all();
        let columns = match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti => left.columns,
            JoinType::RightSemi | JoinType::RightAnti => right.columns,
            JoinType::LeftMark => with_mark(left.columns, &deciding),
            JoinType::RightMark => with_mark(right.columns, &deciding),
            _ => left.columns.into_iter().chain(right.columns).collect(),
        };
        Relation { columns, rows: left.rows.into_iter().chain(right.rows).chain(deciding).collect() }
    }

    /// What the first part gives, and what the second makes of that.
    fn recursive(&self, query: &RecursiveQuery, outer: Option<&Scope<'_>>) -> Relation {
        let mut known = self.relation(&query.static_term, outer);
        // Each round hands origins on by at least one column; there are no more rounds than columns.
        for _ in 0..=known.columns.len() {
            let mut reader = self.clone();
            reader.recursive.insert(query.name.clone(), known.clone());
            known = both(known, reader.relation(&query.recursive_term, outer));
        }
        known
    }

    /// Columns of an operator that is not known here: those of its inputs by their names, else made of everything.
    fn by_name(&self, plan: &LogicalPlan, outer: Option<&Scope<'_>>) -> Relation {
        let inputs: Vec<(&DFSchema, Relation)> =
            plan.inputs().into_iter().map(|input| (input.schema().as_ref(), self.relation(input, outer))).collect();
        let all = inputs.iter().flat_map(|(_, relation)| relation.columns.iter().cloned());
        let all = all.fold(Origins::default(), Origins::and);
        let find = |(table, field): (Option<&datafusion::common::TableReference>, &arrow::datatypes::FieldRef)| {
            inputs.iter().find_map(|(schema, relation)| {
                let place = schema.index_of_column_by_name(table, field.name())?;
                relation.columns.get(place).cloned()
            })
        };
        let columns = plan.schema().iter().map(|column| find(column).unwrap_or_else(|| all.clone())).collect();
        Relation { columns, rows: inputs.into_iter().flat_map(|(_, relation)| relation.rows).collect() }
    }
}

fn with_mark(mut columns: Vec<Origins>, deciding: &BTreeSet<Origin>) -> Vec<Origins> {
    columns.push(Origins::default().decided_by(deciding));
    columns
}

/// Rows of both, column by column.
fn both(one: Relation, other: Relation) -> Relation {
    let mut others = other.columns.into_iter();
    let columns = one.columns.into_iter().map(|column| column.and(others.next().unwrap_or_default()));
    Relation { columns: columns.collect(), rows: one.rows.into_iter().chain(other.rows).collect() }
}
