//! From what a set of changes says of columns and layout to Iceberg's schemas, partition specs and sort orders.
//!
//! Equal columns have one schema id and equal cuts one spec id, on every branch (rule T3): ids come from what the
//! metadata knows, then from the catalog's counters.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema};
use bywash_core::{Error, Result};
use bywash_iceberg_spec::{
    Field, PartitionField, PartitionSpec, Schema, SortField, SortOrder, TableMetadata, Transform,
};

use crate::changes::{Created, Layout, LayoutTerm, TableState};
use crate::ids::{id_of, value_of};
use crate::objects::{Objects, TableEntry};
use crate::tables::{self, LoadedTable};
use crate::{Lake, TableIds, TableShape};

/// Ids of partition fields begin here, as in every Iceberg table.
const FIRST_PARTITION_FIELD_ID: i32 = 1000;

impl Lake {
    /// What a table that exists was created with: it stands in its set, or is as it was.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub async fn created(&self, entry: &TableEntry, state: &TableState) -> Result<Created> {
        if let Some(created) = state.changes.values().find_map(|change| change.created.clone()) {
            return Ok(*created);
        }
        let table = LoadedTable::load(self.warehouse(), &entry.metadata).await?;
        let metadata = table.metadata();
        Ok(Created::new(metadata.schema_by_id(entry.schema_id)?, layout_of(metadata)?))
    }

    /// The ids of a table that exists.
    ///
    /// # Errors
    /// The catalog or the metadata cannot be read.
    pub async fn ids<'a>(&self, objects: &'a Objects, entry: &TableEntry) -> Result<TableIds<'a>> {
        let table = LoadedTable::load(self.warehouse(), &entry.metadata).await?;
        TableIds::load(objects, &entry.uuid, table.metadata().last_column_id).await
    }

    /// The metadata with the columns and the layout that a set tells; `None` if they are what they were.
    pub(crate) async fn evolved(
        &self,
        objects: &Objects,
        table: &LoadedTable,
        base: &TableEntry,
        state: &TableState,
    ) -> Result<Option<TableMetadata>> {
        let metadata = table.metadata();
        let told = (state.columns(), state.layout());
        let (Ok(fields), Ok(layout)) = told else { return Err(Error::bug("a set that is not sound is written")) };
        let next = Evolution { objects, uuid: &base.uuid, metadata: metadata.clone() };
        let next = next.with_specs_of(state).await?;
        let next = match (fields, layout) {
            (Some(fields), Some(layout)) => next.with(fields, &layout).await?,
            _ => next,
        };
        Ok((next.metadata != *metadata).then_some(next.metadata))
    }

    /// Other columns and another layout for a table whose rows are all written anew: the output of a node.
    ///
    /// A column of the same name and type keeps its id, and so does one that becomes wider; any other gets one of its
    /// own (rule T3).
    ///
    /// # Errors
    /// A column type that Iceberg lacks, or a layout that does not fit the columns.
    pub async fn remake(
        &self,
        objects: &Objects,
        old: &TableEntry,
        columns: &ArrowSchema,
        partition_by: &[String],
        cluster_by: &[String],
    ) -> Result<Remade> {
        let table = LoadedTable::load(self.warehouse(), &old.metadata).await?;
        let known = table.metadata().schema_by_id(old.schema_id)?;
        let mut ids = TableIds::load(objects, &old.uuid, table.metadata().last_column_id).await?;
        let kept = |column: &ArrowField| -> Result<Option<Field>> {
            let Some(field) = known.field(column.name()) else { return Ok(None) };
            let kind = tables::kind_of(column.name(), column.data_type())?;
            Ok(match () {
                () if field.kind.to_string() == kind.to_string() => Some(field.clone()),
                () if field.kind.widens_to(&kind) => Some(Field { kind, ..field.clone() }),
                () => None,
            })
        };
        let kept: Vec<_> = columns.fields().iter().map(|column| kept(column)).collect::<Result<_>>()?;
        for gone in &known.fields {
            if kept.iter().flatten().all(|field| field.id != gone.id) {
                ids.give_up(gone.id);
            }
        }
        let fields = columns.fields().iter().zip(kept).map(|(column, kept)| match kept {
            Some(field) => Ok(Field { required: !column.is_nullable(), ..field }),
            None => tables::assign_id(column, 0, &mut ids),
        });
        let schema = Schema { id: 0, fields: fields.collect::<Result<_>>()? };
        let layout = layout_for(&schema, partition_by, cluster_by)?;
        let next = Evolution { objects, uuid: &old.uuid, metadata: table.metadata().clone() };
        let metadata = next.with(schema.fields, &layout).await?.metadata;
        let shape = TableShape::of(old, &metadata, metadata.schema()?.clone())?;
        Ok(Remade { shape: Arc::new(shape), metadata })
    }
}

/// A table on its way to other columns; nothing is written yet.
#[derive(Clone, Debug)]
pub struct Remade {
    /// What its new files look like.
    pub shape: Arc<TableShape>,
    pub(crate) metadata: TableMetadata,
}

/// A layout as users write it.
fn layout_for(schema: &Schema, partition_by: &[String], cluster_by: &[String]) -> Result<Layout> {
    let spec = tables::partition_spec(partition_by, schema)?;
    tables::check_columns(cluster_by, schema)?;
    let terms = spec.fields.iter().map(|field| LayoutTerm { field_id: field.source_id, transform: field.transform });
    let cluster = cluster_by.iter().filter_map(|name| schema.field(name)).map(|field| field.id);
    Ok(Layout { partition: terms.collect(), cluster: cluster.collect() })
}

