//! Rule R3: the key of a node's output, from its name, its recipe and what it read.
//!
//! Whoever computes an equal key, on any branch, takes the kept output instead of running. This first form tells
//! what was read by the version of each input: its table and snapshot, or a view's own key.

use std::collections::BTreeMap;

use bywash_core::{ObjectId, ObjectIdBuilder, TableName};
use serde::Serialize;

/// Raised whenever an upgrade of the engine or of a writer may change results or files.
const RESULTS_EPOCH: u64 = 1;

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
    let mut builder = ObjectIdBuilder::default()
        .part("recipe")
        .part(RESULTS_EPOCH.to_le_bytes())
        .part(kind)
        .part(canonical)
        .part(settings);
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
