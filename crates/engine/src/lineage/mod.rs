//! Where the columns of a statement come from: which columns of the tables that it reads hand on their values, and which
//! merely decide (a filter, a join key, what a window is ordered by).
//!
//! Told by the plan before the optimizer, which still has everything that was written; no row is read.

mod origins;
mod relation;

use std::collections::BTreeMap;

pub use origins::{Origin, Origins};

use crate::session::Planned;

impl Planned {
    /// The origins of each column of the answer.
    #[must_use]
    pub fn lineage(&self) -> BTreeMap<String, Origins> {
        let relation = relation::Reader::default().relation(self.logical(), None);
        let names = self.logical().schema().fields().iter().map(|field| field.name().clone());
        names.zip(relation.columns).map(|(name, column)| (name, column.decided_by(&relation.rows))).collect()
    }
}
