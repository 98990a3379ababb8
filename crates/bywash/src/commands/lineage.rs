//! `bywash lineage`: where a table or a column comes from, and what is made of it, before anything has run.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use bywash_core::{Code, Error, Result, TableName, suggestion};
use bywash_pipeline::events::Silence;
use bywash_pipeline::lake_view::WorkingTree;
use bywash_pipeline::run::{Column, Lineage, Link};
use serde_json::json;

use crate::arguments::{LineageArguments, LineageFormat, OutputFlags};
use crate::context::Context;
use crate::render::listing::Listing;
use crate::render::text_output::write_text;
use crate::workspace::{Workspace, parameters};

/// Shows the lineage.
///
/// # Errors
/// There is no such table or column, or the lake cannot be read.
pub async fn run(context: &Context, arguments: LineageArguments) -> Result<()> {
    let (workspace, _) = Workspace::open_with_problems(context, &arguments.project, None).await?;
    let head = workspace.head(&arguments.reference).await?;
    let tree = Arc::new(WorkingTree::new(workspace.lake.clone(), head));
    let runner = workspace.runner(Arc::new(Silence));
    let (lineage, problems) = runner.lineage(&tree, &parameters(&arguments.parameters)).await?;
    for problem in &problems {
        context.warn(format_args!("left out: {}", problem.message()));
    }
    let start = find(&workspace, &lineage, &arguments.table)?;
    let both = !arguments.up && !arguments.down;
    let links = lineage.around(&start, arguments.up || both, arguments.down || both);
    let output = OutputFlags { output: None, to: arguments.to.clone() };
    match arguments.output {
        LineageFormat::Table => {
            let texts = |of: fn(&Link) -> String| links.iter().map(|link| Some(of(link))).collect::<Vec<_>>();
            Listing::default()
                .text("from", texts(|link| shown(&link.from)))
                .text("to", texts(|link| shown(&link.to)))
                .text("how", texts(|link| how(link).to_owned()))
                .write(context, &output)
                .map(drop)
        }
        LineageFormat::Json => write_text(context, &output, &format!("{}\n", as_json(&start, &links))),
        LineageFormat::Dot => write_text(context, &output, &as_dot(&links)),
        LineageFormat::Mermaid => write_text(context, &output, &as_mermaid(&links)),
    }
}

/// `marts.delays`, `delays`, `marts.delays.minutes` or `delays.minutes`: a table of the graph goes first.
fn find(workspace: &Workspace, lineage: &Lineage, text: &str) -> Result<Column> {
    let names: Vec<String> = workspace.graph.nodes().iter().map(|node| node.name.to_string()).collect();
    let table = |wanted: &str| -> Option<String> {
        if let Ok(name) = wanted.parse::<TableName>() {
            return names.contains(&name.to_string()).then(|| name.to_string());
        }
        let mut fits = names.iter().filter(|name| name.split_once('.').is_some_and(|(_, bare)| bare == wanted));
        fits.next().filter(|_| fits.next().is_none()).cloned()
    };
    if let Some(table) = table(text) {
        return Ok(Column { table, column: None });
    }
    let Some((table, column)) = text.rsplit_once('.').and_then(|(name, column)| Some((table(name)?, column))) else {
        return Err(Error::new(Code::UnknownTable, format!("there is no table `{text}` in the graph"))
            .maybe_hint(suggestion(text, names.iter().map(String::as_str)))
            .hint("`bywash ls` lists the graph; write a column as `table.column`"));
    };
    match lineage.columns_of(&table) {
        Some(columns) if !columns.contains(column) => {
            Err(Error::new(Code::UnknownColumn, format!("`{table}` has no column `{column}`"))
                .maybe_hint(suggestion(column, columns.iter().map(String::as_str))))
        }
        _ => Ok(Column { table, column: Some(column.to_owned()) }),
    }
}

fn shown(column: &Column) -> String {
    match &column.column {
        Some(name) => format!("{}.{name}", column.table),
        None => column.table.clone(),
    }
}

const fn how(link: &Link) -> &'static str {
    if link.hands_on { "value" } else { "influence" }
}

fn as_json(start: &Column, links: &[Link]) -> serde_json::Value {
    let column = |column: &Column| json!({ "table": column.table, "column": column.column });
    let links =
        links.iter().map(|link| json!({ "from": column(&link.from), "to": column(&link.to), "how": how(link) }));
    json!({ "of": column(start), "links": links.collect::<Vec<_>>() })
}

/// Influence is dashed.
fn as_dot(links: &[Link]) -> String {
    let quoted = |column: &Column| format!("\"{}\"", shown(column).replace('"', "\\\""));
    let mut text = "digraph lineage {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
    for link in links {
        let style = if link.hands_on { "" } else { " [style=dashed]" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {} -> {}{style};", quoted(&link.from), quoted(&link.to));
    }
    text + "}\n"
}

fn as_mermaid(links: &[Link]) -> String {
    let names: BTreeSet<String> = links.iter().flat_map(|link| [shown(&link.from), shown(&link.to)]).collect();
    let names: Vec<String> = names.into_iter().collect();
    let id = |column: &Column| names.binary_search(&shown(column)).unwrap_or_default();
    let mut text = "flowchart LR\n".to_owned();
    for (id, name) in names.iter().enumerate() {
        let _ = writeln!(text, "  n{id}[\"{}\"]", name.replace('"', "#quot;"));
    }
    for link in links {
        let arrow = if link.hands_on { "-->" } else { "-.->" };
        let _ = writeln!(text, "  n{} {arrow} n{}", id(&link.from), id(&link.to));
    }
    text
}
