//! What a run was made of besides tables, as its commit keeps it: the project's files, and what was asked. With both, a
//! run can be done again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use bywash_core::ObjectId;

use super::Named;

/// The content of a file: an object of just its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileContent(pub ObjectId);

impl Named for FileContent {
    fn names(&self, tell: &mut dyn FnMut(ObjectId)) {
        tell(self.0);
    }
}

/// What a run was asked, as far as it decides what comes out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The texts of parameters by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Whether everything selected was computed from all of its inputs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full_refresh: bool,
    /// The nodes whose tables were kept as somebody else had written them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub adopt: BTreeSet<String>,
    /// The nodes whose tables were written over what somebody else had written.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub overwrite: BTreeSet<String>,
}
