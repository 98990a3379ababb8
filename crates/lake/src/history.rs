//! Walking commits: a branch's log, the commits of two sides, a commit by the beginning of its id.

use std::collections::{HashSet, VecDeque};

use bywash_core::{Code, Error, ObjectId, Result};

use crate::Lake;
use crate::objects::Commit;

const SHORTEST_PREFIX: usize = 6;

impl Lake {
    /// A commit and its first parents, newest first, at most `limit`.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn log(&self, from: ObjectId, limit: usize) -> Result<Vec<(ObjectId, Commit)>> {
        let mut found = Vec::new();
        let mut next = Some(from);
        while let Some(id) = next.filter(|_| found.len() < limit) {
            let commit = self.commit(id).await?;
            next = commit.parents.first().copied();
            found.push((id, commit));
        }
        Ok(found)
    }

    /// A commit and everything below it.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn ancestry(&self, from: ObjectId) -> Result<Vec<ObjectId>> {
        let (mut seen, mut order, mut left) = (HashSet::new(), Vec::new(), VecDeque::from([from]));
        while let Some(id) = left.pop_front() {
            if seen.insert(id) {
                order.push(id);
                left.extend(self.commit(id).await?.parents);
            }
        }
        Ok(order)
    }

    /// The nearest commit that both sides have; only for whether a *name* was dropped or created: what a table
    /// holds needs no merge base.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn common_ancestor(&self, one: ObjectId, other: ObjectId) -> Result<Option<ObjectId>> {
        let ones: HashSet<_> = self.ancestry(one).await?.into_iter().collect();
        Ok(self.ancestry(other).await?.into_iter().find(|id| ones.contains(id)))
    }

    /// The commit whose id is or begins with this text, among those that a ref or the reflog reaches.
    ///
    /// # Errors
    /// Several begin with it.
    pub(crate) async fn find_commit(&self, text: &str) -> Result<Option<ObjectId>> {
        if text.len() < SHORTEST_PREFIX || text.len() > 32 || !text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let text = text.to_ascii_lowercase();
        let mut found = HashSet::new();
        for row in self.store().reflog(None).await? {
            found.extend(row.new.filter(|id| id.to_string().starts_with(&text)));
        }
        match found.len() {
            0 => Ok(None),
            1 => Ok(found.into_iter().next()),
            several => Err(Error::new(Code::UnknownRef, format!("{several} commits begin with `{text}`"))
                .hint("write more digits of the id")),
        }
    }
}
