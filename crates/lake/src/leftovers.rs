//! Files of the warehouse that nothing refers to: what a crash or a lost connection leaves (rule T1).
//!
//! A file is referred to when an entry of any commit of a ref or of the reflog, or a kept output, reaches it. What a
//! write under way has not committed yet counts as left over too, so a count is a note; `gc` knows more, and deletes.

use std::collections::HashSet;

use bywash_core::{ObjectId, Result};

use crate::Lake;
use crate::gc::mark::Marking;

/// Files that nothing refers to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// How many.
    pub files: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Lake {
    /// Counts the files of the warehouse that nothing refers to.
    ///
    /// # Errors
    /// The catalog or a table's metadata cannot be read.
    pub async fn leftovers(&self) -> Result<Leftovers> {
        let listed = self.listed_files().await?;
        let marking = self.everything_referred_to().await?;
        let left = listed.iter().filter(|(path, _)| !marking.has_file(path));
        Ok(left
            .fold(Leftovers::default(), |sum, (_, size)| Leftovers { files: sum.files + 1, bytes: sum.bytes + size }))
    }

    /// What every ref, everything that a ref has ever pointed to and still exists, and every kept output reaches.
    async fn everything_referred_to(&self) -> Result<Marking<'_>> {
        let mut marking = Marking::new(self);
        for row in self.store().refs().await? {
            marking.commit(row.commit).await?;
        }
        let log: Vec<ObjectId> = self.store().reflog(None).await?.into_iter().filter_map(|row| row.new).collect();
        let collected: HashSet<ObjectId> = self.store().absent(&log).await?.into_iter().collect();
        for commit in log.into_iter().filter(|commit| !collected.contains(commit)) {
            marking.commit(commit).await?;
        }
        for output in self.store().outputs().await? {
            marking.output(&output).await?;
        }
        Ok(marking)
    }
}
