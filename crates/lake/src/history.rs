//! Walking commits: a branch's log, everything below a commit, a commit by the beginning of its id.

use std::collections::{HashSet, VecDeque};

use futures::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};

use bywash_core::{Code, Error, ObjectId, Result};

use crate::Lake;
use crate::objects::Commit;

const SHORTEST_PREFIX: usize = 6;

impl Lake {
    /// A commit and its first parents, newest first, each read when it is asked for. Fails where the catalog cannot
    /// be read.
    pub fn first_parents(&self, from: ObjectId) -> BoxStream<'_, Result<(ObjectId, Commit)>> {
        let commits = stream::try_unfold(Some(from), async |next| {
            let Some(id) = next else { return Ok(None) };
            let commit = self.commit(id).await?;
            let next = commit.parents.first().copied();
            Ok(Some(((id, commit), next)))
        });
        commits.boxed()
    }

    /// The same at once, at most `limit`.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn log(&self, from: ObjectId, limit: usize) -> Result<Vec<(ObjectId, Commit)>> {
        self.first_parents(from).take(limit).try_collect().await
    }

    /// A commit and everything below it.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub(crate) async fn ancestry(&self, from: ObjectId) -> Result<Vec<ObjectId>> {
        let (mut seen, mut order, mut left) = (HashSet::new(), Vec::new(), VecDeque::from([from]));
        while let Some(id) = left.pop_front() {
            if seen.insert(id) {
                order.push(id);
                left.extend(self.commit(id).await?.parents);
            }
        }
        Ok(order)
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
