//! `bywash table`: what tables there are, what one is made of, how it came about.

use bywash_core::{Result, TableName, counted, format_bytes, format_micros};
use bywash_lake::changes::{Change, ChangeKind, TableState};
use bywash_lake::objects::{Commit, Entry, TableEntry};
use bywash_pipeline::lake_view::{LakeResolver, kind_word};

use crate::arguments::{Format, OutputFlags, ProjectFlags, RefFlags, TableCommand};
use crate::commands::maintain;
use crate::commands::query::{Asked, ask};
use crate::context::Context;
use crate::render::listing::Listing;
use crate::render::other_readers::lines_for_other_readers;
use crate::render::text_output::write_text;
use crate::workspace::{Workspace, table_name};

const LONGEST: usize = 100_000;

/// Lists tables, shows one, tells its history, or maintains it.
///
/// # Errors
/// No such table or ref.
pub async fn run(context: &Context, command: TableCommand) -> Result<()> {
    match command {
        TableCommand::List { reference, project, output } => list(context, &reference, &project, &output).await,
        TableCommand::Show { table, reference, project, output } => {
            show(context, &table, &reference, &project, &output).await
        }
        TableCommand::History { table, reference, project, output } => {
            history(context, &table, &reference, &project, &output).await
        }
        TableCommand::Compact { table, flags } => maintain::compact(context, &table, &flags).await,
        TableCommand::Expire { table, keep, flags } => maintain::expire(context, &table, keep, &flags).await,
        TableCommand::RewriteManifests { table, flags } => maintain::rewrite_manifests(context, &table, &flags).await,
    }
}

async fn list(context: &Context, reference: &RefFlags, project: &ProjectFlags, output: &OutputFlags) -> Result<()> {
    let workspace = Workspace::open_lake(context, project).await?;
    let sql = "select name, kind, rows, bytes, files from bywash.tables order by name";
    let asked = Asked { reference: reference.reference.as_deref(), ..Asked::plain(sql) };
    ask(context, &workspace, &asked, output).await?;
    context.say_next("bywash table show NAME");
    Ok(())
}

async fn find(workspace: &Workspace, typed: &str, reference: &RefFlags) -> Result<(TableName, Entry, LakeResolver)> {
    let head = workspace.head(reference).await?;
    let commit = head.commit.clone();
    let resolver = workspace.resolver(head);
    let name = table_name(&resolver, typed).await?;
    match workspace.lake.entry(&commit, &name).await? {
        Some(entry) => Ok((name, entry, resolver)),
        None => Err(resolver.unknown_table(&bywash_core::TableRef::parse(typed)?).await),
    }
}

async fn show(
    context: &Context,
    typed: &str,
    reference: &RefFlags,
    project: &ProjectFlags,
    output: &OutputFlags,
) -> Result<()> {
    let workspace = Workspace::open_lake(context, project).await?;
    let (name, entry, _) = find(&workspace, typed, reference).await?;
    let table = match entry {
        Entry::Table(table) => table,
        Entry::View(view) => {
            context.say(format_args!("`{name}` is a view, written in `{}`", view.origin));
            return write_text(context, output, &format!("{}\n", view.sql));
        }
    };
    let shape = workspace.lake.shape(&table).await?;
    if output.output.is_none_or(|format| format == Format::Table) {
        summarize(context, &name, &table, &shape.partition_by, &shape.cluster_by);
    }
    let columns = &shape.schema.fields;
    Listing::default()
        .number("id", columns.iter().map(|column| Some(i64::from(column.id))))
        .text("column", columns.iter().map(|column| Some(column.name.clone())))
        .text("type", columns.iter().map(|column| Some(column.kind.to_string())))
        .write(context, output)?;
    if output.output.is_none_or(|format| format == Format::Table) {
        let location = workspace.lake.warehouse().absolute(&table.metadata)?;
        context.say(lines_for_other_readers(&location.display().to_string(), |name| std::env::var(name).ok()));
        if let Some(recorded) = workspace.lake.recorded_elsewhere(&table).await? {
            context.warn(format_args!(
                "the lake was moved, and these lines fail until `bywash doctor --relocate`: `{name}` records that its \
                 files lie in `{recorded}`"
            ));
        }
    }
    Ok(())
}

