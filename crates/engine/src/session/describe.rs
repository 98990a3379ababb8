//! `describe t`: one row for each column.

use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use bywash_core::{Error, Result};
use bywash_lake::tables::kind_of;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::LogicalPlanBuilder;

use super::planned::Planned;

/// The columns of a plan as rows.
pub(super) fn plan(planned: &Planned) -> Result<Planned> {
    let columns = planned.schema();
    let names: StringArray = columns.fields().iter().map(|field| Some(field.name().as_str())).collect();
    let types: StringArray =
        columns.fields().iter().map(|field| Some(type_name(field.name(), field.data_type()))).collect();
    let nullable: BooleanArray = columns.fields().iter().map(|field| Some(field.is_nullable())).collect();
    let schema = Arc::new(Schema::new(vec![
        Field::new("column_name", DataType::Utf8, false),
        Field::new("column_type", DataType::Utf8, false),
        Field::new("nullable", DataType::Boolean, false),
    ]));
    let broken = |error: &dyn std::fmt::Display| Error::bug("a table cannot be described").caused_by(error);
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(names), Arc::new(types), Arc::new(nullable)])
        .map_err(|error| broken(&error))?;
    let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(|error| broken(&error))?;
    let logical = LogicalPlanBuilder::scan("columns", provider_as_source(Arc::new(table)), None)
        .and_then(LogicalPlanBuilder::build)
        .map_err(|error| broken(&error))?;
    Ok(Planned { logical, twice: None, ..planned.clone() })
}

/// The type as tables and their YAML call it; Arrow's name for what no table can hold.
pub(super) fn type_name(column: &str, kind: &DataType) -> String {
    kind_of(column, kind).map_or_else(|_| kind.to_string(), |kind| kind.to_string())
}
