//! Loading a resource or a seed: which files are new or changed (rule R8), their rows into files, one entry.
//!
//! Each source file is a change of its own (rule T4), so a changed file replaces just the rows it gave. The ledger
//! of what is loaded is the table's set of changes; there is no other. Rows read = written + quarantined (rule R9).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::Schema;
use bywash_core::{Code, Error, ObjectId, Result, TableName, format_count};
use bywash_lake::changes::TableState;
use bywash_lake::objects::{Entry, TableEntry, TableKind};
use bywash_lake::store::LoadRow;
use bywash_lake::{Draft, TableShape};
use serde_json::json;

use super::arrivals::{Arrival, add_load, arrivals, describe, refused_load, unsound};
use super::attempt::{Attempt, Done};
use super::keys;
use super::load_file::{FileLoad, Misled};
use super::new_columns::Evolved;
use super::preview::LoadPreview;
use super::write::Meter;
use crate::blocking::blocking;
use crate::graph::{Body, Node};
use crate::project::{OnChange, ReaderOptions, Resource, SchemaContract, Seed, WriteDisposition};
use crate::source::{SourceFile, SourceTypes};

/// What a load is asked to do, for resources and seeds alike.
pub(super) struct Request<'a> {
    pub(super) node: &'a Node,
    pattern: String,
    pub(super) reader: &'a ReaderOptions,
    disposition: WriteDisposition,
    pub(super) on_change: OnChange,
    pub(super) contract: SchemaContract,
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
            contract: resource.schema_contract,
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
            contract: SchemaContract::Evolve,
            partition_by: Vec::new(),
            cluster_by: Vec::new(),
        }
    }
}

/// What came of several files.
struct Loads {
    files: Vec<FileLoad>,
    /// What a person should know, each once.
    warnings: Vec<String>,
}

