//! The columns of a table as its set of changes tells them (rules T3 and T4).
//!
//! A column, or a part of a nested one, is a field id; where it hangs and as what it came never changes. Its name, type,
//! place and whether it is required are told by live schema changes, each kind by itself: a rename on one branch and a
//! wider type on another stand side by side. A table whose columns never changed has no such change.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use bywash_core::ObjectId;
use bywash_iceberg_spec::{Field, Schema, Type};

use super::layout::Layout;
use super::{Change, ChangeSet, Unsound};

/// What a table was created with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its columns and their parts, each after what it hangs on.
    pub fields: Vec<NewField>,
    /// How its files are cut and sorted.
    #[serde(default)]
    pub layout: Layout,
}

/// A column, or a part of one, as it came to the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewField {
    /// Its id.
    pub id: i32,
    /// The field that it is a part of; 0 for a column.
    pub parent: i32,
    /// Its name.
    pub name: String,
    /// Its type; of a nested one only `struct`, `list` or `map`.
    pub kind: String,
    /// Whether nulls are forbidden.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
}

/// One change of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnChange {
    /// Which.
    pub field_id: i32,
    /// What becomes of it.
    pub what: FieldChange,
}

/// What becomes of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldChange {
    /// It comes.
    Add(NewField),
    /// It goes.
    Drop,
    /// It is called so from now on.
    Rename(String),
    /// It holds values of a wider type.
    Widen(String),
    /// Nulls are allowed.
    Optional,
    /// It stands elsewhere.
    Move {
        /// The field that it stands behind; `None`: it is the first.
        after: Option<i32>,
        /// How many moves there were before, so that of two moves the later one is made later.
        step: u64,
    },
}

/// What of a column a change tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Facet {
    Name,
    Kind,
    Required,
    Place,
}

impl FieldChange {
    const fn facet(&self) -> Facet {
        match self {
            Self::Add(_) | Self::Drop | Self::Rename(_) => Facet::Name,
            Self::Widen(_) => Facet::Kind,
            Self::Optional => Facet::Required,
            Self::Move { .. } => Facet::Place,
        }
    }

    /// The name that it gives, if names are what it is about.
    fn name(&self) -> Option<Option<&str>> {
        match self {
            Self::Add(field) => Some(Some(&field.name)),
            Self::Rename(name) => Some(Some(name)),
            Self::Drop => Some(None),
            _ => None,
        }
    }
}

impl ColumnChange {
    /// Whether both tell the same of one column, so that the later takes back the earlier.
    fn replaces(&self, earlier: &Self) -> bool {
        self.field_id == earlier.field_id && self.what.facet() == earlier.what.facet()
    }

    /// Whether it tells the column's name. Who drops, renames or reverts gives the id up (rule T3).
    #[must_use]
    pub fn names(&self) -> bool {
        self.what.facet() == Facet::Name
    }
}

impl Created {
    /// What a table with these columns is created with.
    #[must_use]
    pub fn new(schema: &Schema, layout: Layout) -> Self {
        let mut fields = Vec::new();
        flatten(&schema.fields, 0, &mut fields);
        Self { fields, layout }
    }
}

/// A field and its parts, the field first.
#[must_use]
pub fn new_fields(field: &Field, parent: i32) -> Vec<NewField> {
    let mut fields = Vec::new();
    flatten(std::slice::from_ref(field), parent, &mut fields);
    fields
}

fn flatten<'a>(of: impl IntoIterator<Item = &'a Field>, parent: i32, into: &mut Vec<NewField>) {
    for field in of {
        into.push(NewField {
            id: field.id,
            parent,
            name: field.name.clone(),
            kind: flat(&field.kind),
            required: field.required,
            doc: field.doc.clone(),
        });
        flatten(field.kind.children(), field.id, into);
    }
}

fn flat(kind: &Type) -> String {
    match kind {
        Type::Struct(_) => "struct".to_owned(),
        Type::List(_) => "list".to_owned(),
        Type::Map(..) => "map".to_owned(),
        primitive => primitive.to_string(),
    }
}

/// The earlier changes that a new one of a column takes back.
pub(super) fn replaced_by(change: &ColumnChange, changes: &ChangeSet) -> BTreeSet<ObjectId> {
    let is_replaced = |earlier: &Change| earlier.column.as_deref().is_some_and(|earlier| change.replaces(earlier));
    changes.iter().filter(|(_, earlier)| is_replaced(earlier)).map(|(id, _)| *id).collect()
}

/// How many moves there were.
pub(super) fn steps(changes: &ChangeSet) -> u64 {
    let of = |change: &FieldChange| if let FieldChange::Move { step, .. } = change { *step } else { 0 };
    changes.values().filter_map(|change| change.column.as_ref()).map(|column| of(&column.what)).max().unwrap_or(0)
}

/// The types that live changes widened columns to.
pub(super) fn widened(changes: &ChangeSet, live: &BTreeSet<ObjectId>) -> BTreeMap<i32, Type> {
    let mut found: BTreeMap<i32, Type> = BTreeMap::new();
    for column in live_columns(changes, live) {
        let FieldChange::Widen(kind) = &column.what else { continue };
        let Ok(kind) = Type::parse(kind) else { continue };
        match found.get(&column.field_id) {
            Some(known) if !known.widens_to(&kind) => {}
            _ => _ = found.insert(column.field_id, kind),
        }
    }
    found
}

