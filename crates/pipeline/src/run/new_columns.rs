//! Columns that files bring to a table that exists (`schema_contract: evolve`): the same changes as those of an `alter
//! table` (rules T3 and T4), in the commit of the load.

use std::sync::Arc;

use arrow::datatypes::Schema as ArrowSchema;
use bywash_core::{Result, TableName};
use bywash_lake::TableShape;
use bywash_lake::changes::{ColumnChange, FieldChange, TableState, new_fields};
use bywash_lake::objects::TableEntry;
use bywash_lake::tables::{Schema, assign_id, kind_of};

use super::arrivals::unsound;
use super::attempt::Attempt;

/// A table whose columns files have changed.
pub(super) struct Evolved {
    pub(super) state: TableState,
    pub(super) shape: Arc<TableShape>,
    /// How, in words: a column that comes again after it was dropped by hand is no surprise then.
    pub(super) warning: String,
}

impl Attempt {
    /// The table with the columns that were found and it lacks, and with the wider types that were found; `None` if
    /// there are none.
    pub(super) async fn evolved(
        &self,
        name: &TableName,
        entry: &TableEntry,
        state: &TableState,
        shape: &TableShape,
        found: &ArrowSchema,
    ) -> Result<Option<Evolved>> {
        let lake = &self.runner.lake;
        let created = lake.created(entry, state).await?;
        let mut ids = lake.ids(self.tree.objects(), entry).await?;
        let (mut next, mut labels) = (state.clone(), Vec::new());
        for column in found.fields() {
            let mut changes = Vec::new();
            let label = match shape.schema.field(column.name()) {
                None => {
                    let field = assign_id(&column.as_ref().clone().with_nullable(true), 0, &mut ids)?;
                    changes.extend(new_fields(&field, 0).into_iter().map(|new| (new.id, FieldChange::Add(new))));
                    format!("add column {}", column.name())
                }
                Some(field) => {
                    let kind = kind_of(column.name(), column.data_type())?;
                    if field.kind != kind && field.kind.is_primitive() && field.kind.widens_to(&kind) {
                        changes.push((field.id, FieldChange::Widen(kind.to_string())));
                    }
                    format!("alter column {} type {kind}", column.name())
                }
            };
            if !changes.is_empty() {
                labels.push(label.clone());
            }
            for (field_id, what) in changes {
                let altered = next.alter(&created, ColumnChange { field_id, what }, &label);
                next = altered.map_err(|reason| unsound(name, reason))?;
            }
        }
        if next == *state {
            return Ok(None);
        }
        let fields = next.columns().map_err(|reason| unsound(name, reason))?.unwrap_or_default();
        let shape = TableShape { schema: Schema { id: 0, fields }, ..shape.clone() };
        let warning = format!("`{name}` has other columns, because its files have: {}", labels.join(", "));
        Ok(Some(Evolved { state: next, shape: Arc::new(shape), warning }))
    }
}
