//! `bywash query`: one statement, or a shell.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::Field;
use async_trait::async_trait;
use bywash_core::{Code, Error, RefName, Result, TableName};
use bywash_engine::sql::{self, Parameters, Parsed, StatementKind};
use bywash_engine::{Engine, Planned, TableResolver};
use bywash_ingest::QuotedFiles;
use bywash_lake::Lake;
use bywash_lake::tables::kind_of;
use bywash_pipeline::lake_view::{LakeResolver, WorkingTree, kind_word};
use bywash_pipeline::project::{Settings, find_root};
use bywash_pipeline::statement::{Changed, StatementContext};
use futures::StreamExt;

use crate::arguments::{OutputFlags, QueryArguments};
use crate::context::Context;
use crate::interrupt;
use crate::render::listing::text_rows;
use crate::render::rows::write_stream;
use crate::shell::{Answer, KnownTable, SqlRunner, run_script, run_shell};
use crate::workspace::{CACHE_FOLDER, HISTORY_FILE, Workspace, engine_for, in_project, parameters};

/// A statement as it was asked.
pub struct Asked<'a> {
    /// The text.
    pub sql: &'a str,
    /// The ref it is about.
    pub reference: Option<&'a str>,
    /// Values of `$name`.
    pub parameters: Parameters,
}

impl<'a> Asked<'a> {
    /// A statement on the current branch without parameters.
    #[must_use]
    pub fn plain(sql: &'a str) -> Self {
        Self { sql, reference: None, parameters: Parameters::new() }
    }
}

/// Runs one statement, or the shell.
///
/// # Errors
/// The statement cannot be done.
pub async fn run(context: &Context, arguments: QueryArguments) -> Result<()> {
    interrupt::keeps("nothing was written: a statement is done as a whole or not at all");
    let runner = Arc::new(runner(context, &arguments).await?);
    let Some(sql) = &arguments.sql else {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return run_script(context, runner.as_ref(), &arguments.output, stdin).await;
        }
        let history = history_file(context)?;
        return run_shell(context, runner.as_ref(), &arguments.output, &history).await;
    };
    for parsed in sql::parse_all("<query>", sql)? {
        answer(context, runner.as_ref(), &parsed, &arguments.output).await?;
    }
    Ok(())
}

/// Runs one statement of the program's own in an open workspace and prints its rows.
///
/// # Errors
/// The statement cannot be done.
pub async fn ask(context: &Context, workspace: &Workspace, asked: &Asked<'_>, output: &OutputFlags) -> Result<()> {
    let runner = Statements::of(workspace, asked.reference, asked.parameters.clone())?;
    for parsed in sql::parse_all("<query>", asked.sql)? {
        answer(context, &runner, &parsed, output).await?;
    }
    Ok(())
}

/// The shell's history lies with the project's caches, or outside a project with the user's.
fn history_file(context: &Context) -> Result<PathBuf> {
    let folder = match find_root(&context.folder) {
        Ok(root) => root.join(CACHE_FOLDER),
        Err(_) => std::env::temp_dir().join("bywash"),
    };
    std::fs::create_dir_all(&folder).map_err(|error| Error::io("create", &folder, &error))?;
    Ok(folder.join(HISTORY_FILE))
}

async fn answer(context: &Context, runner: &Statements, parsed: &Parsed, output: &OutputFlags) -> Result<()> {
    match runner.execute(parsed).await? {
        Answer::Rows { schema, rows, warnings } => {
            warnings.iter().for_each(|warning| context.warn(warning));
            write_stream(context, output, schema, rows).await.map(drop)
        }
        Answer::Changed(line) => {
            context.say(line);
            Ok(())
        }
    }
}

async fn runner(context: &Context, arguments: &QueryArguments) -> Result<Statements> {
    let values = parameters(&arguments.parameters).0;
    if !in_project(context) && arguments.reference.reference.is_none() {
        let cache = std::env::temp_dir().join("bywash");
        let engine = Arc::new(engine_for(&Settings::default(), &cache)?);
        let files = Arc::new(QuotedFiles::new(&context.folder));
        return Ok(Statements { engine, files, parameters: values, place: Place::Nowhere });
    }
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    Statements::of(&workspace, arguments.reference.reference.as_deref(), values)
}

/// Where statements are run.
enum Place {
    /// Files alone.
    Nowhere,
    /// A lake, at a ref.
    Lake { lake: Lake, reference: String, current: String, nodes: Vec<(TableName, String)>, protected: Vec<RefName> },
}

/// Runs statements.
struct Statements {
    engine: Arc<Engine>,
    files: Arc<QuotedFiles>,
    parameters: Parameters,
    place: Place,
}

impl Statements {
    fn of(workspace: &Workspace, reference: Option<&str>, parameters: Parameters) -> Result<Self> {
        let models = workspace.graph.nodes().iter().filter(|node| node.model().is_some());
        let models = models.map(|node| (node.name.clone(), node.path().display().to_string()));
        // A model that cannot be read makes its table all the same.
        let broken = workspace.project.broken.iter();
        let broken = broken.map(|name| (name.clone(), format!("models/{}/{}.sql", name.namespace(), name.name())));
        let current = crate::workspace::current_branch(&workspace.project.root)?.to_string();
        let place = Place::Lake {
            lake: workspace.lake.clone(),
            reference: reference.map_or_else(|| current.clone(), str::to_owned),
            current,
            nodes: models.chain(broken).collect(),
            protected: workspace.project.settings.protected.clone(),
        };
        let files = Arc::new(workspace.quoted_files());
        Ok(Self { engine: workspace.engine.clone(), files, parameters, place })
    }

