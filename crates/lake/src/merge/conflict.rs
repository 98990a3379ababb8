//! What a conflict says: the table, the commits of each side that changed it, and the commands that resolve it.

use std::collections::BTreeSet;

use bywash_core::{Code, Error, ObjectId, Result, TableName};

use super::Lake;
use crate::Head;
use crate::objects::Commit;

/// So many commits of a side are shown.
const MOST_SHOWN: usize = 5;
/// So far back they are looked for.
const FARTHEST: usize = 1_000;

/// The two sides of a merge, for messages.
pub(super) struct Opponents<'a> {
    pub(super) target: &'a Head,
    pub(super) source: &'a Head,
}

impl Opponents<'_> {
    pub(super) fn target_text(&self) -> String {
        text(self.target)
    }

    pub(super) fn source_text(&self) -> String {
        text(self.source)
    }
}

impl Lake {
    /// All conflicts of a merge as one error.
    pub(super) async fn conflicts(
        &self,
        conflicts: Vec<(TableName, &'static str)>,
        opponents: &Opponents<'_>,
    ) -> Result<Error> {
        let bases = self.common_ancestors(opponents.target.id, opponents.source.id).await?;
        let mut errors = Vec::with_capacity(conflicts.len());
        for (name, reason) in &conflicts {
            let mut error = Error::new(Code::MergeConflict, format!("`{name}` cannot be merged: {reason}"));
            for head in [opponents.target, opponents.source] {
                error = error.hint(format!("{} did: {}", text(head), self.what_it_did(head, &bases, name).await?));
            }
            errors.push(error);
        }
        if let Some(last) = errors.pop() {
            errors.push(last.hint(how_to_resolve(&conflicts, opponents)));
        }
        Error::all(errors).ok_or_else(|| Error::bug("a merge without a conflict was called one"))
    }

    /// The commits of a side that changed a table, newest first.
    async fn what_it_did(&self, head: &Head, bases: &BTreeSet<ObjectId>, name: &TableName) -> Result<String> {
        let mut did = Vec::new();
        let log = self.log(head.id, FARTHEST).await?;
        let own = log.iter().take_while(|(id, _)| !bases.contains(id));
        for (place, (id, commit)) in own.enumerate() {
            let parent = log.get(place + 1).map(|(_, parent)| parent);
            if did.len() <= MOST_SHOWN && self.has_changed(name, commit, parent).await? {
                did.push(format!("{} {}", id.short(), commit.message));
            }
        }
        Ok(match did.as_slice() {
            [] => "nothing by itself: it came with a merge".to_owned(),
            [shown @ .., _] if did.len() > MOST_SHOWN => format!("{}; and more", shown.join("; ")),
            shown => shown.join("; "),
        })
    }

    async fn has_changed(&self, name: &TableName, commit: &Commit, parent: Option<&Commit>) -> Result<bool> {
        let before = match parent {
            Some(parent) => self.entry(parent, name).await?,
            None => None,
        };
        Ok(self.entry(commit, name).await? != before)
    }
}

/// The commands that take one side of these tables.
fn how_to_resolve(conflicts: &[(TableName, &'static str)], opponents: &Opponents<'_>) -> String {
    let names = conflicts.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(",");
    let (target, source) = (opponents.target_text(), opponents.source_text());
    format!(
        "take one side whole: `bywash merge {source} --into {target} --theirs {names}` (or `--ours {names}`); or take \
         back some of it first: `bywash revert COMMIT --ref {source}`"
    )
}

fn text(head: &Head) -> String {
    head.name.as_ref().map_or_else(|| head.id.short(), ToString::to_string)
}