impl Loads {
    fn new(files: Vec<FileLoad>, of_types: &[String]) -> Self {
        let mut seen = BTreeSet::new();
        let all = of_types.iter().chain(files.iter().flat_map(|file| &file.warnings));
        let warnings = all.filter(|warning| seen.insert(warning.as_str())).cloned().collect();
        Self { warnings, files }
    }
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
        let entry = self.source_entry(&node.name).await?;
        let state = self.state_of(entry.as_ref()).await?;
        let arrivals = arrivals(&request, &state, &self.list(&request).await?)?;
        self.refuse_misfits(&request, entry.as_ref(), state, &arrivals).await?;
        Ok((!arrivals.is_empty()).then(|| describe(&arrivals, 0)))
    }

    /// What a load would do now; nothing for what is not loaded.
    pub(super) async fn preview_load(&self, node: &Node) -> Result<Option<LoadPreview>> {
        let Some(request) = Request::of(node) else { return Ok(None) };
        let entry = self.source_entry(&node.name).await?;
        let listed = self.list(&request).await?;
        let state = self.state_of(entry.as_ref()).await?;
        let arrivals = arrivals(&request, &state, &listed)?;
        self.refuse_misfits(&request, entry.as_ref(), state, &arrivals).await?;
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

    /// Fails where a load of these files would, because of what was done to the table since.
    async fn refuse_misfits(
        &self,
        request: &Request<'_>,
        entry: Option<&TableEntry>,
        mut state: TableState,
        arrivals: &[Arrival],
    ) -> Result<()> {
        let Some(entry) = entry else { return Ok(()) };
        let (name, shape) = (&request.node.name, self.runner.lake.shape(entry).await?);
        for arrival in arrivals {
            state = add_load(&state, name, &shape, arrival, Vec::new())
                .map_err(|reason| refused_load(name, arrival, reason))?;
        }
        Ok(())
    }

    pub(super) async fn state_of(&self, entry: Option<&TableEntry>) -> Result<TableState> {
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
    pub(super) async fn source_entry(&self, name: &TableName) -> Result<Option<TableEntry>> {
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
        .map_err(|error| error.or_at(request.node.place()))
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
        let (draft, mut next, shape, Loads { files: loads, warnings }) = match entry {
            Some(entry) => {
                let (state, shape, loads) = self.load_into(request, entry, state, &arrivals).await?;
                (None, state, shape, loads)
            }
            None => {
                let (draft, loads) = self.load_first(request, &arrivals).await?;
                (Some(draft.clone()), state, draft.shape, loads)
            }
        };
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
        Ok(Done { warnings, ..Done::ran(&own, describe(&arrivals, quarantined), rows_in) })
    }

    /// A table that exists takes what fits its columns; where its contract says so, it gets the columns that fit.
    async fn load_into(
        &self,
        request: &Request<'_>,
        entry: &TableEntry,
        state: TableState,
        arrivals: &[Arrival],
    ) -> Result<(TableState, Arc<TableShape>, Loads)> {
        let shape = self.runner.lake.shape(entry).await?;
        let misfit = match self.load_settled(request, &shape, arrivals).await {
            Ok(loads) => return Ok((state, shape, loads)),
            Err(error) => error,
        };
        let may_evolve = request.contract == SchemaContract::Evolve
            && matches!(misfit.code(), Code::SchemaChange | Code::InvalidValue);
        if !may_evolve {
            let may_alter = misfit.code() == Code::SchemaChange;
            let hint = may_alter.then(|| {
                let name = &request.node.name;
                format!(
                    "`alter table {name} …` changes columns; `schema_contract: evolve` at the resource lets files do so"
                )
            });
            return Err(misfit.maybe_hint(hint));
        }
        let files: Vec<_> = arrivals.iter().map(|arrival| arrival.file.clone()).collect();
        let found = self.types_of(request, &files, true).await?.schema;
        match self.evolved(&request.node.name, entry, &state, &shape, &found).await? {
            Some(Evolved { state, shape, warning }) => {
                let mut loads = self.load_settled(request, &shape, arrivals).await?;
                loads.warnings.insert(0, warning);
                Ok((state, shape, loads))
            }
            None => Err(misfit),
        }
    }

    async fn load_settled(
        &self,
        request: &Request<'_>,
        shape: &Arc<TableShape>,
        arrivals: &[Arrival],
    ) -> Result<Loads> {
        let types = self.runner.sources.of_table(shape.arrow_schema()?);
        self.load_files(request, shape, arrivals, &types).await?.map_err(Error::from)
    }

    /// The first load of a table finds its types: from the heads of the files, and from everything if they misled.
    async fn load_first(&self, request: &Request<'_>, arrivals: &[Arrival]) -> Result<(Draft, Loads)> {
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
    ) -> Result<Result<Loads, Misled>> {
        let mut loads = Vec::with_capacity(arrivals.len());
        let mut meter = Meter::new(self.runner.listener.clone(), &request.node.name);
        for arrival in arrivals {
            match self.load_file(request, shape, &arrival.file, types, &mut meter).await? {
                Ok(load) => loads.push(load),
                Err(misled) => return Ok(Err(misled)),
            }
        }
        Ok(Ok(Loads::new(loads, &types.warnings)))
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

/// A load is reused when the same files went into the same table in the same way (rule R2).
fn load_key(request: &Request<'_>, entry: Option<&TableEntry>, arrivals: &[Arrival], trims: bool) -> ObjectId {
    let settings = json!([request.reader, request.partition_by, request.cluster_by, trims]);
    let settings = BTreeMap::from([("load".to_owned(), settings)]);
    let recipe = keys::Recipe::new("load", &request.pattern, settings, BTreeMap::new()).id();
    let inputs = arrivals.iter().map(|arrival| (arrival.file.shown.clone(), arrival.content)).collect();
    let base = entry.map(|entry| Entry::Table(Box::new(entry.clone())).version());
    let base = base.map(|version| version.as_bytes().to_vec()).unwrap_or_default();
    keys::output_key(&request.node.name, recipe, &inputs, &[base])
}
