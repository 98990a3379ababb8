//! Rule R3: the key of a node's output, from its name, its recipe and what it read.
//!
//! Whoever computes an equal key, on any branch, takes the kept output instead of running. What was read is told by
//! [`super::inputs`].

use std::collections::BTreeMap;

use bywash_core::{ObjectId, ObjectIdBuilder, TableName};
use bywash_lake::objects::Named;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Changed whenever the engine, a reader or a writer may give other results or files than before. It names the version of
/// the engine, so that an upgrade is an epoch; a test compares it with the one that is locked.
pub(super) const RESULTS_EPOCH: &str = "3, datafusion 55.2.0";

/// Everything about a node that is not its inputs' rows. The catalog keeps it, to tell later what changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// [`RESULTS_EPOCH`].
    pub epoch: String,
    /// What kind of node.
    pub kind: String,
    /// The query, or what stands for it, as far as it counts.
    pub text: String,
    /// How its rows are kept, by the names that files give it.
    pub settings: BTreeMap<String, Value>,
    /// The values of the parameters that it uses.
    pub parameters: BTreeMap<String, String>,
}

/// It names nothing.
impl Named for Recipe {
    fn names(&self, _: &mut dyn FnMut(ObjectId)) {}
}

impl Recipe {
    /// The recipe of a node in this epoch.
    #[must_use]
    pub fn new(
        kind: &str,
        text: &str,
        settings: BTreeMap<String, Value>,
        parameters: BTreeMap<String, String>,
    ) -> Self {
        Self { epoch: RESULTS_EPOCH.to_owned(), kind: kind.to_owned(), text: text.to_owned(), settings, parameters }
    }

    /// Its id: that of the object.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        ObjectId::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// The first setting or parameter that another recipe has otherwise, in words; the engine first.
    #[must_use]
    pub fn first_change(&self, before: &Self) -> Option<String> {
        if self.epoch != before.epoch {
            return Some(format!("the engine changed: {} → {}", before.epoch, self.epoch));
        }
        if self.kind != before.kind {
            return Some(format!("`kind` changed: {} → {}", before.kind, self.kind));
        }
        let parameters = differing(&self.parameters, &before.parameters);
        let parameter = parameters.map(|name| format!("parameter `${name}` changed"));
        differing(&self.settings, &before.settings).map(|name| format!("`{name}` changed")).or(parameter)
    }
}

fn differing<'a, T: PartialEq>(one: &'a BTreeMap<String, T>, other: &'a BTreeMap<String, T>) -> Option<&'a String> {
    one.keys().chain(other.keys()).find(|name| one.get(*name) != other.get(*name))
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
