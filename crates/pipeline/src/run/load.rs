//! Loading a resource or a seed: which files are new or changed (rule R8), their rows into files, one entry.
//!
//! Each source file is a change of its own (rule T4), so a changed file replaces just the rows it gave. The ledger
//! of what is loaded is the table's set of changes; there is no other. Rows read = written + quarantined (rule R9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bywash_core::{Code, Error, ObjectId, Result, TableName, format_count};
use bywash_lake::changes::{LoadContent, SourceKey, TableState, Unsound};
use bywash_lake::objects::{Entry, TableEntry, TableKind};
use bywash_lake::store::LoadRow;
use bywash_lake::{Draft, TableShape};
use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::attempt::{Attempt, Done};
use super::keys;
use super::preview::LoadPreview;
use super::write::{RowWriter, Written, write_sorted};
use crate::graph::{Body, Node};
use crate::project::{OnChange, ReaderOptions, Resource, Seed, WriteDisposition};
use crate::source::{RejectedRow, SourceBatch, SourceFile, SourceTypes, Stopped};

/// Batches that may wait between the reading thread and the writer.
const BATCHES_AHEAD: usize = 4;

/// What a load is asked to do, for resources and seeds alike.
struct Request<'a> {
    node: &'a Node,
    pattern: String,
    reader: &'a ReaderOptions,
    disposition: WriteDisposition,
    on_change: OnChange,
    partition_by: Vec<String>,
    cluster_by: Vec<String>,
}

impl<'a> Request<'a> {
    /// What the load of a node is asked to do, if it is loaded at all.
    fn of(node: &'a Node) -> Option<Self> {
        match &node.body {
            Body::Resource(resource) => Some(Self::of_resource(node, resource)),
            Body::Seed(seed) => Some(Self::of_seed(node, seed)),
            Body::Model(_) | Body::Test(_) => None,
        }
    }

    fn of_resource(node: &'a Node, resource: &'a Resource) -> Self {
        Self {
            node,
            pattern: resource.path.clone(),
            reader: &resource.reader,
            disposition: resource.write_disposition,
            on_change: resource.on_change,
            partition_by: resource.partition_by.iter().map(ToString::to_string).collect(),
            cluster_by: resource.cluster_by.clone(),
        }
    }

    /// A seed is a file that stands for its table as it is now.
    fn of_seed(node: &'a Node, seed: &'a Seed) -> Self {
        Self {
            node,
            pattern: seed.path.to_string_lossy().into_owned(),
            reader: &seed.reader,
            disposition: WriteDisposition::Replace,
            on_change: OnChange::Replace,
            partition_by: Vec::new(),
            cluster_by: Vec::new(),
        }
    }
}

/// A file with the hash of what is in it.
struct Arrival {
    file: SourceFile,
    content: ObjectId,
    /// Whether other content of it was loaded before.
    changed: bool,
    /// Whether its rows stand beside what the file gave before (`on_change: append`).
    beside: bool,
}

/// What came of one file.
struct FileLoad {
    written: Written,
    rejected: Vec<RejectedRow>,
}

impl Attempt {
    pub(super) async fn load_resource(&self, node: &Node, resource: &Resource) -> Result<Done> {
        self.load(&Request::of_resource(node, resource)).await
    }

    pub(super) async fn load_seed(&self, node: &Node, seed: &Seed) -> Result<Done> {
        self.load(&Request::of_seed(node, seed)).await
    }

    /// Which files a load would read now, in words; `None` if there is none.
    pub(super) async fn new_files(&self, node: &Node) -> Result<Option<String>> {
        let Some(request) = Request::of(node) else { return Ok(None) };
        let state = self.state_of(self.source_entry(&node.name).await?.as_ref()).await?;
        let arrivals = arrivals(&request, &state, &self.list(&request).await?)?;
        Ok((!arrivals.is_empty()).then(|| describe(&arrivals, 0)))
    }

