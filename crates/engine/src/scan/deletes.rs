//! Row-level deletes of other engines, as rows that a scan leaves out.
//!
//! Deletes by position name their rows. Deletes by values become positions before the scan begins: the columns that they
//! compare are read from the data files that they concern. So pruning, statistics and row numbers know one kind only.
//! A delete concerns data files with a smaller sequence number (by position: no greater one) and, unless its partition
//! spec is empty, of its own partition. Equality is null-safe.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, SortField};
use bywash_core::{Code, Error, Result};
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::{DataFile, DeleteFile, DeleteKind, FIELD_ID, ParquetFile, TableFiles, arrow_type};
use futures::TryStreamExt;
use object_store::path::Path;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::row_set::RowSet;

/// The rows that a snapshot's deletes take away, by the path of their data file; none where nothing is deleted.
///
/// # Errors
/// A file that cannot be read, deletes by parts of nested columns.
pub async fn deleted_rows(warehouse: &Warehouse, files: &TableFiles) -> Result<Option<Arc<HashMap<String, RowSet>>>> {
    if files.deletes.files.is_empty() {
        return Ok(None);
    }
    let mut gone = Gone { warehouse, files, rows: HashMap::new() };
    for delete in files.deletes.files.iter().filter(|delete| delete.kind == DeleteKind::Positions) {
        gone.take_positions(delete).await?;
    }
    gone.take_values().await?;
    Ok(Some(Arc::new(gone.rows)))
}

/// What is gone so far.
struct Gone<'a> {
    warehouse: &'a Warehouse,
    files: &'a TableFiles,
    rows: HashMap<String, RowSet>,
}

/// Deletes by the values of the same fields, which one reading of a data file applies.
struct ByValues<'a> {
    ids: &'a [i32],
    deletes: Vec<&'a DeleteFile>,
}

