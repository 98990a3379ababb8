//! What a run ends with: the rows of models that answer a question, and what to try next.

use bywash_core::Result;
use bywash_pipeline::project::Model;
use bywash_pipeline::run::{RunReport, RunStatus};

use crate::arguments::OutputFlags;
use crate::commands::query::{Asked, ask};
use crate::context::Context;
use crate::render::style::Style;
use crate::workspace::{Workspace, current_branch};

/// Shows the answers among the run's nodes, to standard error: standard output is for data that was asked for.
///
/// # Errors
/// An answer cannot be read.
pub async fn show(context: &Context, workspace: &Workspace, report: &RunReport) -> Result<()> {
    let answers: Vec<&Model> = workspace
        .project
        .models
        .iter()
        .filter(|model| model.answer().is_some() && report.nodes.iter().any(|node| node.name == model.name))
        .collect();
    for model in &answers {
        let question = model.answer().and_then(|answer| answer.question.clone());
        let heading = question.unwrap_or_else(|| model.name.to_string());
        context.say(format_args!("\n{}", context.paint().text(Style::Strong, &heading)));
        let sql = format!("select * from {}@{} order by 1", model.name, report.commit);
        ask(context, workspace, &Asked::plain(&sql), &OutputFlags::default()).await?;
    }
    let table = answers.first().map(|model| model.name.to_string());
    let table = table.or_else(|| report.nodes.last().map(|node| node.name.to_string()));
    match (report.status, table) {
        (RunStatus::Published, Some(table)) => {
            context.say_next(format_args!(
                "bywash query \"from {table} limit 10\"   (undo all of it: bywash revert {})",
                undone_by(workspace, report)?
            ));
        }
        _ => context.say_next("edit a model or add a file, and `bywash run` does only what that changes"),
    }
    Ok(())
}

/// What `revert` has to be told to take this run back.
fn undone_by(workspace: &Workspace, report: &RunReport) -> Result<String> {
    let current = current_branch(&workspace.project.root)?.to_string();
    let commit = report.commit.short();
    Ok(if current == report.target { "HEAD".to_owned() } else { format!("{commit} --ref {}", report.target) })
}
