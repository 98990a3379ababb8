//! Rule T3: the ids of a table come from counters that all branches share, and none stands for two things.
//!
//! What was read is checked again by the transaction that commits: if another one has given out the same id for
//! something else, or given one up, the commit is refused and its work done again.

use std::collections::BTreeSet;

use bywash_core::{Error, ObjectId, Result};
use bywash_iceberg_spec::Type;
use serde::Serialize;

use crate::objects::Objects;
use crate::store::FieldIdRow;
use crate::tables::IdSource;

/// The field ids of one table.
pub struct TableIds<'a> {
    objects: &'a Objects,
    uuid: String,
    given: Vec<FieldIdRow>,
    given_up: BTreeSet<i32>,
    last: i32,
}

impl<'a> TableIds<'a> {
    /// Those of a table that is about to be created.
    #[must_use]
    pub fn of_new(objects: &'a Objects, uuid: &str) -> Self {
        Self { objects, uuid: uuid.to_owned(), given: Vec::new(), given_up: BTreeSet::new(), last: 0 }
    }

    /// Those of a table that exists; `last` is the greatest id that its metadata knows.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn load(objects: &'a Objects, uuid: &str, last: i32) -> Result<Self> {
        let given = objects.ids(uuid).await?;
        let given_up = objects.ids(&FieldIdRow::given_up(uuid)).await?.into_iter().map(|row| row.id).collect();
        let last = given.iter().map(|row| row.id).fold(last, i32::max);
        Ok(Self { objects, uuid: uuid.to_owned(), given, given_up, last })
    }

    /// The greatest id given out on any branch.
    #[must_use]
    pub const fn last(&self) -> i32 {
        self.last
    }

    /// From now on this id stands for its name and type on no branch that does not have it yet.
    pub fn give_up(&mut self, id: i32) {
        self.given_up.insert(id);
        let table_uuid = FieldIdRow::given_up(&self.uuid);
        self.objects.give_out(FieldIdRow { table_uuid, parent: 0, name: String::new(), kind: String::new(), id });
    }
}

impl IdSource for TableIds<'_> {
    /// The same name and type under the same parent have the same id, unless some branch gave it up.
    fn id(&mut self, parent: i32, name: &str, kind: &Type) -> i32 {
        let kind = kind.to_string();
        let is_same = |row: &&FieldIdRow| {
            row.parent == parent && row.name == name && row.kind == kind && !self.given_up.contains(&row.id)
        };
        let row = self.given.iter().find(is_same).cloned().unwrap_or_else(|| FieldIdRow {
            table_uuid: self.uuid.clone(),
            parent,
            name: name.to_owned(),
            kind,
            id: self.last + 1,
        });
        self.last = self.last.max(row.id);
        self.objects.give_out(row.clone());
        row.id
    }
}

/// The id of something else than a field, in a space of its own: equal values have equal ids. A new one is at least
/// `least`.
pub(crate) async fn id_of(
    objects: &Objects,
    uuid: &str,
    space: &str,
    value: &impl Serialize,
    least: i32,
) -> Result<i32> {
    let table_uuid = format!("{uuid}/{space}");
    let kind = serde_json::to_string(value).map_err(|error| Error::bug(error.to_string()))?;
    let name = ObjectId::of(kind.as_bytes()).to_string();
    let known = objects.ids(&table_uuid).await?;
    let next = known.iter().map(|row| row.id + 1).fold(least, i32::max);
    let row = known.into_iter().find(|row| row.name == name);
    let row = row.unwrap_or(FieldIdRow { table_uuid, parent: 0, name, kind, id: next });
    let id = row.id;
    objects.give_out(row);
    Ok(id)
}

/// What an id of such a space stands for.
pub(crate) async fn value_of(objects: &Objects, uuid: &str, space: &str, id: i32) -> Result<Option<String>> {
    let known = objects.ids(&format!("{uuid}/{space}")).await?;
    Ok(known.into_iter().find(|row| row.id == id).map(|row| row.kind))
}