impl Gone<'_> {
    async fn take_positions(&mut self, delete: &DeleteFile) -> Result<()> {
        let known: HashMap<&str, &DataFile> = self.files.files.iter().map(|file| (file.path.as_str(), file)).collect();
        for batch in self.read(&delete.file, None).await? {
            let column = |name: &str, kind: &DataType| -> Result<ArrayRef> {
                let column =
                    batch.column_by_name(name).ok_or_else(|| damaged(&delete.file, &format!("no `{name}`")))?;
                cast(column, kind).map_err(|error| damaged(&delete.file, &error.to_string()))
            };
            let (paths, places) = (column("file_path", &DataType::Utf8)?, column("pos", &DataType::Int64)?);
            let (Some(paths), Some(places)) =
                (paths.as_any().downcast_ref::<StringArray>(), places.as_any().downcast_ref::<Int64Array>())
            else {
                return Err(damaged(&delete.file, "columns of other types"));
            };
            for row in 0..batch.num_rows() {
                let path = self.warehouse.relative(paths.value(row))?.to_string();
                let place = u64::try_from(places.value(row)).unwrap_or(u64::MAX);
                if let Some(file) = known.get(path.as_str())
                    && self.number(file) <= delete.sequence_number
                {
                    self.rows.entry(path).or_insert_with(|| RowSet::none(file.record_count)).insert(place);
                }
            }
        }
        Ok(())
    }

    async fn take_values(&mut self) -> Result<()> {
        let mut groups: BTreeMap<&[i32], Vec<&DeleteFile>> = BTreeMap::new();
        for delete in &self.files.deletes.files {
            if let DeleteKind::Equality(ids) = &delete.kind {
                groups.entry(ids).or_default().push(delete);
            }
        }
        for (ids, deletes) in groups {
            self.take_group(&ByValues { ids, deletes }).await?;
        }
        Ok(())
    }

    async fn take_group(&mut self, group: &ByValues<'_>) -> Result<()> {
        let kinds = self.kinds(group).await?;
        let converter = RowConverter::new(kinds.iter().cloned().map(SortField::new).collect())
            .map_err(|error| Error::bug("values of deletes cannot be compared").caused_by(error))?;
        let mut values: Vec<(&DeleteFile, HashSet<OwnedRow>)> = Vec::new();
        for delete in &group.deletes {
            let mut keys = HashSet::new();
            for batch in self.read(&delete.file, Some(group.ids)).await? {
                let columns = self.columns(&batch, group.ids, &kinds, &delete.file)?;
                let rows =
                    converter.convert_columns(&columns).map_err(|error| damaged(&delete.file, &error.to_string()))?;
                keys.extend(rows.iter().map(|row| row.owned()));
            }
            values.push((delete, keys));
        }
        for file in &self.files.files {
            let concerning: Vec<_> = values.iter().filter(|(delete, _)| self.concerns(delete, file)).collect();
            if concerning.is_empty() {
                continue;
            }
            let mut set = self.rows.remove(&file.path).unwrap_or_else(|| RowSet::none(file.record_count));
            let mut place = 0;
            for batch in self.read(file, Some(group.ids)).await? {
                let columns = self.columns(&batch, group.ids, &kinds, file)?;
                let rows = converter.convert_columns(&columns).map_err(|error| damaged(file, &error.to_string()))?;
                for row in &rows {
                    let row = row.owned();
                    if concerning.iter().any(|(_, keys)| keys.contains(&row)) {
                        set.insert(place);
                    }
                    place += 1;
                }
            }
            self.rows.insert(file.path.clone(), set);
        }
        Ok(())
    }

    /// The types to compare by: those of the table, or where it has dropped a column those of the deletes.
    async fn kinds(&self, group: &ByValues<'_>) -> Result<Vec<DataType>> {
        let mut kinds = Vec::new();
        for id in group.ids {
            let field = self.files.schema.fields.iter().find(|field| field.id == *id);
            kinds.push(match (field, group.deletes.first()) {
                (Some(field), _) => arrow_type(&field.kind)?,
                (None, Some(delete)) => {
                    let (_, schema) = self.open(&delete.file).await?;
                    let place = place_of(&schema, *id, None).ok_or_else(|| nested(&delete.file))?;
                    schema.field(place).data_type().clone()
                }
                (None, None) => return Err(Error::bug("deletes by values without a file")),
            });
        }
        if group.ids.is_empty() || kinds.iter().any(DataType::is_nested) {
            let file = group.deletes.first().map(|delete| nested(&delete.file));
            return Err(file.unwrap_or_else(|| Error::bug("deletes by values without a file")));
        }
        Ok(kinds)
    }

    /// The columns of a batch that have these ids, with these types; one that the file lacks is null.
    fn columns(&self, batch: &RecordBatch, ids: &[i32], kinds: &[DataType], file: &DataFile) -> Result<Vec<ArrayRef>> {
        let columns = ids.iter().zip(kinds).map(|(id, kind)| match place_of(&batch.schema(), *id, self.name_of(*id)) {
            Some(place) => cast(batch.column(place), kind).map_err(|error| damaged(file, &error.to_string())),
            None => Ok(new_null_array(kind, batch.num_rows())),
        });
        columns.collect()
    }

    fn concerns(&self, delete: &DeleteFile, file: &DataFile) -> bool {
        let is_global = delete.file.partition.is_empty();
        let in_partition = delete.file.spec_id == file.spec_id && delete.file.partition == file.partition;
        self.number(file) < delete.sequence_number && (is_global || in_partition)
    }

    fn number(&self, file: &DataFile) -> i64 {
        self.files.deletes.sequence_numbers.get(&file.path).copied().unwrap_or(0)
    }

    fn name_of(&self, id: i32) -> Option<&str> {
        self.files.schema.fields.iter().find(|field| field.id == id).map(|field| field.name.as_str())
    }

    async fn open(&self, file: &DataFile) -> Result<(ParquetRecordBatchStreamBuilder<ParquetFile>, SchemaRef)> {
        let path = Path::parse(&file.path).map_err(|error| damaged(file, &error.to_string()))?;
        let reader = ParquetFile::new(self.warehouse, path.clone(), file.file_size_in_bytes);
        let builder = ParquetRecordBatchStreamBuilder::new(reader)
            .await
            .map_err(|error| self.warehouse.failed("read", &path, &error))?;
        let schema = builder.schema().clone();
        Ok((builder, schema))
    }

    /// The rows of a file in order, of all columns or of those with these ids.
    async fn read(&self, file: &DataFile, ids: Option<&[i32]>) -> Result<Vec<RecordBatch>> {
        let (builder, schema) = self.open(file).await?;
        let builder = match ids {
            Some(ids) => {
                let places = ids.iter().filter_map(|id| place_of(&schema, *id, self.name_of(*id)));
                let mask = ProjectionMask::roots(builder.parquet_schema(), places);
                builder.with_projection(mask)
            }
            None => builder,
        };
        let stream = builder.build().map_err(|error| damaged(file, &error.to_string()))?;
        stream.try_collect().await.map_err(|error| damaged(file, &error.to_string()))
    }
}

/// The place of the column with this id; of one without ids, by its name.
fn place_of(schema: &SchemaRef, id: i32, name: Option<&str>) -> Option<usize> {
    let has_id = |field: &arrow::datatypes::FieldRef| field.metadata().contains_key(FIELD_ID);
    let text = id.to_string();
    let by_id = schema.fields().iter().position(|field| field.metadata().get(FIELD_ID) == Some(&text));
    by_id.or_else(|| schema.fields().iter().position(|field| !has_id(field) && Some(field.name().as_str()) == name))
}

fn damaged(file: &DataFile, why: &str) -> Error {
    Error::new(Code::TableCorrupt, format!("`{}` cannot be read as part of an Iceberg table: {why}", file.path))
}

fn nested(file: &DataFile) -> Error {
    Error::new(
        Code::NotYetSupported,
        format!("`{}` deletes rows by columns that are nested or gone, which cannot be applied yet", file.path),
    )
    .hint("compact the table with the engine that wrote the deletes, then read it again")
}
