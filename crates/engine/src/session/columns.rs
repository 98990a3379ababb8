//! The columns of an answer: what a table could make of them.
//!
//! A person may look at two columns of one name, a table cannot hold them. And a column that happens to have no null
//! in one query, as in `select 1 as a`, will have one later: only a declaration makes it required.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{Column, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};

use crate::sql::another_name;

/// The plan with names that differ, and the first one that stood twice.
pub(super) fn distinct(plan: LogicalPlan) -> Result<(LogicalPlan, Option<String>)> {
    let mut taken = std::collections::HashSet::new();
    let (mut columns, mut twice) = (Vec::new(), None);
    for (table, field) in plan.schema().iter() {
        let column = Expr::Column(Column::new(table.cloned(), field.name()));
        if taken.insert(field.name().clone()) {
            columns.push(column);
            continue;
        }
        let name = another_name(field.name(), &taken);
        taken.insert(name.clone());
        twice.get_or_insert_with(|| field.name().clone());
        columns.push(column.alias(name));
    }
    if twice.is_none() {
        return Ok((plan, None));
    }
    Ok((LogicalPlanBuilder::new(plan).project(columns)?.build()?, twice))
}

/// The same columns, none of them required.
pub(super) fn nullable(schema: &Schema) -> Schema {
    Schema::new(schema.fields().iter().map(nullable_field).collect::<Vec<_>>())
}

fn nullable_field(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Struct(parts) => DataType::Struct(parts.iter().map(nullable_field).collect()),
        DataType::List(element) => DataType::List(nullable_field(element)),
        DataType::LargeList(element) => DataType::LargeList(nullable_field(element)),
        other => other.clone(),
    };
    Arc::new(Field::clone(field).with_data_type(kind).with_nullable(true))
}