/// How a table's new files are cut and sorted.
pub(crate) fn layout_of(metadata: &TableMetadata) -> Result<Layout> {
    let fields = metadata.spec()?.fields.iter().filter(|field| field.transform != Transform::Void);
    Ok(Layout {
        partition: fields.map(|field| LayoutTerm { field_id: field.source_id, transform: field.transform }).collect(),
        cluster: metadata.sort_order()?.fields.iter().map(|key| key.source_id).collect(),
    })
}

/// Metadata on its way to other columns and another layout.
struct Evolution<'a> {
    objects: &'a Objects,
    uuid: &'a str,
    metadata: TableMetadata,
}

impl Evolution<'_> {
    async fn with(mut self, fields: Vec<Field>, layout: &Layout) -> Result<Self> {
        let last = TableIds::load(self.objects, self.uuid, self.metadata.last_column_id).await?.last();
        let schema = self.schema(fields).await?;
        if schema.id != self.metadata.current_schema_id {
            self.metadata = self.metadata.with_schema(schema.clone(), last)?;
        }
        let spec = self.spec(&layout.partition, &schema).await?;
        if spec.id != self.metadata.default_spec_id {
            self.metadata = self.metadata.with_spec(spec)?;
        }
        let order = self.sort_order(&layout.cluster).await?;
        if order.id != self.metadata.default_sort_order_id {
            self.metadata = self.metadata.with_sort_order(order)?;
        }
        Ok(self)
    }

    /// Files of another branch may be cut by a spec that this metadata has never seen.
    async fn with_specs_of(mut self, state: &TableState) -> Result<Self> {
        let used: BTreeSet<i32> = state.files().map(|file| file.spec_id).collect();
        for id in
            used.into_iter().filter(|id| self.metadata.specs.iter().all(|spec| spec.id != *id)).collect::<Vec<_>>()
        {
            let text = value_of(self.objects, self.uuid, "spec", id).await?;
            let text = text.ok_or_else(|| Error::bug(format!("partition spec {id} is not known")))?;
            let fields = serde_json::from_str(&text).map_err(|error| Error::bug(error.to_string()))?;
            self.metadata = self.metadata.knowing_spec(PartitionSpec { id, fields })?;
        }
        Ok(self)
    }

    async fn schema(&self, fields: Vec<Field>) -> Result<Schema> {
        let known = &self.metadata.schemas;
        let current = known.iter().filter(|schema| schema.id == self.metadata.current_schema_id);
        if let Some(same) = current.chain(known).find(|schema| schema.fields == fields) {
            return Ok(same.clone());
        }
        let least = known.iter().map(|schema| schema.id + 1).max().unwrap_or(0);
        let schema = Schema { id: 0, fields };
        let id = id_of(self.objects, self.uuid, "schema", &schema, least).await?;
        Ok(Schema { id, ..schema })
    }

    async fn spec(&self, terms: &[LayoutTerm], schema: &Schema) -> Result<PartitionSpec> {
        let known: Vec<PartitionField> = self.metadata.specs.iter().flat_map(|spec| spec.fields.clone()).collect();
        let mut ids = Vec::with_capacity(terms.len());
        for term in terms {
            let is_same =
                |field: &&PartitionField| field.source_id == term.field_id && field.transform == term.transform;
            let id = match known.iter().find(is_same) {
                Some(same) => same.field_id,
                None => {
                    let least = (self.metadata.last_partition_id + 1).max(FIRST_PARTITION_FIELD_ID);
                    id_of(self.objects, self.uuid, "partition-field", term, least).await?
                }
            };
            ids.push(id);
        }
        let mut ids = ids.into_iter();
        let pairs: Vec<_> = terms.iter().map(|term| (term.field_id, term.transform)).collect();
        let fields = tables::partition_fields(&pairs, schema, &known, |_, _| ids.next().unwrap_or_default())?;
        let specs = &self.metadata.specs;
        let current = specs.iter().filter(|spec| spec.id == self.metadata.default_spec_id);
        if let Some(same) = current.chain(specs).find(|spec| spec.fields == fields) {
            return Ok(same.clone());
        }
        let least = specs.iter().map(|spec| spec.id + 1).max().unwrap_or(0);
        let id = id_of(self.objects, self.uuid, "spec", &fields, least).await?;
        Ok(PartitionSpec { id, fields })
    }

    async fn sort_order(&self, columns: &[i32]) -> Result<SortOrder> {
        let fields: Vec<_> = columns
            .iter()
            .map(|id| SortField { source_id: *id, transform: Transform::Identity, ascending: true, nulls_first: true })
            .collect();
        if fields.is_empty() {
            return Ok(SortOrder::unsorted());
        }
        let known = &self.metadata.sort_orders;
        if let Some(same) = known.iter().find(|order| order.fields == fields) {
            return Ok(same.clone());
        }
        let least = known.iter().filter_map(|order| i32::try_from(order.id + 1).ok()).max().unwrap_or(1).max(1);
        let id = id_of(self.objects, self.uuid, "sort-order", &fields, least).await?;
        Ok(SortOrder { id: i64::from(id), fields })
    }
}