    async fn execute(&self, parsed: &Parsed) -> Result<Answer> {
        if let Some(refusal) = parsed.kind.refusal() {
            let place = parsed.target.as_ref().map(|(_, place)| place.clone());
            return Err(place.into_iter().fold(refusal, Error::at));
        }
        if !parsed.kind.reads_only() {
            let Changed { what, commit } = self.change(parsed).await?;
            let undo = match commit.map(|commit| commit.short()) {
                Some(commit) => format!("{what}; commit {commit} (undo: bywash revert {commit}{})", self.elsewhere()),
                None => what,
            };
            return Ok(Answer::Changed(undo));
        }
        let planned = self.engine.session(self.resolver().await?).plan(parsed, &self.parameters).await?;
        rows_of(parsed, planned, self.files.take_warnings()).await
    }

    /// The flag that names the branch, where it is another than the one that is checked out.
    fn elsewhere(&self) -> String {
        match &self.place {
            Place::Lake { reference, current, .. } if reference != current => format!(" --ref {reference}"),
            _ => String::new(),
        }
    }

    async fn resolver(&self) -> Result<Arc<dyn TableResolver>> {
        match &self.place {
            Place::Nowhere => Ok(Arc::new(LakeResolver::without_lake(self.files.clone()))),
            Place::Lake { lake, reference, .. } => {
                let tree = Arc::new(WorkingTree::new(lake.clone(), lake.resolve(reference).await?));
                Ok(Arc::new(LakeResolver::new(tree, self.files.clone())))
            }
        }
    }

    async fn change(&self, parsed: &Parsed) -> Result<Changed> {
        let Place::Lake { lake, reference, nodes, protected, .. } = &self.place else {
            return Err(Error::new(Code::NoProject, "there is no lake here to write to")
                .hint("make a project with `bywash init DIR`, and run this in it"));
        };
        let branch: RefName = reference.parse()?;
        if protected.contains(&branch) {
            return Err(Error::new(Code::ProtectedBranch, format!("`{branch}` is protected: SQL cannot write there"))
                .hint(format!(
                    "write on a branch of your own and merge it: `bywash checkout -b fix`, the statement, \
                     `bywash merge fix --into {branch}`"
                )));
        }
        let statement = StatementContext {
            lake: lake.clone(),
            engine: self.engine.clone(),
            files: self.files.clone(),
            branch,
            parameters: self.parameters.clone(),
            nodes: nodes.clone(),
        };
        statement.execute(parsed).await
    }
}

async fn rows_of(parsed: &Parsed, planned: Planned, warnings: Vec<String>) -> Result<Answer> {
    let StatementKind::Explain { analyze } = parsed.kind else {
        let schema = planned.schema();
        return Ok(Answer::Rows { schema, rows: planned.stream().await?.boxed(), warnings });
    };
    let text = planned.explain(analyze).await?;
    let batch = text_rows("plan", &text)?;
    Ok(Answer::Rows { schema: batch.schema(), rows: futures::stream::iter([Ok(batch)]).boxed(), warnings })
}

#[async_trait]
impl SqlRunner for Statements {
    async fn run(&self, sql: &str) -> Result<Answer> {
        self.execute(&sql::parse("<query>", sql)?).await
    }

    async fn tables(&self) -> Result<Vec<KnownTable>> {
        let Place::Lake { lake, reference, .. } = &self.place else { return Ok(Vec::new()) };
        let tree = Arc::new(WorkingTree::new(lake.clone(), lake.resolve(reference).await?));
        let names = LakeResolver::new(tree.clone(), self.files.clone()).known_tables().await?;
        let mut tables = Vec::with_capacity(names.len());
        for name in names {
            let table: TableName = name.parse()?;
            let kind = tree.entry(&table).await?.map_or("system", |entry| kind_word(&table, &entry));
            tables.push(KnownTable { columns: self.columns(&name).await, name, kind: kind.to_owned() });
        }
        Ok(tables)
    }
}

impl Statements {
    /// Names and types of a table's columns; none where it cannot be read, since this only serves completion.
    async fn columns(&self, name: &str) -> Vec<(String, String)> {
        let planned = async {
            let parsed = sql::parse("<query>", &format!("select * from {name}"))?;
            self.engine.session(self.resolver().await?).plan(&parsed, &self.parameters).await
        };
        match planned.await {
            Ok(planned) => {
                let fields = planned.schema();
                fields.fields().iter().map(|field| (field.name().clone(), type_word(field))).collect()
            }
            Err(_) => Vec::new(),
        }
    }
}

/// The type as tables and their YAML call it; Arrow's name for what no table can hold.
fn type_word(field: &Field) -> String {
    match kind_of(field.name(), field.data_type()) {
        Ok(kind) => kind.to_string(),
        Err(_) => field.data_type().to_string(),
    }
}