/// The columns; `None` if they are those that the table was created with.
pub(super) fn columns(changes: &ChangeSet, live: &BTreeSet<ObjectId>) -> Result<Option<Vec<Field>>, Unsound> {
    let Some(created) = changes.values().find_map(|change| change.created.as_ref()) else { return Ok(None) };
    let mut known: BTreeMap<i32, &NewField> = created.fields.iter().map(|field| (field.id, field)).collect();
    for change in changes.values().filter_map(|change| change.column.as_ref()) {
        if let FieldChange::Add(field) = &change.what {
            known.entry(field.id).or_insert(field);
        }
    }
    let columns = Columns {
        names: names(created, changes, live)?,
        kinds: widened(changes, live),
        optional: live_columns(changes, live)
            .filter(|column| column.what == FieldChange::Optional)
            .map(|column| column.field_id)
            .collect(),
        order: order(created, &known, changes, live),
        known,
    };
    columns.below(0).map(Some)
}

/// The name of each field that has one.
fn names<'a>(
    created: &'a Created,
    changes: &'a ChangeSet,
    live: &'a BTreeSet<ObjectId>,
) -> Result<BTreeMap<i32, Option<&'a str>>, Unsound> {
    let mut told: BTreeMap<i32, Option<&str>> = BTreeMap::new();
    for column in live_columns(changes, live) {
        let Some(name) = column.what.name() else { continue };
        if *told.entry(column.field_id).or_insert(name) != name {
            return Err(Unsound::TwoNames);
        }
    }
    for field in &created.fields {
        told.entry(field.id).or_insert(Some(&field.name));
    }
    Ok(told)
}

/// All fields in the order in which they stand, whether or not they have a name.
fn order(
    created: &Created,
    known: &BTreeMap<i32, &NewField>,
    changes: &ChangeSet,
    live: &BTreeSet<ObjectId>,
) -> Vec<i32> {
    let first: Vec<i32> = created.fields.iter().map(|field| field.id).collect();
    let later = known.keys().filter(|id| !first.contains(id)).copied().collect::<Vec<_>>();
    let mut order: Vec<i32> = first.into_iter().chain(later).collect();
    let mut moves: Vec<(u64, i32, Option<i32>)> = live_columns(changes, live)
        .filter_map(|column| match &column.what {
            FieldChange::Move { after, step } => Some((*step, column.field_id, *after)),
            _ => None,
        })
        .collect();
    moves.sort_unstable();
    for (_, id, after) in moves {
        order.retain(|other| *other != id);
        let place = match after {
            None => 0,
            Some(after) => order.iter().position(|other| *other == after).map_or(order.len(), |place| place + 1),
        };
        order.insert(place, id);
    }
    order
}

struct Columns<'a> {
    known: BTreeMap<i32, &'a NewField>,
    names: BTreeMap<i32, Option<&'a str>>,
    kinds: BTreeMap<i32, Type>,
    optional: BTreeSet<i32>,
    order: Vec<i32>,
}

impl Columns<'_> {
    /// The fields that hang on one.
    fn below(&self, parent: i32) -> Result<Vec<Field>, Unsound> {
        let (mut fields, mut seen) = (Vec::new(), BTreeSet::new());
        for id in &self.order {
            let Some(new) = self.known.get(id).filter(|new| new.parent == parent) else { continue };
            let Some(name) = self.names.get(id).copied().flatten() else { continue };
            if !seen.insert(name) {
                return Err(Unsound::TwoColumns);
            }
            fields.push(Field {
                id: *id,
                name: name.to_owned(),
                required: new.required && !self.optional.contains(id),
                kind: self.kind(new)?,
                doc: new.doc.clone(),
            });
        }
        Ok(fields)
    }

    fn kind(&self, field: &NewField) -> Result<Type, Unsound> {
        let parts = || self.below(field.id);
        Ok(match field.kind.as_str() {
            "struct" => Type::Struct(parts()?),
            "list" => match <[Field; 1]>::try_from(parts()?) {
                Ok([element]) => Type::List(Box::new(element)),
                Err(_) => return Err(Unsound::TwoColumns),
            },
            "map" => match <[Field; 2]>::try_from(parts()?) {
                Ok([key, value]) => Type::Map(Box::new(key), Box::new(value)),
                Err(_) => return Err(Unsound::TwoColumns),
            },
            primitive => match self.kinds.get(&field.id) {
                Some(wider) => wider.clone(),
                None => Type::parse(primitive).map_err(|_| Unsound::TwoColumns)?,
            },
        })
    }
}

fn live_columns<'a>(changes: &'a ChangeSet, live: &'a BTreeSet<ObjectId>) -> impl Iterator<Item = &'a ColumnChange> {
    changes.iter().filter(|(id, _)| live.contains(id)).filter_map(|(_, change)| change.column.as_deref())
}
