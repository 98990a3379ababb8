//! What the rows of a table come to, whatever their order and however they are cut into files (rule R4).
//!
//! A sum adds up a hash of each row, modulo 2^128: adding files adds sums, and files written anew have the sum of those
//! that they replace. Equal sums mean equal rows; that two different multisets meet by chance is as likely as that two
//! random numbers of 128 bits do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Code, Error, Result};

/// The sum of the hashes of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RowSum(pub u128);

impl RowSum {
    /// The sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl fmt::Display for RowSum {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl From<RowSum> for String {
    fn from(sum: RowSum) -> Self {
        sum.to_string()
    }
}

impl TryFrom<String> for RowSum {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        u128::from_str_radix(&text, 16).map(Self).map_err(|_| wrong(&text))
    }
}

/// Some columns of a table, by their field ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Projection(pub BTreeSet<i32>);

impl fmt::Display for Projection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, id)| {
            let comma = if place > 0 { "," } else { "" };
            write!(formatter, "{comma}{id}")
        })
    }
}

impl From<Projection> for String {
    fn from(projection: Projection) -> Self {
        projection.to_string()
    }
}

impl TryFrom<String> for Projection {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        let ids = text.split(',').filter(|id| !id.is_empty());
        ids.map(|id| i32::from_str(id).map_err(|_| wrong(&text))).collect::<Result<_>>().map(Self)
    }
}

fn wrong(text: &str) -> Error {
    Error::new(Code::TableCorrupt, format!("`{text}` is no sum of rows, nor a list of columns"))
}

/// What the rows of a file or a table come to: whole, and seen through some columns only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSums {
    /// Of whole rows.
    pub whole: RowSum,
    /// Of rows of which only these columns are seen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub projections: BTreeMap<Projection, RowSum>,
}

impl RowSums {
    /// Of all the rows of some files: what is known of every one of them. `None` if of one not even the whole is known.
    #[must_use]
    pub fn of_all<'a>(parts: impl IntoIterator<Item = Option<&'a Self>>) -> Option<Self> {
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else { return Some(Self::default()) };
        parts.try_fold(first?.clone(), |sums, part| Some(sums.plus(part?)))
    }

    fn plus(self, other: &Self) -> Self {
        let both = |(projection, sum): (Projection, RowSum)| {
            let other = other.projections.get(&projection)?;
            Some((projection, sum.plus(*other)))
        };
        Self {
            whole: self.whole.plus(other.whole),
            projections: self.projections.into_iter().filter_map(both).collect(),
        }
    }

    /// The sum that tells most exactly whether rows changed in these columns, and the columns that it was made of;
    /// none for whole rows.
    #[must_use]
    pub fn seen_through(&self, columns: &BTreeSet<i32>) -> (Option<&Projection>, RowSum) {
        let holding = self.projections.iter().filter(|(projection, _)| projection.0.is_superset(columns));
        match holding.min_by_key(|(projection, _)| projection.0.len()) {
            Some((projection, sum)) => (Some(projection), *sum),
            None => (None, self.whole),
        }
    }
}
