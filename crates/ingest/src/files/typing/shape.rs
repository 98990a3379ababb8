//! What has been seen of a JSON value in one place: its kinds, its fields, its items.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};

use super::kinds::Kinds;

/// Everything seen in one place, joined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// The scalars seen; a string is always text here, even one that looks like a date.
    pub(crate) kinds: Kinds,
    fields: Option<ShapeFields>,
    item: Option<Box<Shape>>,
}

/// The fields of objects, in the order first seen.
#[derive(Clone, Debug, Default)]
struct ShapeFields {
    names: Vec<Arc<str>>,
    shapes: Vec<Shape>,
    index: HashMap<Arc<str>, usize>,
}

impl Shape {
    /// Notes an object.
    pub(crate) fn object(&mut self) {
        self.fields.get_or_insert_default();
    }

    /// The shape of a field, which is likely the one at `expected`; and its place.
    pub(crate) fn field(&mut self, name: &str, expected: usize) -> (&mut Self, usize) {
        let fields = self.fields.get_or_insert_default();
        let place = match fields.names.get(expected) {
            Some(known) if **known == *name => expected,
            _ => fields.place(name),
        };
        (&mut fields.shapes[place], place)
    }

    /// The shape of the items of an array.
    pub(crate) fn item(&mut self) -> &mut Self {
        self.item.get_or_insert_default()
    }

    /// Adds what was seen elsewhere.
    pub(crate) fn join(&mut self, other: Self) {
        self.kinds |= other.kinds;
        if let Some(item) = other.item {
            self.item().join(*item);
        }
        if let Some(fields) = other.fields {
            self.object();
            for (expected, (name, shape)) in fields.names.iter().zip(fields.shapes).enumerate() {
                self.field(name, expected).0.join(shape);
            }
        }
    }

    /// How many columns it comes to.
    pub(crate) fn leaves(&self) -> usize {
        let item = self.item.as_ref().map_or(0, |item| item.leaves());
        let fields = self.fields.as_ref().map_or(0, |fields| fields.shapes.iter().map(Self::leaves).sum());
        (item + fields).max(1)
    }

    /// The type that holds everything seen; `Null` if nothing was. What has no type of its own is JSON as text.
    pub(crate) fn kind(&self) -> DataType {
        match (&self.fields, &self.item) {
            (None, None) => self.kinds.kind(),
            (Some(fields), None) if self.kinds.is_none() => match fields.names.is_empty() {
                true => DataType::Null,
                false => DataType::Struct(fields.arrow().into()),
            },
            (None, Some(item)) if self.kinds.is_none() => {
                DataType::List(Arc::new(Field::new("item", item.kind(), true)))
            }
            _ => DataType::Utf8,
        }
    }

    /// Why what stands here has to be read as text, unless it is text.
    pub(crate) fn why_text(&self) -> Option<String> {
        let several = [self.fields.is_some(), self.item.is_some(), !self.kinds.is_none()];
        if several.iter().filter(|there| **there).count() > 1 {
            return Some("it holds objects or arrays besides other values, and is kept as JSON".to_owned());
        }
        if self.kinds.loss().is_some() {
            return Some("its numbers have more digits than a type holds".to_owned());
        }
        if self.kinds.is_word() && self.kinds.is_typed() {
            return Some("it holds texts besides other values".to_owned());
        }
        self.kinds.mixture().map(|mixture| format!("it holds {mixture}"))
    }

    /// The names and shapes of the fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &Self)> {
        let fields = self.fields.as_ref();
        fields.into_iter().flat_map(|fields| fields.names.iter().map(|name| &**name).zip(&fields.shapes))
    }
}

impl ShapeFields {
    fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.index.get(name) {
            return *place;
        }
        let name: Arc<str> = name.into();
        self.index.insert(Arc::clone(&name), self.names.len());
        self.names.push(name);
        self.shapes.push(Shape::default());
        self.names.len() - 1
    }

    fn arrow(&self) -> Vec<FieldRef> {
        let field = |(name, shape): (&Arc<str>, &Shape)| Arc::new(Field::new(&**name, shape.kind(), true));
        self.names.iter().zip(&self.shapes).map(field).collect()
    }
}
