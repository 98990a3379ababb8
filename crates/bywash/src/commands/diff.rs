//! `bywash diff A [B]`: which tables differ between two commits and by how many rows, or which rows of two tables.

use bywash_core::{Code, Error, Result, TableName, TableRef, counted, format_count};
use bywash_engine::Session;
use bywash_lake::Head;
use bywash_lake::objects::Entry;
use bywash_pipeline::comparison::{Comparison, RowCounts};

use crate::arguments::{DiffArguments, RefFlags};
use crate::context::Context;
use crate::render::listing::Listing;
use crate::render::rows::write_stream;
use crate::workspace::{Workspace, table_name};

/// Compares two commits table by table, without B with the branch that is checked out; or the rows of two tables.
///
/// # Errors
/// A ref or table that nothing is called, or a key that is none.
pub async fn run(context: &Context, arguments: DiffArguments) -> Result<()> {
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    match (workspace.resolve(&arguments.from).await, &arguments.table) {
        (Ok(from), Some(table)) => {
            let to = workspace.head(&RefFlags { reference: arguments.to_ref.clone() }).await?;
            let name = table_name(&workspace.resolver(to.clone()), table).await?;
            let session = session(&workspace, to.clone()).await?;
            let key = if arguments.key.is_empty() { unique_key(&workspace, &name) } else { arguments.key.clone() };
            rows(context, &session, &at(&name, &from), &at(&name, &to), &key, &arguments).await
        }
        (Ok(from), None) => {
            let to = workspace.head(&RefFlags { reference: arguments.to_ref.clone() }).await?;
            tables(context, &workspace, &from, &to, &arguments).await
        }
        (Err(error), _) => {
            let (Some(before), Some(other)) = (relation(context, &arguments.from), &arguments.to_ref) else {
                return Err(error);
            };
            let after = relation(context, other).ok_or_else(|| {
                Error::new(Code::WrongUsage, format!("`{other}` is neither a table nor a file"))
                    .hint("compare two tables or files with each other, or two refs")
            })?;
            let session = session(&workspace, workspace.head(&RefFlags { reference: None }).await?).await?;
            rows(context, &session, &before, &after, &arguments.key, &arguments).await
        }
    }
}

async fn session(workspace: &Workspace, head: Head) -> Result<Session> {
    Ok(workspace.engine.session(std::sync::Arc::new(workspace.resolver(head))))
}

/// A table of a commit, as SQL names it.
fn at(name: &TableName, head: &Head) -> String {
    format!("\"{name}@{}\"", head.id)
}

/// What was typed as SQL names it, if it is a file that is there or looks like a table.
fn relation(context: &Context, typed: &str) -> Option<String> {
    if context.path(typed.as_ref()).is_file() {
        return Some(format!("'{}'", typed.replace('\'', "''")));
    }
    let table = TableRef::parse(typed).ok()?;
    table.namespace.is_some().then(|| format!("\"{table}\""))
}

fn unique_key(workspace: &Workspace, name: &TableName) -> Vec<String> {
    let model = workspace.graph.find(name).and_then(|node| node.model());
    model.map(|model| model.unique_key().to_vec()).unwrap_or_default()
}

/// One differing table.
struct Difference {
    name: String,
    change: &'static str,
    before: Option<u64>,
    after: Option<u64>,
    rows: RowCounts,
    columns: Option<String>,
    compared_by: Option<String>,
}

async fn tables(
    context: &Context,
    workspace: &Workspace,
    from: &Head,
    to: &Head,
    arguments: &DiffArguments,
) -> Result<()> {
    let mut differing = from.commit.tree.differences(&to.commit.tree, &workspace.lake.objects()).await?;
    differing.retain(|_, sides| !matches!(sides, (Some(one), Some(other)) if one.is_same_state(other)));
    let session = session(workspace, to.clone()).await?;
    let mut found = Vec::with_capacity(differing.len());
    for (name, (before, after)) in differing {
        found.push(difference(workspace, &session, name, (from, before), (to, after), &arguments.key).await?);
    }
    list(&found).write(context, &arguments.output)?;
    let name = arguments.to_ref.as_ref().map_or("the current branch".to_owned(), |name| format!("`{name}`"));
    context.say(format_args!("from `{}` to {name}", arguments.from));
    if let Some(first) = found.iter().find(|found| found.change == "changed") {
        context.say_next(format_args!("bywash diff {} --table {}", arguments.from, first.name));
    }
    Ok(())
}

async fn difference(
    workspace: &Workspace,
    session: &Session,
    name: String,
    (from, before): (&Head, Option<Entry>),
    (to, after): (&Head, Option<Entry>),
    key: &[String],
) -> Result<Difference> {
    let count = |entry: &Option<Entry>| entry.as_ref().and_then(Entry::table).map(|table| table.rows);
    let (rows_before, rows_after) = (count(&before), count(&after));
    let mut found = Difference {
        name,
        change: "changed",
        before: rows_before,
        after: rows_after,
        rows: RowCounts::default(),
        columns: None,
        compared_by: None,
    };
    match (&before, &after) {
        (None, _) => {
            found.change = "added";
            found.rows.added = rows_after.unwrap_or_default();
        }
        (_, None) => {
            found.change = "removed";
            found.rows.removed = rows_before.unwrap_or_default();
        }
        _ => {
            let table: TableName = found.name.parse()?;
            let own = unique_key(workspace, &table);
            let key = if key.is_empty() { own.as_slice() } else { key };
            let comparison = Comparison::plan(session, &at(&table, from), &at(&table, to), key).await?;
            found.rows = comparison.counts(session).await?;
            found.columns = (!comparison.column_changes.is_empty()).then(|| comparison.column_changes.join(", "));
            found.compared_by = Some(comparison.how());
        }
    }
    Ok(found)
}

fn list(found: &[Difference]) -> Listing {
    let number = |number: u64| i64::try_from(number).ok();
    Listing::default()
        .text("table", found.iter().map(|found| Some(found.name.clone())))
        .text("change", found.iter().map(|found| Some(found.change)))
        .number("rows_before", found.iter().map(|found| found.before.and_then(number)))
        .number("rows_after", found.iter().map(|found| found.after.and_then(number)))
        .number("added", found.iter().map(|found| number(found.rows.added)))
        .number("removed", found.iter().map(|found| number(found.rows.removed)))
        .number("changed", found.iter().map(|found| found.rows.changed.and_then(number)))
        .text("columns", found.iter().map(|found| found.columns.clone()))
        .text("compared_by", found.iter().map(|found| found.compared_by.clone()))
}

/// Says how many rows of two tables differ, and shows some of them.
async fn rows(
    context: &Context,
    session: &Session,
    before: &str,
    after: &str,
    key: &[String],
    arguments: &DiffArguments,
) -> Result<()> {
    let comparison = if arguments.key.is_empty() {
        Comparison::plan(session, before, after, key).await?
    } else {
        Comparison::by_key(session, before, after, key).await?
    };
    let counts = comparison.counts(session).await?;
    let sample = comparison.sample(session, arguments.limit).await?;
    write_stream(context, &arguments.output, sample.schema(), sample.stream().await?).await?;
    for change in &comparison.column_changes {
        context.say(format_args!("column {change}"));
    }
    for (column, count) in &counts.by_column {
        context.say(format_args!("`{column}` differs in {}", counted(*count, "row")));
    }
    let changed = counts.changed.map(|count| format!(", {} changed", format_count(count))).unwrap_or_default();
    context.say(format_args!(
        "{} added, {} removed{changed}; compared by {}",
        format_count(counts.added),
        format_count(counts.removed),
        comparison.how()
    ));
    Ok(())
}
