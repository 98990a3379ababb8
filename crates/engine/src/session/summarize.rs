//! `summarize`: one row for each column of a query, computed in one pass.
//!
//! ```text
//! from t  →  aggregate: min(a), max(a), …, min(b), max(b), …     one wide row
//!         →  turned: (a, min, max, …), (b, min, max, …)          one row a column
//! ```

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use bywash_core::{Error, Result};
use datafusion::common::{Column, ScalarValue};
use datafusion::functions_aggregate::expr_fn::{approx_distinct, approx_percentile_cont, avg, count, max, min, stddev};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, lit};

use super::describe::type_name;
use super::planned::{Planned, Shape};
use crate::errors::planning;

/// How many measures each column has in the wide row.
const MEASURES: usize = 9;

/// The names and types of the columns that were summarized.
pub(super) struct Summary {
    columns: Vec<(String, String)>,
}

/// The plan of the wide row, which [`Summary::turn`] turns.
pub(super) fn plan(planned: Planned) -> Result<Planned> {
    let schema = planned.logical.schema().clone();
    let mut measures = vec![count(lit(1_i64)).alias("rows")];
    let mut columns = Vec::new();
    for (at, (qualifier, field)) in schema.iter().enumerate() {
        columns.push((field.name().clone(), type_name(field.name(), field.data_type())));
        let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
        let found = measures_of(&column, field.data_type());
        measures.extend(found.into_iter().enumerate().map(|(number, measure)| measure.alias(format!("{at}.{number}"))));
    }
    let logical = LogicalPlanBuilder::new(planned.logical.clone())
        .aggregate(Vec::<Expr>::new(), measures)
        .and_then(LogicalPlanBuilder::build)
        .map_err(|error| planning::explain(&planned.source, error))?;
    Ok(Planned { logical, shape: Shape::Summary(Arc::new(Summary { columns })), twice: None, ..planned })
}

/// Nulls stand for measures that a type has not.
fn measures_of(column: &Expr, kind: &DataType) -> [Expr; MEASURES] {
    let nothing = |kind: DataType| max(cast(lit(ScalarValue::Null), kind));
    let text = |measure: Expr| cast(measure, DataType::Utf8);
    let comparable = !kind.is_nested() && !matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::Null);
    let (least, greatest) = match comparable {
        true => (text(min(column.clone())), text(max(column.clone()))),
        false => (nothing(DataType::Utf8), nothing(DataType::Utf8)),
    };
    let distinct = match kind {
        _ if kind.is_integer() || matches!(kind, DataType::Utf8 | DataType::Date32 | DataType::Timestamp(..)) => {
            cast(approx_distinct(column.clone()), DataType::Int64)
        }
        _ if comparable => cast(approx_distinct(text(column.clone())), DataType::Int64),
        _ => nothing(DataType::Int64),
    };
    let number = kind.is_numeric().then(|| cast(column.clone(), DataType::Float64));
    let of_number = |measure: &dyn Fn(Expr) -> Expr| match &number {
        Some(number) => cast(measure(number.clone()), DataType::Float64),
        None => nothing(DataType::Float64),
    };
    let quartile =
        |share: f64| of_number(&move |number| approx_percentile_cont(number.sort(true, false), lit(share), None));
    [
        least,
        greatest,
        distinct,
        of_number(&avg),
        of_number(&stddev),
        quartile(0.25),
        quartile(0.5),
        quartile(0.75),
        count(column.clone()),
    ]
}

impl Summary {
    /// The columns of a summary.
    pub(super) fn schema(&self) -> SchemaRef {
        let field = |name: &str, kind: DataType| Field::new(name, kind, true);
        Arc::new(Schema::new(vec![
            field("column_name", DataType::Utf8),
            field("column_type", DataType::Utf8),
            field("min", DataType::Utf8),
            field("max", DataType::Utf8),
            field("approx_unique", DataType::Int64),
            field("avg", DataType::Float64),
            field("std", DataType::Float64),
            field("q25", DataType::Float64),
            field("q50", DataType::Float64),
            field("q75", DataType::Float64),
            field("count", DataType::Int64),
            field("null_percentage", DataType::Float64),
        ]))
    }

    /// One row for each column, from the wide row.
    pub(super) fn turn(&self, rows: &[RecordBatch]) -> Result<RecordBatch> {
        let broken = || Error::bug("a summary has not the row it should have");
        let wide = rows.iter().find(|batch| batch.num_rows() == 1).ok_or_else(broken)?;
        let total = whole(wide.columns().first().ok_or_else(broken)?).unwrap_or_default();
        let measure = |column: usize, number: usize| wide.columns().get(1 + column * MEASURES + number);
        let each = 0..self.columns.len();
        let texts = |number: usize| -> StringArray { each.clone().map(|at| text(measure(at, number)?)).collect() };
        let wholes = |number: usize| -> Int64Array { each.clone().map(|at| whole(measure(at, number)?)).collect() };
        let floats = |number: usize| -> Float64Array { each.clone().map(|at| float(measure(at, number)?)).collect() };
        let counts = wholes(8);
        let nulls: Float64Array = counts
            .iter()
            .map(|count| (total > 0).then(|| 100.0 * (total - count.unwrap_or_default()) as f64 / total as f64))
            .collect();
        let names: StringArray = self.columns.iter().map(|(name, _)| Some(name)).collect();
        let types: StringArray = self.columns.iter().map(|(_, kind)| Some(kind)).collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(names), Arc::new(types)];
        columns.extend([0, 1].map(|number| Arc::new(texts(number)) as ArrayRef));
        columns.push(Arc::new(wholes(2)));
        columns.extend([3, 4, 5, 6, 7].map(|number| Arc::new(floats(number)) as ArrayRef));
        columns.extend([Arc::new(counts) as ArrayRef, Arc::new(nulls)]);
        RecordBatch::try_new(self.schema(), columns).map_err(|error| broken().caused_by(error))
    }
}

fn text(column: &ArrayRef) -> Option<String> {
    column.as_string_opt::<i32>().filter(|texts| texts.is_valid(0)).map(|texts| texts.value(0).to_owned())
}

fn whole(column: &ArrayRef) -> Option<i64> {
    column.as_primitive_opt::<Int64Type>().filter(|numbers| numbers.is_valid(0)).map(|numbers| numbers.value(0))
}

fn float(column: &ArrayRef) -> Option<f64> {
    column.as_primitive_opt::<Float64Type>().filter(|numbers| numbers.is_valid(0)).map(|numbers| numbers.value(0))
}
