//! What YAML promises of a model's columns (`columns:` with `data_type`, `contract: {enforced: true}`), held against what
//! its query gives. What only rows can tell, as `not_null`, is a data test instead.

use arrow::datatypes::Schema;
use bywash_core::{Code, Error, suggestion};
use bywash_lake::tables::kind_of;

use crate::graph::Node;
use crate::project::type_words::in_our_words;
use crate::project::{Column, Model};

/// All that the query does not keep of what was promised.
pub(super) fn broken(node: &Node, model: &Model, given: &Schema) -> Vec<Error> {
    let mut problems: Vec<Error> =
        model.columns.iter().filter_map(|column| broken_by(node, model, column, given)).collect();
    if model.is_contract_enforced() {
        let declared = |name: &String| model.columns.iter().any(|column| column.name == *name);
        let missing = given.fields().iter().map(|field| field.name()).filter(|name| !declared(name));
        problems.extend(missing.map(|name| {
            Error::new(Code::ContractBroken, format!("`{}` gives a column `{name}` that its contract lacks", node.name))
                .at(model.place.clone())
                .hint("declare it under `columns:`, or leave it out of the query")
        }));
    }
    problems
}

fn broken_by(node: &Node, model: &Model, column: &Column, given: &Schema) -> Option<Error> {
    let name = &column.name;
    let is_promised = column.data_type.is_some() || model.is_contract_enforced();
    let wrong = |message: String| Some(Error::new(Code::ContractBroken, message).at(column.place.clone()));
    let Ok(field) = given.field_with_name(name) else {
        if !is_promised {
            return None;
        }
        let known = given.fields().iter().map(|field| field.name().as_str());
        let error = wrong(format!("`{}` promises a column `{name}` that its query does not give", node.name))?;
        return Some(error.at(model.place.clone()).maybe_hint(suggestion(name, known)));
    };
    let Some(declared) = &column.data_type else {
        let unsaid = format!("the contract of `{}` does not say which type `{name}` has", node.name);
        return if model.is_contract_enforced() { wrong(unsaid) } else { None };
    };
    let Some(wanted) = in_our_words(declared) else {
        let hint = "the types are boolean, int, long, float, double, decimal(p, s), date, time, timestamp, timestamptz, \
                    string, binary, uuid, list<…>, map<…, …> and struct<name: …>";
        return Some(wrong(format!("there is no type `{declared}`"))?.hint(hint));
    };
    // A column without any type is an error of its own, where the table is made.
    let kind = kind_of(name, field.data_type()).ok()?.to_string();
    if kind == wanted {
        return None;
    }
    let message = format!("`{}` promises `{name}` as `{wanted}`, but its query gives `{kind}`", node.name);
    Some(wrong(message)?.at(model.place.clone()).hint(format!("cast it in the query, or promise `{kind}`")))
}
