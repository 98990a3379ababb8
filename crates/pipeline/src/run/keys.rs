//! Rule R3: the key of a node's output, from its name, its recipe and what it read.
//!
//! Whoever computes an equal key, on any branch, takes the kept output instead of running. What was read is told by
//! [`super::inputs`].

use std::collections::BTreeMap;

use bywash_core::{ObjectId, ObjectIdBuilder, TableName};
use serde::Serialize;

/// Changed whenever the engine, a reader or a writer may give other results or files than before. It names the version of
/// the engine, so that an upgrade is an epoch; a test compares it with the one that is locked.
const RESULTS_EPOCH: &str = "2, datafusion 55.2.0";

/// Everything about a node that is not its inputs' rows.
///
/// # Errors
/// None in practice: settings serialise.
pub fn recipe(
    kind: &str,
    canonical: &str,
    settings: &impl Serialize,
    parameters: &BTreeMap<String, String>,
) -> ObjectId {
    let settings = serde_json::to_vec(settings).unwrap_or_default();
    let mut builder =
        ObjectIdBuilder::default().part("recipe").part(RESULTS_EPOCH).part(kind).part(canonical).part(settings);
    for (name, value) in parameters {
        builder = builder.part(name).part(value);
    }
    builder.finish()
}

/// The key of an output.
#[must_use]
pub fn output_key(
    name: &TableName,
    recipe: ObjectId,
    inputs: &BTreeMap<String, ObjectId>,
    extra: &[Vec<u8>],
) -> ObjectId {
    let mut builder = ObjectIdBuilder::default().part("output").part(name.to_string()).part(recipe.as_bytes());
    for (input, version) in inputs {
        builder = builder.part(input).part(version.as_bytes());
    }
    for part in extra {
        builder = builder.part("extra").part(part);
    }
    builder.finish()
}