    /// What a load would do now; nothing for what is not loaded.
    pub(super) async fn preview_load(&self, node: &Node) -> Result<Option<LoadPreview>> {
        let Some(request) = Request::of(node) else { return Ok(None) };
        let entry = self.source_entry(&node.name).await?;
        let listed = self.list(&request).await?;
        let arrivals = arrivals(&request, &self.state_of(entry.as_ref()).await?, &listed)?;
        let shape = match &entry {
            Some(entry) => self.runner.lake.shape(entry).await?,
            None => {
                let files: Vec<_> = arrivals.iter().map(|arrival| arrival.file.clone()).collect();
                self.draft(&request, &self.types_of(&request, &files, true).await?.schema)?.shape
            }
        };
        let column = |column: &bywash_lake::tables::Field| (column.name.clone(), column.kind.to_string());
        Ok(Some(LoadPreview {
            name: node.name.clone(),
            files: arrivals.into_iter().map(|arrival| arrival.file.shown).collect(),
            listed: listed.len(),
            columns: shape.schema.fields.iter().map(column).collect(),
        }))
    }

    async fn state_of(&self, entry: Option<&TableEntry>) -> Result<TableState> {
        match entry {
            Some(entry) => TableState::read(self.tree.objects(), entry).await,
            None => Ok(TableState::default()),
        }
    }

    async fn load(&self, request: &Request<'_>) -> Result<Done> {
        let name = &request.node.name;
        let entry = self.source_entry(name).await?;
        let state = self.state_of(entry.as_ref()).await?;
        let listed = self.list(request).await?;
        let arrivals = arrivals(request, &state, &listed)?;
        let listed_paths: BTreeSet<_> = listed.iter().map(|(file, _)| file.shown.clone()).collect();
        let trimmed = match request.disposition {
            WriteDisposition::Replace => {
                state.without_other_loads(&name.to_string(), &listed_paths).map_err(|reason| unsound(name, reason))?
            }
            WriteDisposition::Append => None,
        };
        if let (Some(entry), true, true) = (&entry, arrivals.is_empty(), trimmed.is_none()) {
            let reason = match listed.len() {
                1 => "its file is unchanged".to_owned(),
                count => format!("its {} files are unchanged", format_count(count as u64)),
            };
            return Ok(Done::reused(&Entry::Table(Box::new(entry.clone())), reason));
        }
        let key = load_key(request, entry.as_ref(), &arrivals, trimmed.is_some());
        if let Some(kept) = self.kept(key).await?.filter(|_| !self.options.no_cache) {
            return self.take_kept(name, kept);
        }
        self.started(request.node);
        self.load_new(request, entry.as_ref(), trimmed.unwrap_or(state), arrivals, key).await
    }

    fn take_kept(&self, name: &TableName, kept: BTreeMap<String, Entry>) -> Result<Done> {
        let mut own = None;
        for (kept_name, entry) in kept {
            let kept_name: TableName = kept_name.parse()?;
            if kept_name == *name {
                own = Some(entry.clone());
            }
            self.tree.put(&kept_name, Some(entry));
        }
        let own = own.ok_or_else(|| Error::bug(format!("a kept load of `{name}` lacks the table itself")))?;
        Ok(Done::reused(&own, "loaded before by another run"))
    }

    /// The table as it is, if loads write it.
    async fn source_entry(&self, name: &TableName) -> Result<Option<TableEntry>> {
        match self.tree.entry(name).await? {
            None => Ok(None),
            Some(Entry::Table(table)) if table.kind != TableKind::Node => Ok(Some(*table)),
            Some(_) if self.options.overwrite.contains(name) => Ok(None),
            Some(_) => Err(Error::new(Code::NodeDrift, format!("`{name}` was made by a model, and is a source now"))
                .hint(format!("start it anew with `bywash run --overwrite {name}`"))),
        }
    }

