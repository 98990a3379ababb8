//! Declared types by column, in the order in which they are written: files without names take them in this order.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A mapping from columns to types that keeps its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnTypes(Vec<(String, String)>);

impl ColumnTypes {
    /// Whether nothing is declared.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The type of a column, if it is declared.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == column).map(|(_, data_type)| data_type.as_str())
    }

    /// Columns and their types, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(column, data_type)| (column.as_str(), data_type.as_str()))
    }

    /// Declares a type; a later one of the same column wins.
    pub fn insert(&mut self, column: impl Into<String>, data_type: impl Into<String>) {
        let (column, data_type) = (column.into(), data_type.into());
        match self.0.iter_mut().find(|(known, _)| *known == column) {
            Some(known) => known.1 = data_type,
            None => self.0.push((column, data_type)),
        }
    }

    /// Takes over the types of columns that are not declared here.
    pub fn fill_in(&mut self, other: &Self) {
        for (column, data_type) in other.iter() {
            if self.get(column).is_none() {
                self.insert(column, data_type);
            }
        }
    }
}

impl Serialize for ColumnTypes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for ColumnTypes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = ColumnTypes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a mapping from columns to types")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<ColumnTypes, A::Error> {
                let mut types = ColumnTypes::default();
                while let Some((column, data_type)) = entries.next_entry::<String, String>()? {
                    types.insert(column, data_type);
                }
                Ok(types)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
