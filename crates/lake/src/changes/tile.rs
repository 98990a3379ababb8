//! A tile: data files that together hold exactly certain pairs. A table's files are an exact tiling of what it holds.
//!
//! A tile can have no file at all: rows that a rewrite deleted are still accounted for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use bywash_core::{ObjectId, ObjectIdBuilder};
use bywash_iceberg_spec::{DataFile, Type};

use super::Pair;
use crate::storage::below_warehouse;

/// Data files, and the pairs that they hold together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// What the files hold, all of it and nothing else.
    pub covers: BTreeSet<Pair>,
    /// The files, by their paths relative to the warehouse: a tile stays right when the lake moves (rule T9).
    #[serde(deserialize_with = "read_files")]
    pub files: Vec<DataFile>,
    /// The types in which the files hold columns that were widened before they were written, by field id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub widened: BTreeMap<i32, String>,
    /// Whether the entry's snapshot has these files; otherwise they are history.
    pub current: bool,
}

impl Tile {
    /// A tile of the present.
    #[must_use]
    pub fn new(covers: BTreeSet<Pair>, files: Vec<DataFile>) -> Self {
        Self { covers, files, widened: BTreeMap::new(), current: true }
    }

    /// The same, of files that hold columns in these types.
    #[must_use]
    pub(super) fn widened_to(mut self, kinds: &BTreeMap<i32, Type>) -> Self {
        if !self.files.is_empty() {
            self.widened.extend(kinds.iter().map(|(id, kind)| (*id, kind.to_string())));
        }
        self
    }

    /// Whether all of its values fit columns that were widened to these types.
    pub(super) fn fits(&self, kinds: &BTreeMap<i32, Type>) -> bool {
        self.widened.iter().all(|(id, written)| {
            let written = Type::parse(written).ok();
            kinds.get(id).zip(written).is_some_and(|(kind, written)| written.widens_to(kind))
        })
    }

    /// The tile's id: what it covers and which files, whether or not it is current.
    #[must_use]
    pub fn id(&self) -> ObjectId {
        let mut builder = ObjectIdBuilder::default();
        for pair in &self.covers {
            builder = builder.part("pair").part(pair.append.as_bytes());
            for rewrite in &pair.rewrites {
                builder = builder.part(rewrite.as_bytes());
            }
        }
        for file in &self.files {
            builder = builder.part("file").part(&file.path);
        }
        builder.finish()
    }
}

/// Whole tiles that cover exactly what is wanted: those of the present first, then earlier piles and larger tiles; only
/// such as may be taken. `None` if there are none.
pub(super) fn tiling(
    wanted: &BTreeSet<Pair>,
    piles: &[&BTreeMap<ObjectId, Tile>],
    may_be_taken: impl Fn(&Tile) -> bool,
) -> Option<BTreeSet<ObjectId>> {
    let mut tiles: Vec<_> = piles
        .iter()
        .enumerate()
        .flat_map(|(pile, tiles)| tiles.iter().map(move |(id, tile)| (pile, *id, tile)))
        .collect();
    tiles.sort_by_key(|(pile, id, tile)| (!tile.current, *pile, std::cmp::Reverse(tile.covers.len()), *id));
    let (mut chosen, mut covered) = (BTreeSet::new(), BTreeSet::new());
    for (_, id, tile) in tiles {
        if tile.covers.is_subset(wanted) && covered.is_disjoint(&tile.covers) && may_be_taken(tile) {
            covered.extend(tile.covers.iter().cloned());
            chosen.insert(id);
        }
    }
    (covered == *wanted).then_some(chosen)
}

/// The first catalogs named the files by where they lay.
fn read_files<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DataFile>, D::Error> {
    let mut files = Vec::<DataFile>::deserialize(deserializer)?;
    for file in &mut files {
        file.path = below_warehouse(&file.path).map_err(serde::de::Error::custom)?.to_string();
    }
    Ok(files)
}