    async fn list(&self, request: &Request<'_>) -> Result<Vec<(SourceFile, ObjectId)>> {
        let (sources, root) = (self.runner.sources.clone(), self.runner.project.root.clone());
        let pattern = request.pattern.clone();
        blocking(move || {
            let files = sources.list(&root, &pattern)?;
            files.into_iter().map(|file| Ok((file.clone(), sources.content(&file)?))).collect()
        })
        .await
        .map_err(|error| if error.places().is_empty() { error.at(request.node.place().clone()) } else { error })
    }

    async fn load_new(
        &self,
        request: &Request<'_>,
        entry: Option<&TableEntry>,
        state: TableState,
        arrivals: Vec<Arrival>,
        key: ObjectId,
    ) -> Result<Done> {
        let name = &request.node.name;
        let (draft, loads) = match entry {
            Some(entry) => {
                let shape = self.runner.lake.shape(entry).await?;
                let types = self.runner.sources.of_table(shape.arrow_schema()?);
                (
                    None,
                    (shape.clone(), self.load_files(request, &shape, &arrivals, &types).await?.map_err(Error::from)?),
                )
            }
            None => {
                let (draft, loads) = self.load_first(request, &arrivals).await?;
                (Some(draft.clone()), (draft.shape, loads))
            }
        };
        let (shape, loads) = loads;
        let mut next = state;
        for (arrival, load) in arrivals.iter().zip(&loads) {
            next = add_load(&next, name, &shape, arrival, load.written.files.clone())
                .map_err(|reason| refused_load(name, arrival, reason))?;
        }
        let objects = self.tree.objects();
        let label = "load";
        let table = match (&draft, entry) {
            (Some(draft), _) => self.runner.lake.create_table(objects, draft, next, label).await?,
            (None, Some(entry)) => self.runner.lake.write_state(objects, entry, next, label).await?,
            (None, None) => return Err(Error::bug(format!("`{name}` has neither a table nor a draft"))),
        };
        let own = Entry::Table(Box::new(table));
        let mut entries = vec![(name.clone(), own.clone())];
        entries.extend(self.keep_rejects(request, &arrivals, &loads).await?);
        let rows_in = loads.iter().map(|load| load.written.rows).sum();
        let quarantined: usize = loads.iter().map(|load| load.rejected.len()).sum();
        self.keep(&entries, key, request.node, self.load_rows(name, &arrivals, &loads)).await?;
        Ok(Done::ran(&own, describe(&arrivals, quarantined), rows_in))
    }

    /// The first load of a table finds its types: from the heads of the files, and from everything if they misled.
    async fn load_first(&self, request: &Request<'_>, arrivals: &[Arrival]) -> Result<(Draft, Vec<FileLoad>)> {
        let files: Vec<_> = arrivals.iter().map(|arrival| arrival.file.clone()).collect();
        let guessed = self.types_of(request, &files, false).await?;
        let draft = self.draft(request, &guessed.schema)?;
        match self.load_files(request, &draft.shape, arrivals, &guessed).await? {
            Ok(loads) => return Ok((draft, loads)),
            Err(Misled::Guess) => {}
        }
        let settled = self.types_of(request, &files, true).await?;
        let draft = self.draft(request, &settled.schema)?;
        let loads = self.load_files(request, &draft.shape, arrivals, &settled).await?;
        Ok((draft, loads.map_err(Error::from)?))
    }

    async fn types_of(&self, request: &Request<'_>, files: &[SourceFile], everything: bool) -> Result<SourceTypes> {
        let (sources, files, reader) = (self.runner.sources.clone(), files.to_vec(), request.reader.clone());
        blocking(move || if everything { sources.infer(&files, &reader) } else { sources.guess(&files, &reader) }).await
    }

    fn draft(&self, request: &Request<'_>, columns: &Schema) -> Result<Draft> {
        let name = &request.node.name;
        self.runner
            .lake
            .draft(self.tree.objects(), name, TableKind::Source, columns, &request.partition_by, &request.cluster_by)
            .map_err(|error| error.at(request.node.place().clone()))
    }

