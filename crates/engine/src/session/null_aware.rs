//! `x in (select …)` where null matters.
//!
//! The planner joins such a subquery and keeps whether a row found a match: true or false, never null. That is right
//! where a filter asks for it alone, and where false and null are the same. Elsewhere in a filter (below `or` when
//! negated, under `is null`, in `case`) it is asked in the long form:
//!
//! ```text
//! x in (select y …)      case when exists (select … where y = x) then true
//!                             when exists (select … where y is null) or x is null and exists (select …) then null
//!                             else false end
//! ```

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{Column, DFSchema, ExprSchema, Result, ScalarValue, Spans};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{BinaryExpr, Expr, Filter, LogicalPlan, Operator, Subquery, lit, when};

/// The plan with every such subquery in the long form where it has to be.
pub(super) fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| {
        let outer = input_schema(&node)?;
        let is_filter = matches!(node, LogicalPlan::Filter(_));
        node.map_expressions(
            |expression| {
                if is_filter { condition(expression, &outer, true) } else { value(expression, &outer) }
            },
        )
    })
    .data()
}

fn input_schema(node: &LogicalPlan) -> Result<DFSchema> {
    let mut all = DFSchema::empty();
    for input in node.inputs() {
        all.merge(input.schema());
    }
    Ok(all)
}

/// What a filter asks for: null there is as good as false. `alone` says that nothing else can make it true.
fn condition(expression: Expr, outer: &DFSchema, alone: bool) -> Result<Transformed<Expr>> {
    match expression {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let alone = alone && op == Operator::And;
            let (left, right) = (condition(*left, outer, alone)?, condition(*right, outer, alone)?);
            let changed = left.transformed || right.transformed;
            let both = BinaryExpr::new(Box::new(left.data), op, Box::new(right.data));
            Ok(Transformed::new_transformed(Expr::BinaryExpr(both), changed))
        }
        Expr::Not(inner) if matches!(*inner, Expr::InSubquery(_)) => {
            let Expr::InSubquery(inside) = *inner else { return Ok(Transformed::no(Expr::Not(inner))) };
            let turned = InSubquery { negated: !inside.negated, ..inside };
            condition(Expr::InSubquery(turned), outer, alone).map(|done| Transformed::yes(done.data))
        }
        Expr::InSubquery(inside) if alone || !inside.negated => Ok(Transformed::no(Expr::InSubquery(inside))),
        other => value(other, outer),
    }
}

fn value(expression: Expr, outer: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|part| match part {
        Expr::InSubquery(inside) => long_form(inside, outer).map(Transformed::yes),
        other => Ok(Transformed::no(other)),
    })
}

fn long_form(inside: InSubquery, outer: &DFSchema) -> Result<Expr> {
    let list = &inside.subquery;
    let Some(item) = list.subquery.schema().columns().into_iter().next().map(Expr::Column) else {
        return Ok(Expr::InSubquery(inside));
    };
    let mut references = list.outer_ref_columns.clone();
    let wanted = seen_from_within(inside.expr.as_ref().clone(), outer, &mut references)?;
    let found = exists(list, Some(item.clone().eq(wanted)), references)?;
    let has_null = exists(list, Some(item.is_null()), list.outer_ref_columns.clone())?;
    let has_any = exists(list, None, list.outer_ref_columns.clone())?;
    let unknown = has_null.or(inside.expr.is_null().and(has_any));
    let answer = when(found, lit(true)).when(unknown, lit(ScalarValue::Boolean(None))).otherwise(lit(false))?;
    Ok(if inside.negated { !answer } else { answer })
}

/// An expression over the columns outside, as it is written within the subquery.
fn seen_from_within(expression: Expr, outer: &DFSchema, references: &mut Vec<Expr>) -> Result<Expr> {
    expression
        .transform_up(|part| {
            let Expr::Column(column) = &part else { return Ok(Transformed::no(part)) };
            let reference = reference(column, outer)?;
            if !references.contains(&reference) {
                references.push(reference.clone());
            }
            Ok(Transformed::yes(reference))
        })
        .data()
}

fn reference(column: &Column, outer: &DFSchema) -> Result<Expr> {
    Ok(Expr::OuterReferenceColumn(Arc::clone(outer.field_from_column(column)?), column.clone()))
}

fn exists(list: &Subquery, filter: Option<Expr>, outer_ref_columns: Vec<Expr>) -> Result<Expr> {
    let subquery = match filter {
        Some(filter) => Arc::new(LogicalPlan::Filter(Filter::try_new(filter, Arc::clone(&list.subquery))?)),
        None => Arc::clone(&list.subquery),
    };
    let subquery = Subquery { subquery, outer_ref_columns, spans: Spans::new() };
    Ok(Expr::Exists(Exists { subquery, negated: false }))
}
