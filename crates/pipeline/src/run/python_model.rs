//! Computing the table of a function in Python: what it reads is handed over, a worker calls it, and what it returns is
//! written like the rows of any query.
//!
//! Functions that make several tables are called once in an attempt, and each of their nodes takes its own table.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::RecordBatch;
use bywash_core::{Error, ObjectId, ObjectIdBuilder, Result, TableName};
use bywash_engine::sql::{Parameters, Parsed};
use bywash_engine::{Engine, Planned, Resolved, Session, StreamTable};
use bywash_python::{Answer, Argument, ArgumentValue, Batches, Call, Declared, Expected, Limits, Output, Requirements};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};

use super::attempt::Attempt;
use super::functions::{FunctionLog, Functions};
use super::incremental::NewFiles;
use super::keys::Recipe;
use super::model::{ModelWork, names};
use super::python_inputs::{hand_over, values};
use super::runner::Runner;
use super::upsert;
use super::write::all_rows;
use crate::blocking::blocking;
use crate::events::Listener;
use crate::graph::{Node, NodeId};
use crate::project::{Model, ModelBody, ModelKind, PythonFunction, PythonModel};

/// Where the one query that reads them finds the rows that a function has returned.
const RETURNED: &str = "bywash_returned";

/// What functions that make several tables have returned in an attempt, or why they failed.
#[derive(Default)]
pub(super) struct Calls(Mutex<HashMap<ObjectId, Arc<OnceCell<Result<Called>>>>>);

/// What a call gave, and how many rows it was given.
#[derive(Clone)]
pub(super) struct Called {
    answer: Arc<Answer>,
    rows_in: u64,
}

/// Rule R3: all of a function's table that is neither its inputs' rows nor its packages.
pub(super) fn recipe(model: &Model, python: &PythonModel, parameters: &BTreeMap<String, String>) -> Recipe {
    let partition_by: Vec<_> = model.partition_by().iter().map(ToString::to_string).collect();
    let columns: Vec<_> =
        python.schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect();
    let inputs: Vec<_> = python.inputs.iter().map(|input| (&input.argument, &input.query.canonical)).collect();
    let forms: Vec<_> = python.inputs.iter().map(|input| format!("{:?}", input.form)).collect();
    let settings = [
        ("partition_by", json!(partition_by)),
        ("cluster_by", json!(model.cluster_by())),
        ("columns", json!(columns)),
        ("inputs", json!(inputs)),
        ("forms", json!(forms)),
        ("output", json!(python.output)),
    ];
    // What a table that is written as a whole does not have leaves its recipe as it was.
    let order_by: Vec<_> = model.order_by().iter().map(|key| (key.column.clone(), key.descending)).collect();
    let grows = [
        ("kind", json!(model.kind().as_str())),
        ("unique_key", json!(model.unique_key())),
        ("order_by", json!(order_by)),
    ];
    let grows = grows.into_iter().filter(|_| model.kind() == ModelKind::Incremental);
    let settings = settings.into_iter().chain(grows).map(|(name, value)| (name.to_owned(), value)).collect();
    let used = python.parameters();
    let given = parameters.iter().filter(|(name, _)| used.contains(&name.as_str()));
    let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
    Recipe::new("python", &python.code.to_string(), settings, given)
}

/// A query as keys count it: with the functions in Python that it calls.
pub(super) fn with_functions(parsed: &Parsed, called: &[Arc<PythonFunction>]) -> String {
    let functions = called.iter().map(|function| format!("\n{} {}", function.name, function.code));
    parsed.canonical.clone() + &functions.collect::<String>()
}

/// Stands for a call: for the function, and for the rows that it is given.
fn call_id(work: &ModelWork<'_>, python: &PythonModel, files: &Option<NewFiles>) -> ObjectId {
    let mut id = ObjectIdBuilder::default().part(python.code.as_bytes()).part(python.file.to_string_lossy().as_bytes());
    for (input, version) in &work.produced.inputs {
        id = id.part(input).part(version.as_bytes());
    }
    for (input, files) in files.iter().flatten() {
        let files: BTreeSet<_> = files.iter().collect();
        id = files.into_iter().fold(id.part("new").part(input.to_string()), ObjectIdBuilder::part);
    }
    id.finish()
}

/// What must be installed for a model.
fn requirements(model: &Model) -> Vec<&Requirements> {
    match &model.body {
        ModelBody::Python(python) => vec![&python.requirements],
        ModelBody::Sql(_) => model.functions().iter().map(|function| &function.requirements).collect(),
    }
}

impl Attempt {
    /// Resolves the packages of all functions among these nodes, because keys count them (rule R3). What cannot be
    /// resolved fails the nodes that need it, when they run.
    pub(super) async fn resolve_packages(&self, models: &[NodeId]) {
        let mut seen = Vec::new();
        for id in models {
            for wanted in self.runner.graph.node(*id).model().map(|model| requirements(model)).unwrap_or_default() {
                if !seen.contains(&wanted) {
                    seen.push(wanted);
                    let _ = self.runner.functions.resolve(wanted).await;
                }
            }
        }
    }

    /// Stands for the packages of the functions that a model calls, if it calls any.
    pub(super) fn packages(&self, model: &Model) -> Result<Option<ObjectId>> {
        self.locked(&requirements(model))
    }

    /// Stands for these packages, as they are locked.
    pub(super) fn locked(&self, wanted: &[&Requirements]) -> Result<Option<ObjectId>> {
        let mut all = ObjectIdBuilder::default().part("packages");
        for wanted in wanted {
            let lock = self.runner.functions.lock_id(wanted)?;
            all = all.part(lock.map_or_else(|| wanted.to_string().into_bytes(), |id| id.as_bytes().to_vec()));
        }
        Ok((!wanted.is_empty()).then(|| all.finish()))
    }

