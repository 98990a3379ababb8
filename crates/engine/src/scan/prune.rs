//! Which files can hold rows that a filter keeps.
//!
//! Two rounds, so that `explain` can say what each saves: first only with partition values, then with bounds and null
//! counts too. A partition value says a range of its column (`month(at) = 2026-03` says at least the first and at most
//! the last instant of March); a bucket says which literals cannot be in the file. Everything that is not known is
//! null to the pruning predicate, which then keeps the file.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, UInt64Array};
use arrow::datatypes::SchemaRef;
use bywash_lake::tables::{DataFile, Datum, Field, PartitionField, TableFiles, Transform, Type, transforms};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::{PruningPredicate, PruningPredicateBuilder};

use super::datum::{datum, scalar};

/// Lists of literals up to this length are compared with bounds one by one.
const LONGEST_LIST: usize = 150;

/// The files that a scan reads, and why it does not read the others.
pub(super) struct Kept<'a> {
    pub(super) files: Vec<&'a DataFile>,
    pub(super) by_partition: usize,
    pub(super) by_bounds: usize,
}

/// Leaves out the files that cannot hold a row for which the filter is true.
pub(super) fn prune<'a>(
    table: &'a TableFiles,
    files: Vec<&'a DataFile>,
    schema: &'a SchemaRef,
    filter: Option<Arc<dyn PhysicalExpr>>,
) -> Kept<'a> {
    let build = |filter| {
        let builder = PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema));
        builder.with_max_in_list_size(LONGEST_LIST).try_build(filter).ok()
    };
    let predicate = filter.and_then(build);
    let Some(predicate) = predicate.filter(|predicate| !predicate.always_true()) else {
        return Kept { files, by_partition: 0, by_bounds: 0 };
    };
    let before = files.len();
    let files = round(&predicate, Known { table, files, schema, with_bounds: false });
    let by_partition = before - files.len();
    let before = files.len();
    let files = round(&predicate, Known { table, files, schema, with_bounds: true });
    let by_bounds = before - files.len();
    Kept { files, by_partition, by_bounds }
}

fn round<'a>(predicate: &PruningPredicate, known: Known<'a>) -> Vec<&'a DataFile> {
    match predicate.prune(&known) {
        Ok(keep) => known.files.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file).collect(),
        // A predicate that cannot be evaluated over statistics says nothing about any file.
        Err(_) => known.files,
    }
}

/// What is known of files, as the pruning predicate asks for it.
struct Known<'a> {
    table: &'a TableFiles,
    files: Vec<&'a DataFile>,
    schema: &'a SchemaRef,
    with_bounds: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Lower,
    Upper,
}

impl<'a> Known<'a> {
    fn field(&self, column: &Column) -> Option<&'a Field> {
        self.table.schema.field(&column.name)
    }

    /// The partition fields of a file over this column, with their values.
    fn partitions(
        &self,
        file: &'a DataFile,
        column: i32,
    ) -> impl Iterator<Item = (&'a PartitionField, Option<&'a Datum>)> + use<'a> {
        let spec = self.table.spec_of(file).ok();
        let fields = spec.map(|spec| spec.fields.as_slice()).unwrap_or_default();
        fields
            .iter()
            .zip(&file.partition)
            .filter(move |(field, _)| field.source_id == column)
            .map(|(field, value)| (field, value.as_ref()))
    }

    fn bound(&self, file: &'a DataFile, field: &Field, side: Side) -> Option<Datum> {
        let ranges = self.partitions(file, field.id).filter_map(|(partition, value)| {
            let (lower, upper) = transforms::range_of(partition.transform, value?, &field.kind)?;
            Some(if side == Side::Lower { lower } else { upper })
        });
        let stored = if self.with_bounds { stored_bound(file, field, side) } else { None };
        ranges.chain(stored).reduce(|one, other| tighter(one, other, side))
    }

    fn bounds(&self, column: &Column, side: Side) -> Option<ArrayRef> {
        let field = self.field(column)?;
        let kind = self.schema.field_with_name(&column.name).ok()?.data_type();
        let nothing = ScalarValue::try_from(kind).ok()?;
        let of_file = |file: &&'a DataFile| self.bound(file, field, side).and_then(|bound| scalar(&bound, kind));
        let values: Vec<Option<ScalarValue>> = self.files.iter().map(of_file).collect();
        if values.iter().all(Option::is_none) {
            return None;
        }
        ScalarValue::iter_to_array(values.into_iter().map(|value| value.unwrap_or_else(|| nothing.clone()))).ok()
    }

    fn nulls(&self, file: &'a DataFile, field: &Field) -> Option<u64> {
        for (partition, value) in self.partitions(file, field.id) {
            match (partition.transform, value) {
                (Transform::Void, _) => {}
                (_, None) => return Some(file.record_count),
                (_, Some(_)) => return Some(0),
            }
        }
        if self.with_bounds { file.null_value_counts.get(&field.id).copied() } else { None }
    }

    /// Whether the bucket that a file belongs to rules all these values out.
    fn excludes(&self, file: &'a DataFile, field: &Field, values: &[Datum]) -> bool {
        self.partitions(file, field.id).any(|(partition, value)| {
            let Transform::Bucket(_) = partition.transform else { return false };
            values.iter().all(|wanted| match transforms::apply_to(partition.transform, wanted) {
                Ok(Some(bucket)) => value != Some(&bucket),
                _ => false,
            })
        })
    }
}

/// Bounds of floats say nothing of NaN, which sorts above everything, so they count only where there is none.
fn stored_bound(file: &DataFile, field: &Field, side: Side) -> Option<Datum> {
    let is_float = matches!(field.kind, Type::Float | Type::Double);
    if is_float && file.nan_value_counts.get(&field.id) != Some(&0) {
        return None;
    }
    let bounds = if side == Side::Lower { &file.lower_bounds } else { &file.upper_bounds };
    bounds.get(&field.id).cloned()
}

fn tighter(one: Datum, other: Datum, side: Side) -> Datum {
    let wanted = if side == Side::Lower { Ordering::Greater } else { Ordering::Less };
    if other.partial_cmp(&one) == Some(wanted) { other } else { one }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Side::Lower)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, Side::Upper)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let field = self.field(column)?;
        let counts: UInt64Array = self.files.iter().map(|file| self.nulls(file, field)).collect();
        Some(Arc::new(counts))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        let counts: UInt64Array = self.files.iter().map(|file| Some(file.record_count)).collect();
        Some(Arc::new(counts))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        let field = self.field(column)?;
        let values: Option<Vec<Datum>> = values.iter().map(|value| datum(value, &field.kind)).collect();
        let values = values?;
        Some(self.files.iter().map(|file| self.excludes(file, field, &values).then_some(false)).collect())
    }
}