fn summarize(context: &Context, name: &TableName, table: &TableEntry, partition_by: &[String], cluster_by: &[String]) {
    context.say(format_args!(
        "{name}: {}, {} in {}, kind {}",
        counted(table.rows, "row"),
        format_bytes(table.bytes),
        counted(table.files, "file"),
        kind_word(name, &Entry::Table(Box::new(table.clone())))
    ));
    if !partition_by.is_empty() {
        context.say(format_args!("partitioned by {}", partition_by.join(", ")));
    }
    if !cluster_by.is_empty() {
        context.say(format_args!("clustered by {}", cluster_by.join(", ")));
    }
}

/// One state of the table in the history of a branch.
struct Step {
    commit: String,
    time: String,
    message: String,
    rows: Option<i64>,
    change: String,
}

async fn history(
    context: &Context,
    typed: &str,
    reference: &RefFlags,
    project: &ProjectFlags,
    output: &OutputFlags,
) -> Result<()> {
    let workspace = Workspace::open_lake(context, project).await?;
    let (name, ..) = find(&workspace, typed, reference).await?;
    let head = workspace.head(reference).await?;
    let log = workspace.lake.log(head.id, LONGEST).await?;
    let mut steps = Vec::new();
    for (place, (id, commit)) in log.iter().enumerate() {
        let after = workspace.lake.entry(commit, &name).await?;
        let before = match log.get(place + 1) {
            Some((_, parent)) => workspace.lake.entry(parent, &name).await?,
            None => None,
        };
        if after != before {
            steps.push(step(&workspace, &id.short(), commit, before.as_ref(), after.as_ref()).await?);
        }
    }
    Listing::default()
        .text("commit", steps.iter().map(|step| Some(step.commit.clone())))
        .text("time", steps.iter().map(|step| Some(step.time.clone())))
        .number("rows", steps.iter().map(|step| step.rows))
        .text("change", steps.iter().map(|step| Some(step.change.clone())))
        .text("message", steps.iter().map(|step| Some(step.message.clone())))
        .write(context, output)?;
    context.say_next(format_args!("bywash query \"from {name}@COMMIT\" reads it as it was"));
    Ok(())
}

async fn step(
    workspace: &Workspace,
    id: &str,
    commit: &Commit,
    before: Option<&Entry>,
    after: Option<&Entry>,
) -> Result<Step> {
    let objects = workspace.lake.objects();
    let changes = async |entry: Option<&Entry>| match entry.and_then(Entry::table) {
        Some(table) => TableState::read(&objects, table).await.map(|state| state.changes),
        None => Ok(Default::default()),
    };
    let (old, new) = (changes(before).await?, changes(after).await?);
    let is_done = |(id, change): &(&_, &Change)| !old.contains_key(id) && change.kind != ChangeKind::Created;
    let added: Vec<_> = new.iter().filter(is_done).map(|(_, change)| change.label.clone()).collect();
    let change = match (after, added.as_slice()) {
        (None, _) => "dropped".to_owned(),
        (Some(Entry::View(_)), _) => "view".to_owned(),
        (_, []) => String::new(),
        (_, [one]) => one.clone(),
        (_, [first, rest @ ..]) => format!("{first} and {} more", rest.len()),
    };
    Ok(Step {
        commit: id.to_owned(),
        time: format_micros(commit.time)[..19].replace('T', " "),
        message: commit.message.clone(),
        rows: after.and_then(Entry::table).and_then(|table| i64::try_from(table.rows).ok()),
        change,
    })
}
