//! Names of columns: whether the first record holds them, and what becomes of empty and equal ones.

use std::collections::HashSet;

use super::super::columns::times::TimeFormats;
use super::super::typing::Kinds;
use super::dialect::Nulls;

/// How to know whether the first record holds names.
#[derive(Clone, Debug)]
pub(crate) enum HeaderRule {
    /// It is known.
    Known(bool),
    /// It does if it holds names of this table.
    Match(Vec<String>),
    /// It is to be seen from the records.
    Look,
}

impl HeaderRule {
    /// Whether the first of these records holds names.
    pub(super) fn decide(&self, records: &[Vec<String>], nulls: &Nulls, formats: &TimeFormats) -> bool {
        let Some((first, rest)) = records.split_first() else { return true };
        match self {
            Self::Known(known) => *known,
            Self::Look => looks_like_names(first, rest, nulls, formats),
            Self::Match(table) => {
                let fold = |name: &String| name.trim().to_lowercase();
                let known: HashSet<String> = table.iter().map(fold).collect();
                if first.iter().all(|name| known.contains(&fold(name))) {
                    true
                } else if table.len() == first.len() && table.iter().enumerate().all(|(at, name)| *name == numbered(at))
                {
                    false
                } else {
                    looks_like_names(first, rest, nulls, formats)
                }
            }
        }
    }
}

/// In doubt a first record holds names. It does not if the columns below have types that its own fields fit.
fn looks_like_names(first: &[String], rest: &[Vec<String>], nulls: &Nulls, formats: &TimeFormats) -> bool {
    if looks_like_years(first) {
        return true;
    }
    let mut typed = 0;
    for (place, name) in first.iter().enumerate() {
        let kinds = |text: &String| match nulls.is_null_typed(text.as_bytes()) {
            true => Kinds::default(),
            false => Kinds::of(text.as_bytes(), formats),
        };
        let below =
            rest.iter().filter_map(|record| record.get(place)).fold(Kinds::default(), |all, text| all | kinds(text));
        let own = kinds(name);
        if rest.is_empty() {
            if own.is_text() || own.is_none() {
                return true;
            }
            typed += 1;
        } else if !below.is_text() && !below.is_none() {
            if own.is_none() || (below | own).kind() != below.kind() {
                return true;
            }
            typed += 1;
        }
    }
    typed == 0
}

/// `country,2019,2020,2021`: numbers that are names.
fn looks_like_years(first: &[String]) -> bool {
    let years: Vec<u32> = first.iter().filter_map(|text| text.trim().parse().ok()).collect();
    years.len() >= 2
        && years.iter().all(|year| (1800..2200).contains(year))
        && years.windows(2).all(|pair| pair[0].abs_diff(pair[1]) == 1)
}

/// The name of a column that has none.
pub(crate) fn numbered(place: usize) -> String {
    format!("column_{}", place + 1)
}

/// Names without blanks around them, none empty and no two equal but for case; and what had to be changed.
pub(super) fn clean_names(fields: &[String], shown: &str) -> (Vec<String>, Vec<String>) {
    let (mut names, mut warnings) = (Vec::new(), Vec::new());
    let own: HashSet<String> = fields.iter().map(|field| field.trim().to_lowercase()).collect();
    let mut taken = HashSet::new();
    for (place, field) in fields.iter().enumerate() {
        let wanted = match field.trim() {
            "" => numbered(place),
            name => name.to_owned(),
        };
        let mut name = wanted.clone();
        let mut count = 1;
        let is_free = |name: &str, taken: &HashSet<String>| {
            let folded = name.to_lowercase();
            !taken.contains(&folded) && (name == field.trim() || !own.contains(&folded))
        };
        while !is_free(&name, &taken) {
            count += 1;
            name = format!("{wanted}_{count}");
        }
        if field.trim().is_empty() {
            warnings.push(format!("column {} of `{shown}` has no name and becomes `{name}`", place + 1));
        } else if name != wanted {
            warnings
                .push(format!("`{shown}` has more than one column `{wanted}`: number {} becomes `{name}`", place + 1));
        }
        taken.insert(name.to_lowercase());
        names.push(name);
    }
    (names, warnings)
}
