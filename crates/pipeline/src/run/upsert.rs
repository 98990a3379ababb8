//! Models with a `unique_key`: of the rows of one key, those that were there included, the last stays (rule R6).

use std::sync::Arc;

use arrow::datatypes::Schema;
use bywash_core::{Code, Error, Result, suggestion};
use bywash_engine::sql::{self, Parsed};

use crate::graph::Node;
use crate::project::{Model, SortKey};

/// The columns of `unique_key` and `order_by` that a model's rows do not have.
pub(super) fn unknown_columns(node: &Node, model: &Model, given: &Schema) -> Vec<Error> {
    let (keys, order) = (&model.options.unique_key, &model.options.order_by);
    let keys = keys.iter().flat_map(|keys| keys.value.iter().map(|column| (column, &keys.place)));
    let order = order.iter().flat_map(|order| order.value.iter().map(|key| (&key.column, &order.place)));
    let unknown = keys.chain(order).filter(|(column, _)| given.field_with_name(column).is_err());
    unknown
        .map(|(column, place)| {
            let near = suggestion(column, given.fields().iter().map(|field| field.name().as_str()));
            let message = format!("`{}` gives no column `{column}`", node.name);
            Error::new(Code::UnknownColumn, message).at(place.clone()).maybe_hint(near)
        })
        .collect()
}

/// The query that gives the rows of a model's table: those of `rows`, a query with these columns, and those that the
/// table has if `keeps` says that it grows.
///
/// # Errors
/// None in practice.
pub(super) fn last_rows(
    node: &Node,
    model: &Model,
    rows: &str,
    columns: &[String],
    keeps: bool,
) -> Result<Arc<Parsed>> {
    let listed = listed(columns);
    let all = match keeps {
        true => format!("select {listed} from ({rows}) as bywash_new union all select {listed} from {}", node.name),
        false => rows.to_owned(),
    };
    let text = last_of_each_key(&all, model.unique_key(), model.order_by(), columns);
    Ok(Arc::new(sql::parse(model.path.clone(), &text)?))
}

/// Ties are broken by all other columns, so that the same rows give the same table in whatever order they came.
fn last_of_each_key(query: &str, keys: &[String], order: &[SortKey], columns: &[String]) -> String {
    let ordered = order.iter().map(|key| {
        let direction = if key.descending { "asc nulls last" } else { "desc nulls last" };
        format!("{} {direction}", quoted(&key.column))
    });
    let is_rest = |column: &&String| !keys.contains(column) && !order.iter().any(|key| key.column == **column);
    let rest = columns.iter().filter(is_rest).map(|column| format!("{} desc nulls last", quoted(column)));
    let ranks = ordered.chain(rest).collect::<Vec<_>>().join(", ");
    let (selected, keys) = (listed(columns), listed(keys));
    format!(
        "select {selected} from (select {selected}, row_number() over (partition by {keys} order by {ranks}) \
         as bywash_rank from ({query}) as bywash_rows) as bywash_ranked where bywash_rank = 1"
    )
}

fn listed(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

fn quoted(column: &str) -> String {
    format!("\"{}\"", column.replace('"', "\"\""))
}
