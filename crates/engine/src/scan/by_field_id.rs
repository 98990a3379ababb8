//! Columns of a data file are known by field id, not by name: a file keeps the names and types that its table had when
//! it was written.
//!
//! ```text
//! table   2 name: text, 7 total: bigint, 9 name_2: text
//! file    1 name: text, 2 title: text, 7 total: int
//!         name ← title (id 2), total ← cast(total), name_2 ← null; the file's own `name` (id 1) was dropped
//! ```
//!
//! Where the names of a file still stand for the same ids, which is nearly always, DataFusion's own adapter does all of
//! it and prunes parts of nested columns besides. Elsewhere each column is found by its id, and nested ones are put
//! together part by part.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, RecordBatch, StructArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Fields, Schema as ArrowSchema, SchemaRef};
use bywash_lake::tables::{FIELD_ID, Field, Schema, Type};
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};
use datafusion::physical_expr_adapter::{
    DefaultPhysicalExprAdapterFactory, PhysicalExprAdapter, PhysicalExprAdapterFactory,
};

/// Makes the adapter of each file.
#[derive(Clone, Debug)]
pub(super) struct ByFieldId {
    table: Arc<Schema>,
}

impl ByFieldId {
    /// For files of a table that has these columns now.
    pub(super) fn of(table: &Schema) -> Arc<dyn PhysicalExprAdapterFactory> {
        Arc::new(Self { table: Arc::new(table.clone()) })
    }
}

impl PhysicalExprAdapterFactory for ByFieldId {
    fn create(&self, logical: SchemaRef, physical: SchemaRef) -> Result<Arc<dyn PhysicalExprAdapter>> {
        if names_stand_for_ids(&self.table, &physical) {
            return DefaultPhysicalExprAdapterFactory.create(logical, physical);
        }
        Ok(Arc::new(Adapter { table: Arc::clone(&self.table), logical, physical }))
    }
}

/// The id that a column of a file was written with.
fn id_of(field: &ArrowField) -> Option<i32> {
    field.metadata().get(FIELD_ID)?.parse().ok()
}

/// Whether finding the table's columns by name finds the same columns as by id. A file whose columns have no ids, which
/// another writer made, is read by name.
fn names_stand_for_ids(table: &Schema, file: &ArrowSchema) -> bool {
    if file.fields().iter().all(|field| id_of(field).is_none()) {
        return true;
    }
    table.fields.iter().all(|column| match file.field_with_name(&column.name) {
        Ok(found) => id_of(found) == Some(column.id) && has_same_parts(column, found),
        Err(_) => file.fields().iter().all(|field| id_of(field) != Some(column.id)),
    })
}

/// Whether a nested column has the very parts of the file's; one without parts always has.
fn has_same_parts(column: &Field, file: &ArrowField) -> bool {
    let parts: Vec<&FieldRef> = match file.data_type() {
        DataType::Struct(parts) => parts.iter().collect(),
        DataType::List(element) => vec![element],
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => pair.iter().collect(),
            _ => return false,
        },
        _ => return column.kind.is_primitive(),
    };
    let wanted = column.kind.children();
    // The element of a list and the halves of a map are called differently by different writers.
    let is_struct = matches!(column.kind, Type::Struct(_));
    wanted.len() == parts.len()
        && wanted.iter().zip(parts).all(|(wanted, part)| {
            id_of(part) == Some(wanted.id)
                && (!is_struct || wanted.name == *part.name())
                && has_same_parts(wanted, part)
        })
}

/// Rewrites expressions over the table's columns into ones over the columns of one file.
#[derive(Debug)]
struct Adapter {
    table: Arc<Schema>,
    logical: SchemaRef,
    physical: SchemaRef,
}

impl PhysicalExprAdapter for Adapter {
    fn rewrite(&self, expression: Arc<dyn PhysicalExpr>) -> Result<Arc<dyn PhysicalExpr>> {
        let of_file = |expression: Arc<dyn PhysicalExpr>| match expression.downcast_ref::<Column>() {
            Some(column) => self.column(column).map(Transformed::yes),
            None => Ok(Transformed::no(expression)),
        };
        expression.transform(of_file).data()
    }
}