    async fn load_files(
        &self,
        request: &Request<'_>,
        shape: &Arc<TableShape>,
        arrivals: &[Arrival],
        types: &SourceTypes,
    ) -> Result<Result<Vec<FileLoad>, Misled>> {
        let mut loads = Vec::with_capacity(arrivals.len());
        let mut rows = 0;
        for arrival in arrivals {
            match self.load_file(request, shape, &arrival.file, types, &mut rows).await? {
                Ok(load) => loads.push(load),
                Err(misled) => return Ok(Err(misled)),
            }
        }
        Ok(Ok(loads))
    }

    async fn load_file(
        &self,
        request: &Request<'_>,
        shape: &Arc<TableShape>,
        file: &SourceFile,
        types: &SourceTypes,
        rows: &mut u64,
    ) -> Result<Result<FileLoad, Misled>> {
        let mut reading = self.read_in_background(request, file, types);
        let mut rejected = Vec::new();
        let mut sink = Sink::open(self, shape, types.schema.clone())?;
        let mut stopped = None;
        while let Some(received) = reading.recv().await {
            let SourceBatch { batch, rejected: bad } = match received {
                Ok(received) => received,
                Err(reason) => {
                    stopped = Some(reason);
                    break;
                }
            };
            rejected.extend(bad);
            *rows += batch.num_rows() as u64;
            self.progress(&request.node.name, *rows, 0);
            if !sink.write(batch).await? {
                break;
            }
        }
        match stopped {
            Some(Stopped::Misfit) => Ok(Err(Misled::Guess)),
            Some(Stopped::Failed(error)) => Err(error),
            None => Ok(Ok(FileLoad { written: sink.finish().await?, rejected })),
        }
    }

    fn read_in_background(
        &self,
        request: &Request<'_>,
        file: &SourceFile,
        types: &SourceTypes,
    ) -> mpsc::Receiver<Result<SourceBatch, Stopped>> {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let (sources, file) = (self.runner.sources.clone(), file.clone());
        let (reader, types) = (request.reader.clone(), types.clone());
        tokio::task::spawn_blocking(move || {
            let batches = match sources.open(&file, &reader, &types) {
                Ok(batches) => batches,
                Err(error) => return drop(sender.blocking_send(Err(Stopped::Failed(error)))),
            };
            for batch in batches {
                let ends = batch.is_err();
                if sender.blocking_send(batch).is_err() || ends {
                    return;
                }
            }
        });
        receiver
    }

    /// Quarantined rows are a load of `<table>__rejected` with the same source key: a changed file replaces them too.
    async fn keep_rejects(
        &self,
        request: &Request<'_>,
        arrivals: &[Arrival],
        loads: &[FileLoad],
    ) -> Result<Option<(TableName, Entry)>> {
        let name = request.node.name.rejected();
        let entry = self.source_entry(&name).await?;
        if entry.is_none() && loads.iter().all(|load| load.rejected.is_empty()) {
            return Ok(None);
        }
        let mut state = self.state_of(entry.as_ref()).await?;
        let draft = match &entry {
            Some(_) => None,
            None => Some(self.runner.lake.draft(
                self.tree.objects(),
                &name,
                TableKind::Source,
                &reject_schema(),
                &[],
                &[],
            )?),
        };
        let shape = match (&draft, &entry) {
            (Some(draft), _) => draft.shape.clone(),
            (None, Some(entry)) => self.runner.lake.shape(entry).await?,
            (None, None) => return Ok(None),
        };
        for (arrival, load) in arrivals.iter().zip(loads) {
            let mut writer = RowWriter::new(&self.runner.lake, &shape)?;
            writer.write(&reject_batch(&load.rejected)?).await?;
            let files = writer.finish().await?.files;
            state = add_load(&state, &request.node.name, &shape, arrival, files)
                .map_err(|reason| unsound(&name, reason))?;
        }
        let objects = self.tree.objects();
        let table = match (&draft, &entry) {
            (Some(draft), _) => self.runner.lake.create_table(objects, draft, state, "quarantine").await?,
            (None, Some(entry)) => self.runner.lake.write_state(objects, entry, state, "quarantine").await?,
            (None, None) => return Ok(None),
        };
        Ok(Some((name, Entry::Table(Box::new(table)))))
    }

