//! A warehouse in a folder of its own, and tables made in it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema as ArrowSchema;
use bywash_lake::TableShape;
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::{
    Committed, DataFile, IdSource, LoadedTable, NewSnapshot, Schema, TableFiles, TableWriter, Type, WriteSettings,
    assign_ids, commit, conform, partition_spec,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Ids in the order in which they are asked for.
#[derive(Default)]
pub struct Counter(pub i32);

impl IdSource for Counter {
    fn id(&mut self, _: i32, _: &str, _: &Type) -> i32 {
        self.0 += 1;
        self.0
    }
}

/// A warehouse that goes away with the value.
pub struct Scratch {
    pub folder: tempfile::TempDir,
    pub warehouse: Warehouse,
}

impl Scratch {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = Warehouse::open(&folder.path().join("warehouse")).unwrap();
        Self { folder, warehouse }
    }
}

/// The schema of these columns with ids from 1.
pub fn schema_of(columns: &ArrowSchema) -> Schema {
    assign_ids(columns, &mut Counter::default()).unwrap()
}

/// A table of these columns, divided as told, in the folder `test/table-00000000`.
pub fn shape(columns: &ArrowSchema, partition_by: &[&str]) -> TableShape {
    let schema = schema_of(columns);
    let partition_by: Vec<String> = partition_by.iter().map(|&term| term.to_owned()).collect();
    TableShape {
        uuid: uuid::Uuid::new_v4().to_string(),
        folder: "test/table-00000000".to_owned(),
        spec: partition_spec(&partition_by, &schema).unwrap(),
        schema,
        partition_by,
        cluster_by: Vec::new(),
        projections: BTreeSet::new(),
    }
}

/// Writes rows into data files.
pub async fn write(warehouse: &Warehouse, shape: &TableShape, batches: &[RecordBatch]) -> Vec<DataFile> {
    write_with(warehouse, shape, batches, WriteSettings::default()).await
}

pub async fn write_with(
    warehouse: &Warehouse,
    shape: &TableShape,
    batches: &[RecordBatch],
    settings: WriteSettings,
) -> Vec<DataFile> {
    let mut writer = TableWriter::new(warehouse, shape, settings).unwrap();
    for batch in batches {
        writer.write(conform(batch, &shape.schema).unwrap()).await.unwrap();
    }
    writer.finish().await.unwrap()
}

/// Creates the table with these files.
pub async fn create(warehouse: &Warehouse, shape: &TableShape, files: Vec<DataFile>) -> Committed {
    let table = LoadedTable::create(warehouse, shape, BTreeMap::new()).unwrap();
    commit(warehouse, &table, NewSnapshot::new("create", files, HashSet::new())).await.unwrap()
}

/// One more commit on a table.
pub async fn change(warehouse: &Warehouse, on: &Committed, added: Vec<DataFile>, removed: &[&DataFile]) -> Committed {
    let table = LoadedTable::load(warehouse, &on.metadata).await.unwrap();
    let removed = removed.iter().map(|file| file.path.clone()).collect();
    commit(warehouse, &table, NewSnapshot::new("change", added, removed)).await.unwrap()
}

/// The snapshot's files.
pub async fn files(warehouse: &Warehouse, of: &Committed) -> TableFiles {
    TableFiles::load(warehouse, &of.metadata, of.snapshot_id).await.unwrap()
}

/// The rows of a data file, as any reader of Parquet gets them.
pub fn read_file(warehouse: &Warehouse, file: &DataFile) -> Vec<RecordBatch> {
    let path: PathBuf = warehouse.absolute(&file.path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap()).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}
