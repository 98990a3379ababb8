//! A set of changes: which are live, what they hold, and whether they are sound.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bywash_core::ObjectId;

use super::{Change, ChangeKind, Pair, SourceKey};

/// Changes by id.
pub type ChangeSet = BTreeMap<ObjectId, Change>;

/// Why a set is a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsound {
    /// What a live rewrite saw or touched is not live.
    StandsOnNothing,
    /// Neither of two live rewrites saw the other.
    BothRewrote,
    /// A source key has two live contents.
    TwoContents,
    /// One content is held once edited and once not.
    LoadedBesideEdit,
    /// A column has two names, or is dropped and renamed.
    TwoNames,
    /// A name stands for two columns.
    TwoColumns,
    /// Rows were written in a wider type than their column would have.
    Narrower,
    /// New files are to be cut or sorted in two ways.
    TwoLayouts,
    /// New files are to be cut or sorted by a column that is gone.
    LayoutWithoutColumn,
    /// No whole files hold just these rows.
    NoTiling,
}

impl Unsound {
    /// The reason, for people.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::StandsOnNothing => "a rewrite stands on what was taken back",
            Self::BothRewrote => "both sides rewrote rows",
            Self::TwoContents => "a file has two contents",
            Self::LoadedBesideEdit => "a file was loaded again beside an edit of its rows",
            Self::TwoNames => "a column was renamed or dropped in two ways",
            Self::TwoColumns => "a name stands for two columns",
            Self::Narrower => "rows were written in the wider type of a column",
            Self::TwoLayouts => "its files are to be cut or sorted in two ways",
            Self::LayoutWithoutColumn => "its files are cut or sorted by a column that was dropped",
            Self::NoTiling => "no whole files hold just these rows",
        }
    }
}

/// The changes that no live change takes back; they take back only earlier ones, so this is well founded.
pub(super) fn live(changes: &ChangeSet) -> BTreeSet<ObjectId> {
    let mut takers: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
    for (id, change) in changes {
        for taken in &change.takes_back {
            takers.entry(*taken).or_default().push(*id);
        }
    }
    let mut verdicts: HashMap<ObjectId, bool> = HashMap::new();
    for id in changes.keys() {
        judge(*id, &takers, &mut verdicts);
    }
    changes.keys().copied().filter(|id| verdicts.get(id) == Some(&true)).collect()
}

/// Judges one change after its takers; a work list instead of recursion, since histories grow long.
fn judge(id: ObjectId, takers: &HashMap<ObjectId, Vec<ObjectId>>, verdicts: &mut HashMap<ObjectId, bool>) {
    let mut left = vec![id];
    while let Some(&next) = left.last() {
        let above = takers.get(&next).map(Vec::as_slice).unwrap_or_default();
        let open: Vec<_> = above.iter().filter(|taker| !verdicts.contains_key(taker)).copied().collect();
        if verdicts.contains_key(&next) || open.is_empty() {
            let stands = !above.iter().any(|taker| verdicts.get(taker) == Some(&true));
            verdicts.entry(next).or_insert(stands);
            left.pop();
        } else {
            left.extend(open);
        }
    }
}

/// What a table with these changes holds.
pub(super) fn holds(changes: &ChangeSet, live: &BTreeSet<ObjectId>) -> BTreeSet<Pair> {
    let rewrites: Vec<_> = live_of(changes, live).filter(|(_, change)| change.kind == ChangeKind::Rewrite).collect();
    live_of(changes, live)
        .filter_map(|(id, change)| {
            let over = rewrites.iter().filter(|(_, rewrite)| rewrite.touched.contains(&id));
            change.append.map(|append| Pair { append, rewrites: over.map(|(rewrite, _)| *rewrite).collect() })
        })
        .collect()
}

/// Why this set is a conflict, or `None`.
pub(super) fn unsound(changes: &ChangeSet) -> Option<Unsound> {
    let alive = live(changes);
    let rewrites: Vec<_> = live_of(changes, &alive).filter(|(_, change)| change.kind == ChangeKind::Rewrite).collect();
    if rewrites.iter().any(|(_, one)| !one.touched.is_subset(&alive) || !one.saw.is_subset(&alive)) {
        return Some(Unsound::StandsOnNothing);
    }
    for (place, (one_id, one)) in rewrites.iter().enumerate() {
        if rewrites[place + 1..]
            .iter()
            .any(|(other_id, other)| !other.saw.contains(one_id) && !one.saw.contains(other_id))
        {
            return Some(Unsound::BothRewrote);
        }
    }
    let loads: HashSet<(&SourceKey, Option<ObjectId>)> = live_of(changes, &alive)
        .filter_map(|(_, change)| change.source_key.as_ref().map(|key| (key, change.append)))
        .collect();
    if loads.len() > loads.iter().map(|(key, _)| key).collect::<HashSet<_>>().len() {
        return Some(Unsound::TwoContents);
    }
    let held = holds(changes, &alive);
    if held.len() > held.iter().map(|pair| pair.append).collect::<HashSet<_>>().len() {
        return Some(Unsound::LoadedBesideEdit);
    }
    None
}

fn live_of<'a>(
    changes: &'a ChangeSet,
    live: &'a BTreeSet<ObjectId>,
) -> impl Iterator<Item = (ObjectId, &'a Change)> + 'a {
    changes.iter().filter(|(id, _)| live.contains(id)).map(|(id, change)| (*id, change))
}
