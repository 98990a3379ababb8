//! What two commits have in common, against a walk of everything.

use std::collections::BTreeSet;
use std::time::Duration;

use bywash_core::{ObjectId, RefName};
use bywash_lake::objects::Commit;
use bywash_lake::store::Transaction;
use bywash_lake::{Lake, LakePlace};
use proptest::prelude::*;

/// A history: each commit has one or two of those before it as parents.
struct History {
    lake: Lake,
    ids: Vec<ObjectId>,
    /// Each commit's place and those of everything below it.
    below: Vec<BTreeSet<usize>>,
}

impl History {
    /// Without numbers it is as catalogs had it before commits counted their generations.
    async fn of(folder: &std::path::Path, parents: &[(usize, usize)], numbered: bool) -> Self {
        let lake = Lake::open(&LakePlace::folder(folder), Duration::from_secs(5)).await.unwrap();
        let objects = lake.objects();
        let first = lake.branch(&RefName::main()).await.unwrap().commit;
        let (mut commits, mut ids, mut below) = (Vec::<Commit>::new(), Vec::new(), Vec::new());
        for (place, (one, other)) in parents.iter().enumerate() {
            let mut commit = Commit { parents: Vec::new(), message: place.to_string(), ..first.clone() };
            commit.generation = u64::from(numbered);
            let mut mine = BTreeSet::from([place]);
            for parent in BTreeSet::from([one % place.max(1), other % place.max(1)]).into_iter().filter(|_| place > 0) {
                commit.add_parent(ids[parent], &commits[parent]);
                mine.extend::<&BTreeSet<usize>>(&below[parent]);
            }
            ids.push(objects.add(&commit).unwrap());
            commits.push(commit);
            below.push(mine);
        }
        assert!(lake.transact(&objects, Transaction::default()).await.unwrap());
        Self { lake, ids, below }
    }

    fn expected(&self, one: usize, other: usize) -> BTreeSet<ObjectId> {
        let common: Vec<usize> = self.below[one].intersection(&self.below[other]).copied().collect();
        let is_best =
            |place: &&usize| !common.iter().any(|above| above != *place && self.below[*above].contains(place));
        common.iter().filter(is_best).map(|place| self.ids[*place]).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn t4_common_ancestors_are_those_that_no_other_stands_above(
        parents in prop::collection::vec((0..1000_usize, 0..1000_usize), 1..14),
        numbered in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let history = History::of(folder.path(), &parents, numbered).await;
            for one in 0..parents.len() {
                for other in 0..parents.len() {
                    let (first, second) = (history.ids[one], history.ids[other]);
                    let found = history.lake.common_ancestors(first, second).await.unwrap();
                    prop_assert_eq!(found, history.expected(one, other), "{} and {}", one, other);
                    let is_ancestor = history.lake.is_ancestor(first, second).await.unwrap();
                    prop_assert_eq!(is_ancestor, history.below[other].contains(&one));
                }
            }
            Ok(())
        })?;
    }
}