    /// The rows of a function's table, planned, and how many rows it was given.
    pub(super) async fn rows_of_function(
        &self,
        work: &ModelWork<'_>,
        python: &PythonModel,
        files: &Option<NewFiles>,
    ) -> Result<(Planned, u64)> {
        let engine = &self.runner.engine;
        let session = engine.session(Arc::new(self.resolver_of(work, files).await?));
        let called = if python.function.returns_several {
            let cell = self.calls.0.lock().await.entry(call_id(work, python, files)).or_default().clone();
            cell.get_or_init(|| self.call(work.node, python, &session)).await.clone()?
        } else {
            self.call(work.node, python, &session).await?
        };
        let outputs = &called.answer.outputs;
        let output = match outputs.iter().find(|output| output.name() == python.output) {
            Some(output) => output.clone(),
            None => return Err(Error::bug(format!("`{}` did not give `{}`", python.function.name, python.output))),
        };
        if work.model.unique_key().is_empty() {
            return Ok((planned(engine, output).await?, called.rows_in));
        }
        let columns = names(output.schema());
        let returned = TableName::new(RETURNED, &python.output)?;
        let last =
            upsert::last_rows(work.node, work.model, &format!("select * from {returned}"), &columns, files.is_some())?;
        let resolver = self.resolver_of(work, files).await?.with(returned, Resolved::Stream(rows(output)));
        let planned = engine.session(Arc::new(resolver)).plan(&last, &self.options.parameters).await?;
        Ok((planned, called.rows_in))
    }

    async fn call(&self, node: &Node, python: &PythonModel, session: &Session) -> Result<Called> {
        let listener = self.runner.listener.clone();
        let log = self.runner.functions.log(&self.options.run, &node.name.to_string(), listener.clone());
        let asked = Asked {
            node: node.name.to_string(),
            expected: self.runner.expected(python),
            most: None,
            parameters: &self.options.parameters,
            texts: &self.options.parameter_texts,
        };
        call(&self.runner.functions, &*listener, session, python, asked, log)
            .await
            .map_err(|error| error.or_at(node.place()))
    }
}

impl Runner {
    /// What a function must return: its tables in the order of its declaration.
    pub(super) fn expected(&self, python: &PythonModel) -> Expected {
        if !python.function.returns_several {
            return Expected::One(declared(python));
        }
        let models = self.graph.nodes().iter().filter_map(|node| match &node.model()?.body {
            ModelBody::Python(other) if Arc::ptr_eq(&other.function, &python.function) => Some(other),
            _ => None,
        });
        let models: Vec<_> = models.collect();
        let of_name = |name: &str| models.iter().find(|model| model.output == name).map(|model| declared(model));
        Expected::Several(python.function.outputs.iter().filter_map(|output| of_name(&output.name)).collect())
    }
}

/// What is asked of a function besides what its file says.
pub(super) struct Asked<'a> {
    pub(super) node: String,
    pub(super) expected: Expected,
    /// How many rows of each input suffice.
    pub(super) most: Option<u64>,
    pub(super) parameters: &'a Parameters,
    pub(super) texts: &'a BTreeMap<String, String>,
}

/// Hands the inputs of a function over and calls it.
pub(super) async fn call(
    functions: &Functions,
    listener: &dyn Listener,
    session: &Session,
    python: &PythonModel,
    asked: Asked<'_>,
    log: Arc<FunctionLog>,
) -> Result<Called> {
    let environment = functions.environment(&python.requirements).await?;
    let pool = functions.pool(listener)?;
    let mut arguments = values(python, asked.texts)?;
    let mut rows_in = 0;
    for input in python.inputs.iter() {
        let (sealed, rows) = hand_over(session, &pool, input, asked.parameters, asked.most).await?;
        rows_in += rows;
        arguments.push(Argument { name: input.argument.clone(), value: ArgumentValue::Rows(sealed, input.form) });
    }
    let function = &python.function;
    let call = Call {
        node: asked.node,
        environment,
        project: functions.project().clone(),
        search: Vec::new(),
        file: python.file.clone(),
        function: function.name.clone(),
        arguments,
        expected: asked.expected,
        limits: Limits { memory: function.memory, cpus: function.cpus, timeout: function.timeout },
        network: function.network,
        readable: Vec::new(),
    };
    let answer = pool.call(call, move |line| log.line(&line)).await?;
    Ok(Called { answer: Arc::new(answer), rows_in })
}

impl Called {
    /// The tables that the function returned.
    pub(super) fn outputs(&self) -> &[Output] {
        &self.answer.outputs
    }
}

fn declared(python: &PythonModel) -> Declared {
    Declared { name: python.output.clone(), schema: python.schema.clone() }
}

/// The rows of a table that a function returned, planned.
pub(super) async fn planned(engine: &Engine, output: Output) -> Result<Planned> {
    all_rows(engine, Resolved::Stream(rows(output))).await
}

/// A table that a function returned, read batch by batch as often as it is asked for.
fn rows(output: Output) -> StreamTable {
    let schema = output.schema().clone();
    StreamTable { schema, open: Arc::new(move || read(output.batches())) }
}

fn read(batches: Batches) -> BoxStream<'static, Result<RecordBatch>> {
    let next = |mut batches: Batches| blocking(move || Ok(batches.next().transpose()?.map(|batch| (batch, batches))));
    stream::try_unfold(batches, next).boxed()
}
