//! A lake in a temporary folder whose tables are made by SQL, and which hands them to a session.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use bywash_core::{Code, Error, Result, TableRef};
use bywash_engine::sql::{Parameters, Parsed, StatementKind, parse};
use bywash_engine::{Engine, EngineSettings, LakeTable, Planned, Resolved, Session, StreamTable, TableResolver};
use bywash_lake::TableShape;
use bywash_lake::storage::{CountingStore, Warehouse};
use bywash_lake::tables::{
    Deletes, IdSource, PartitionTerm, TableFiles, TableWriter, Type, WriteSettings, assign_ids, conform, partition_spec,
};
use futures::StreamExt;
use tempfile::TempDir;

/// What a name means in a test.
#[derive(Clone)]
pub enum Table {
    Lake(LakeTable),
    View(String),
    Batches(Vec<RecordBatch>),
    Stream(StreamTable),
}

/// Tables by name; the resolver of the sessions under test.
#[derive(Clone, Default)]
pub struct Tables(Arc<Mutex<BTreeMap<String, Table>>>);

impl Tables {
    pub fn put(&self, name: &str, table: Table) {
        self.0.lock().expect("tables").insert(name.to_owned(), table);
    }

    pub fn lake(&self, name: &str) -> LakeTable {
        match self.0.lock().expect("tables").get(name) {
            Some(Table::Lake(table)) => table.clone(),
            _ => panic!("{name} is no table of the lake"),
        }
    }

    /// The same tables without bounds, counts and partition values: nothing can be pruned.
    pub fn blind(&self) -> Self {
        let tables = self.0.lock().expect("tables").clone();
        let tables = tables.into_iter().map(|(name, table)| match table {
            Table::Lake(table) => (name, Table::Lake(blind(table))),
            other => (name, other),
        });
        Self(Arc::new(Mutex::new(tables.collect())))
    }
}

fn blind(mut table: LakeTable) -> LakeTable {
    let mut files = table.files.as_ref().clone();
    for file in &mut files.files {
        file.lower_bounds.clear();
        file.upper_bounds.clear();
        file.null_value_counts.clear();
        file.nan_value_counts.clear();
        file.partition.clear();
    }
    for spec in &mut files.specs {
        spec.fields.clear();
    }
    table.files = Arc::new(files);
    table
}

#[async_trait]
impl TableResolver for Tables {
    async fn resolve(&self, table: &TableRef) -> Result<Resolved> {
        let found = self.0.lock().expect("tables").get(&table.to_string()).cloned();
        match found {
            Some(Table::Lake(table)) => Ok(Resolved::Lake(table)),
            Some(Table::View(sql)) => {
                Ok(Resolved::View { sql, origin: PathBuf::from(format!("{table}.sql")), at: None })
            }
            Some(Table::Batches(batches)) => Ok(Resolved::Batches(batches[0].schema(), batches)),
            Some(Table::Stream(table)) => Ok(Resolved::Stream(table)),
            None => Err(Error::new(Code::UnknownTable, format!("there is no table `{table}`"))),
        }
    }

    async fn resolve_file(&self, path: &str) -> Result<Resolved> {
        match self.0.lock().expect("tables").get(path).cloned() {
            Some(Table::Batches(batches)) => Ok(Resolved::Batches(batches[0].schema(), batches)),
            _ => Err(Error::new(Code::MissingFile, format!("there is no file `{path}`"))),
        }
    }

    async fn known_tables(&self) -> Result<Vec<String>> {
        Ok(self.0.lock().expect("tables").keys().cloned().collect())
    }
}

/// An engine, a warehouse that counts what is read of it, and tables.
pub struct Lake {
    pub tables: Tables,
    pub engine: Engine,
    pub reads: Arc<CountingStore>,
    warehouse: Arc<Warehouse>,
    _folder: TempDir,
}

impl Lake {
    pub fn new() -> Self {
        let spill = tempfile::tempdir().expect("a folder").keep();
        Self::with(EngineSettings { memory_limit: 1 << 30, spill_folder: spill, spill_limit: 1 << 30, threads: 2 })
    }