    fn load_rows(&self, name: &TableName, arrivals: &[Arrival], loads: &[FileLoad]) -> Vec<LoadRow> {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        arrivals
            .iter()
            .zip(loads)
            .map(|(arrival, load)| LoadRow {
                run: self.options.run.clone(),
                table: name.to_string(),
                path: arrival.file.shown.clone(),
                content: arrival.content.to_string(),
                rows_read: signed(load.written.rows + load.rejected.len() as u64),
                rows_written: signed(load.written.rows),
                rows_filtered: 0,
                rows_quarantined: signed(load.rejected.len() as u64),
                rows_discarded: 0,
                bytes: signed(arrival.file.bytes),
            })
            .collect()
    }
}

/// Where the rows of a file go: straight into data files, or through a sort for partitioned and clustered tables.
enum Sink {
    Straight(RowWriter),
    Sorted { rows: mpsc::Sender<Result<RecordBatch>>, task: JoinHandle<Result<Written>> },
}

impl Sink {
    fn open(attempt: &Attempt, shape: &Arc<TableShape>, schema: SchemaRef) -> Result<Self> {
        let lake = attempt.runner.lake.clone();
        if shape.partition_by.is_empty() && shape.cluster_by.is_empty() {
            return Ok(Self::Straight(RowWriter::new(&lake, shape)?));
        }
        let (rows, incoming) = mpsc::channel(BATCHES_AHEAD);
        let incoming =
            stream::unfold(incoming, async |mut incoming| incoming.recv().await.map(|batch| (batch, incoming)));
        let (engine, shape) = (attempt.runner.engine.clone(), shape.clone());
        let task = tokio::spawn(async move { write_sorted(&lake, &engine, &shape, schema, incoming.boxed()).await });
        Ok(Self::Sorted { rows, task })
    }

    /// Adds rows; false if nobody takes them any more, and `finish` says why.
    async fn write(&mut self, batch: RecordBatch) -> Result<bool> {
        match self {
            Self::Straight(writer) => writer.write(&batch).await.map(|()| true),
            Self::Sorted { rows, .. } => Ok(rows.send(Ok(batch)).await.is_ok()),
        }
    }

    async fn finish(self) -> Result<Written> {
        match self {
            Self::Straight(writer) => writer.finish().await,
            Self::Sorted { rows, task } => {
                drop(rows);
                task.await.map_err(|error| Error::bug("sorting rows ended without a result").caused_by(error))?
            }
        }
    }
}

/// Why the files of a load have to be read in another way.
enum Misled {
    /// The guessed types do not fit everything.
    Guess,
}

impl From<Misled> for Error {
    fn from(_: Misled) -> Self {
        Self::bug("a reader called settled types a guess")
    }
}

/// The files whose content is not in the table.
fn arrivals(request: &Request<'_>, state: &TableState, listed: &[(SourceFile, ObjectId)]) -> Result<Vec<Arrival>> {
    let mut found = Vec::new();
    for (file, content) in listed {
        let key = source_key(&request.node.name, file);
        let beside_key = SourceKey { path: format!("{}#{}", key.path, content.short()), ..key.clone() };
        if state.is_loaded(&key, *content) || state.is_loaded(&beside_key, *content) {
            continue;
        }
        let changed = state.load_of(&key).is_some();
        if changed && request.on_change == OnChange::Error {
            return Err(Error::new(Code::ChangedFile, format!("`{}` has changed since it was loaded", file.shown))
                .at(request.node.place().clone())
                .hint("the source says `on_change: error`; `replace` would take the new rows for the old ones"));
        }
        let beside = changed && request.on_change == OnChange::Append;
        found.push(Arrival { file: file.clone(), content: *content, changed, beside });
    }
    Ok(found)
}

fn source_key(name: &TableName, file: &SourceFile) -> SourceKey {
    SourceKey { resource: name.to_string(), path: file.shown.clone() }
}

