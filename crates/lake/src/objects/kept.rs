//! What the object of a kept output holds (rule R3).

use std::collections::BTreeMap;

use bywash_core::Result;
use serde_json::Value;

use super::{Entry, Objects};
use crate::store::Output;

/// The entries that a kept output names; a test that passed keeps a word, and names none.
///
/// # Errors
/// The catalog cannot be read.
pub(crate) async fn kept_entries(objects: &Objects, output: &Output) -> Result<BTreeMap<String, Entry>> {
    match objects.read(output.entry).await? {
        Value::Object(_) => objects.read(output.entry).await,
        _ => Ok(BTreeMap::new()),
    }
}