    pub fn with(settings: EngineSettings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let warehouse = Warehouse::open(&folder.path().join("warehouse")).expect("a warehouse");
        let reads = Arc::new(CountingStore::new(Arc::clone(warehouse.store())));
        let counted: Arc<CountingStore> = Arc::clone(&reads);
        let warehouse = Arc::new(warehouse.through(|_| counted));
        Self {
            tables: Tables::default(),
            engine: Engine::new(settings).expect("an engine"),
            reads,
            warehouse,
            _folder: folder,
        }
    }

    pub fn session(&self) -> Session {
        self.engine.session(Arc::new(self.tables.clone()))
    }

    pub async fn plan(&self, sql: &str) -> Result<Planned> {
        self.session().plan(&parse("<query>", sql)?, &Parameters::new()).await
    }

    pub async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let planned = self.plan(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        texts(&planned.collect().await.unwrap_or_else(|error| panic!("{sql}: {error:?}")))
    }

    /// Runs one statement: `create table … as` writes files, anything else gives rows.
    pub async fn run(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        let parsed = parse("<query>", sql)?;
        match &parsed.kind {
            StatementKind::CreateTableAs { .. } => {
                self.create(&parsed, WriteSettings::default()).await?;
                Ok(Vec::new())
            }
            StatementKind::Explain { analyze } => {
                let planned = self.session().plan(&parsed, &Parameters::new()).await?;
                planned.explain(*analyze).await?;
                Ok(Vec::new())
            }
            _ => self.session().plan(&parsed, &Parameters::new()).await?.collect().await,
        }
    }

    /// Writes the rows of a `create table … as`.
    pub async fn create(&self, parsed: &Parsed, settings: WriteSettings) -> Result<()> {
        let (name, _) = parsed.target.clone().expect("a target");
        let planned = self.session().plan(parsed, &Parameters::new()).await?;
        let schema = assign_ids(planned.table_schema()?.as_ref(), &mut Counter(0))?;
        let spec = partition_spec(&parsed.partition_by, &schema)?;
        let terms: Vec<PartitionTerm> = parsed.partition_by.iter().map(|term| term.parse()).collect::<Result<_>>()?;
        let mut rows = planned.sorted_for_write(&terms, &parsed.cluster_by)?.stream().await?;
        let folder = format!("{}/{}-1", name.namespace.clone().unwrap_or_default(), name.name);
        let shape = TableShape {
            uuid: String::new(),
            folder,
            schema: schema.clone(),
            spec: spec.clone(),
            partition_by: Vec::new(),
            cluster_by: Vec::new(),
            projections: BTreeSet::new(),
        };
        let mut writer = TableWriter::new(&self.warehouse, &shape, settings)?;
        while let Some(batch) = rows.next().await {
            writer.write(conform(&batch?, &schema)?).await?;
        }
        let files = writer.finish().await?;
        let files = TableFiles {
            schema,
            specs: vec![spec],
            files,
            snapshot_id: Some(1),
            metadata: String::new(),
            deletes: Deletes::default(),
        };
        let table = LakeTable {
            name: name.to_string(),
            warehouse: Arc::clone(&self.warehouse),
            files: Arc::new(files),
            only: None,
            without: None,
        };
        self.tables.put(&name.to_string(), Table::Lake(table));
        Ok(())
    }

    /// Bytes read of data files since the last call, by recorded path relative to the warehouse.
    pub fn read_since(&self) -> BTreeMap<String, u64> {
        let reads = self.reads.reads().into_iter().map(|(path, reads)| (path, reads.bytes)).collect();
        self.reads.reset();
        reads
    }

    /// Deletes all files of a table but these.
    pub fn keep_only(&self, name: &str, kept: &HashSet<String>) -> usize {
        let table = self.tables.lake(name);
        let gone = table.files.files.iter().filter(|file| {
            let path = self.warehouse.relative(&file.path).expect("a path").to_string();
            !kept.contains(&path)
        });
        gone.map(|file| std::fs::remove_file(self.warehouse.absolute(&file.path).expect("a path")).expect("gone"))
            .count()
    }
}

struct Counter(i32);

impl IdSource for Counter {
    fn id(&mut self, _parent: i32, _name: &str, _kind: &Type) -> i32 {
        self.0 += 1;
        self.0
    }
}

/// All values as text; nulls as `NULL`.
pub fn texts(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).expect("a formatter"))
            .collect();
        rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect()));
    }
    rows
}