impl Adapter {
    fn column(&self, column: &Column) -> Result<Arc<dyn PhysicalExpr>> {
        let Some(wanted) = self.table.field(column.name()) else {
            // A column that the scan makes itself, such as a row's place.
            return Ok(Arc::new(Column::new_with_schema(column.name(), &self.physical)?));
        };
        let target = Arc::new(self.logical.field_with_name(column.name())?.clone());
        let found = self.physical.fields().iter().position(|field| id_of(field) == Some(wanted.id));
        let Some(index) = found else {
            let nothing = ScalarValue::try_from(target.data_type())?;
            return Ok(Arc::new(Literal::new(nothing)));
        };
        let of_file: Arc<dyn PhysicalExpr> = Arc::new(Column::new(self.physical.field(index).name(), index));
        if wanted.kind.is_primitive() {
            return Ok(Arc::new(CastExpr::new_with_target_field(of_file, target, None)));
        }
        Ok(Arc::new(Assembled { column: of_file, field: Arc::new(wanted.clone()), target }))
    }
}

/// A nested column, put together from the parts that a file has of it.
#[derive(Debug, Clone)]
struct Assembled {
    column: Arc<dyn PhysicalExpr>,
    field: Arc<Field>,
    target: FieldRef,
}

impl PartialEq for Assembled {
    fn eq(&self, other: &Self) -> bool {
        self.column.eq(&other.column) && self.field == other.field && self.target == other.target
    }
}

impl Eq for Assembled {}

impl Hash for Assembled {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.column.hash(state);
        self.field.hash(state);
    }
}

impl fmt::Display for Assembled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "by_field_id({})", self.column)
    }
}

impl PhysicalExpr for Assembled {
    fn data_type(&self, _input: &ArrowSchema) -> Result<DataType> {
        Ok(self.target.data_type().clone())
    }

    fn nullable(&self, _input: &ArrowSchema) -> Result<bool> {
        Ok(self.target.is_nullable())
    }

    fn return_field(&self, _input: &ArrowSchema) -> Result<FieldRef> {
        Ok(Arc::clone(&self.target))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let given = self.column.evaluate(batch)?.into_array(batch.num_rows())?;
        assemble(&given, &self.field, self.target.data_type()).map(ColumnarValue::Array)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.column]
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn PhysicalExpr>>) -> Result<Arc<dyn PhysicalExpr>> {
        match <[Arc<dyn PhysicalExpr>; 1]>::try_from(children) {
            Ok([column]) => Ok(Arc::new(Self { column, ..Self::clone(&self) })),
            Err(_) => Err(DataFusionError::Internal("a column of a file has one child".to_owned())),
        }
    }

    fn fmt_sql(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.column.fmt_sql(formatter)
    }
}

/// Values as the table's field holds them: parts by id, missing ones null.
fn assemble(given: &ArrayRef, field: &Field, target: &DataType) -> Result<ArrayRef> {
    match (&field.kind, target) {
        (Type::Struct(fields), DataType::Struct(targets)) => {
            let given = given.as_struct_opt().ok_or_else(|| mismatch(field))?;
            let columns = parts(fields, targets, given.fields(), given.columns(), given.len())?;
            let nulls = given.nulls().cloned();
            Ok(Arc::new(StructArray::try_new_with_length(targets.clone(), columns, nulls, given.len())?))
        }
        (Type::List(element), DataType::List(target)) => {
            let given = given.as_list_opt::<i32>().ok_or_else(|| mismatch(field))?;
            let values = assemble(given.values(), element, target.data_type())?;
            let (offsets, nulls) = (given.offsets().clone(), given.nulls().cloned());
            Ok(Arc::new(ListArray::try_new(Arc::clone(target), offsets, values, nulls)?))
        }
        (Type::Map(key, value), DataType::Map(entries, sorted)) => {
            let given = given.as_map_opt().ok_or_else(|| mismatch(field))?;
            let DataType::Struct(targets) = entries.data_type() else { return Err(mismatch(field)) };
            let halves = [Field::clone(key), Field::clone(value)];
            let pairs = given.entries();
            let columns = parts(&halves, targets, pairs.fields(), pairs.columns(), pairs.len())?;
            let pairs = StructArray::try_new(targets.clone(), columns, None)?;
            let (offsets, nulls) = (given.offsets().clone(), given.nulls().cloned());
            Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, pairs, nulls, *sorted)?))
        }
        (_, target) if given.data_type() == target => Ok(Arc::clone(given)),
        (_, target) => Ok(cast(given, target)?),
    }
}

fn parts(fields: &[Field], targets: &Fields, names: &Fields, given: &[ArrayRef], rows: usize) -> Result<Vec<ArrayRef>> {
    let part = |(field, target): (&Field, &FieldRef)| match names.iter().position(|name| id_of(name) == Some(field.id))
    {
        Some(at) => assemble(&given[at], field, target.data_type()),
        None => Ok(new_null_array(target.data_type(), rows)),
    };
    fields.iter().zip(targets).map(part).collect()
}

fn mismatch(field: &Field) -> DataFusionError {
    exec_datafusion_err!("a data file holds something else than `{}` in the column `{}`", field.kind, field.name)
}
