//! What two commits have in common.
//!
//! A commit's generation is above that of everything below it, so a walk from the highest down has met all ways to a
//! commit when it comes to it, and may stop as soon as nothing but common history is left. Source: the generation
//! numbers of git's commit graph, and its `paint_down_to_common`.

use std::collections::{BTreeSet, BinaryHeap, HashMap};

use bywash_core::{ObjectId, Result};

use crate::Lake;

/// From where a commit was reached.
type Paint = u8;

const ONE: Paint = 1;
const OTHER: Paint = 2;
/// A common ancestor stands above it.
const BELOW: Paint = 4;

impl Lake {
    /// The commits that both sides have and that stand below no other such commit: one, none, or after criss-cross
    /// merges several.
    ///
    /// Only for whether a *name* was dropped or created: what a table holds needs no merge base.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn common_ancestors(&self, one: ObjectId, other: ObjectId) -> Result<BTreeSet<ObjectId>> {
        let (mut walk, mut found) = (Walk::default(), BTreeSet::new());
        walk.paint(self, one, ONE).await?;
        walk.paint(self, other, OTHER).await?;
        while let Some(id) = walk.next() {
            let mut paint = walk.paints(id);
            if paint == ONE | OTHER {
                found.insert(id);
                paint |= BELOW;
            }
            for parent in walk.parents(id) {
                walk.paint(self, parent, paint).await?;
            }
        }
        found.retain(|id| walk.paints(*id) & BELOW == 0);
        Ok(found)
    }

    /// Whether `one` is `other` or stands below it.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn is_ancestor(&self, one: ObjectId, other: ObjectId) -> Result<bool> {
        Ok(self.common_ancestors(one, other).await?.contains(&one))
    }
}

/// The commits that were reached.
#[derive(Default)]
struct Walk {
    reached: HashMap<ObjectId, Reached>,
    /// Those whose parents do not know yet how they were reached.
    left: BinaryHeap<(u64, ObjectId)>,
    /// A catalog's first commits may be older than generations; then the walk goes to the end.
    has_unnumbered: bool,
}

struct Reached {
    generation: u64,
    parents: Vec<ObjectId>,
    paint: Paint,
}

impl Walk {
    async fn paint(&mut self, lake: &Lake, id: ObjectId, paint: Paint) -> Result<()> {
        if !self.reached.contains_key(&id) {
            let commit = lake.commit(id).await?;
            self.has_unnumbered |= commit.generation == 0;
            self.reached.insert(id, Reached { generation: commit.generation, parents: commit.parents, paint: 0 });
        }
        if let Some(reached) = self.reached.get_mut(&id).filter(|reached| reached.paint & paint != paint) {
            reached.paint |= paint;
            self.left.push((reached.generation, id));
        }
        Ok(())
    }

    /// The highest commit that is left, if it can still lead to a common ancestor.
    fn next(&mut self) -> Option<ObjectId> {
        let can_lead = |(_, id): &(u64, ObjectId)| self.paints(*id) & BELOW == 0;
        if !self.has_unnumbered && !self.left.iter().any(can_lead) {
            return None;
        }
        self.left.pop().map(|(_, id)| id)
    }

    fn paints(&self, id: ObjectId) -> Paint {
        self.reached.get(&id).map_or(0, |reached| reached.paint)
    }

    fn parents(&self, id: ObjectId) -> Vec<ObjectId> {
        self.reached.get(&id).map(|reached| reached.parents.clone()).unwrap_or_default()
    }
}