fn add_load(
    state: &TableState,
    resource: &TableName,
    shape: &TableShape,
    arrival: &Arrival,
    files: Vec<bywash_lake::tables::DataFile>,
) -> Result<TableState, Unsound> {
    let load = LoadContent {
        source_key: source_key(resource, &arrival.file),
        content: arrival.content,
        field_ids: shape.schema.fields.iter().map(|field| field.id).collect(),
    };
    if arrival.beside { state.load_beside(&load, files) } else { state.load(&load, files) }
}

/// A load is reused when the same files went into the same table in the same way (rule R2).
fn load_key(request: &Request<'_>, entry: Option<&TableEntry>, arrivals: &[Arrival], trims: bool) -> ObjectId {
    let settings = (request.reader, &request.partition_by, &request.cluster_by, trims);
    let recipe = keys::recipe("load", &request.pattern, &settings, &BTreeMap::new());
    let inputs = arrivals.iter().map(|arrival| (arrival.file.shown.clone(), arrival.content)).collect();
    let base = entry.map(|entry| Entry::Table(Box::new(entry.clone())).version());
    let base = base.map(|version| version.as_bytes().to_vec()).unwrap_or_default();
    keys::output_key(&request.node.name, recipe, &inputs, &[base])
}

fn unsound(name: &TableName, reason: Unsound) -> Error {
    Error::new(Code::MergeConflict, format!("a load does not fit `{name}`: {}", reason.reason()))
        .hint(format!("`bywash table history {name}` shows what was done to it; revert the edit, or the load, first"))
}

/// Why a file's rows cannot go in; where the ones it gave were edited since, how to take the new file (rule R8).
fn refused_load(name: &TableName, arrival: &Arrival, reason: Unsound) -> Error {
    if !arrival.changed || reason != Unsound::StandsOnNothing {
        return unsound(name, reason);
    }
    let file = &arrival.file.shown;
    Error::new(Code::MergeConflict, format!("`{file}` changed, and rows that it gave to `{name}` were edited since"))
        .hint(format!(
            "to take the new file, take the edits back with `bywash revert COMMIT` (`bywash table history {name}` lists \
             them) and run again; to keep the edits, put the old file back"
        ))
}

/// How many files are new and how many have changed, and what became of their bad rows.
fn describe(arrivals: &[Arrival], quarantined: usize) -> String {
    let count = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what} file")),
        _ => Some(format!("{} {what} files", format_count(number as u64))),
    };
    let changed = arrivals.iter().filter(|arrival| arrival.changed).count();
    let rejected = (quarantined > 0).then(|| format!("{} rows quarantined", format_count(quarantined as u64)));
    let parts = [count(arrivals.len() - changed, "new"), count(changed, "changed"), rejected];
    match parts.into_iter().flatten().collect::<Vec<_>>().join(", ") {
        nothing if nothing.is_empty() => "files are gone".to_owned(),
        said => said,
    }
}

fn reject_schema() -> Schema {
    Schema::new(vec![
        Field::new("file", DataType::Utf8, true),
        Field::new("line", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("reason", DataType::Utf8, true),
        Field::new("raw", DataType::Utf8, true),
    ])
}

fn reject_batch(rows: &[RejectedRow]) -> Result<RecordBatch> {
    let text = |of: &dyn Fn(&RejectedRow) -> Option<String>| Arc::new(StringArray::from_iter(rows.iter().map(of)));
    let lines = rows.iter().map(|row| i64::try_from(row.line).ok());
    RecordBatch::try_new(
        Arc::new(reject_schema()),
        vec![
            text(&|row| Some(row.file.clone())),
            Arc::new(Int64Array::from_iter(lines)),
            text(&|row| row.column.clone()),
            text(&|row| Some(row.reason.clone())),
            text(&|row| Some(row.raw.clone())),
        ],
    )
    .map_err(|error| Error::bug("rejected rows do not fit their table").caused_by(error))
}

/// Runs what blocks on a thread for it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::bug("a reading thread ended without a result").caused_by(error))?
}
