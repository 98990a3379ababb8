//! A catalog is kept with its own tables: used with another warehouse, it would lose some and mix others.

use std::fmt::Display;

use bywash_core::{Code, Error};

/// The error of a catalog whose tables lie elsewhere than the settings say.
pub(super) fn of_other_tables(place: impl Display, bound: &str, location: &str) -> Error {
    let shown = |location: &str| location.strip_prefix("file://").unwrap_or(location).to_owned();
    let (bound, location) = (shown(bound), shown(location));
    Error::new(
        Code::InvalidSetting,
        format!("the tables of the catalog `{place}` lie in `{bound}`, and not in `{location}`"),
    )
    .hint("`[lake] warehouse` or `path` names where they lie; several machines need one address that all of them reach")
    .hint("if the files were moved: `bywash doctor --relocate` says so to the catalog and to the tables")
}
