//! `bywash doctor`: is the lake whole? Every ref, commit, snapshot and data file is looked at.
//!
//! With `--relocate`, tables of a lake that was moved are written anew with their new place, for other readers. With
//! `--copy-catalog`, everything but the tables' files is copied into PostgreSQL.

use std::collections::BTreeSet;

use bywash_core::{Code, Error, Result, counted, format_bytes};
use bywash_lake::store::PostgresPlace;
use bywash_lake::{Checkup, ForeignTable, Lake, copy_catalog};
use bywash_pipeline::project::settings::FILE_NAME;

use crate::arguments::{DoctorArguments, OutputFlags};
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

/// Examines the lake, or relocates it.
///
/// # Errors
/// Something is wrong with it; the rows name what and how to repair it.
pub async fn run(context: &Context, arguments: DoctorArguments) -> Result<()> {
    let has_moved = arguments.relocate && !arguments.dry_run;
    let workspace = Workspace::open_moved_lake(context, &arguments.project, has_moved).await?;
    if let Some(target) = &arguments.copy_catalog {
        return copy(context, &workspace, target, &arguments.output).await;
    }
    if arguments.relocate {
        return relocate(context, &workspace.lake, &arguments).await;
    }
    let checkup = workspace.lake.checkup().await?;
    if !checkup.findings.is_empty() {
        list_findings(context, &checkup, &arguments.output)?;
        return Err(Error::new(
            Code::TableCorrupt,
            format!("{} in the lake", counted(checkup.findings.len() as u64, "problem")),
        )
        .hint("what is not named above is whole and can be read"));
    }
    context.say(format_args!(
        "the lake is whole: {}, {}, {}, {}",
        counted(checkup.refs as u64, "ref"),
        counted(checkup.commits as u64, "commit"),
        counted(checkup.tables as u64, "table version"),
        counted(checkup.files as u64, "data file")
    ));
    note(context, &workspace.lake, &checkup);
    Ok(())
}

fn list_findings(context: &Context, checkup: &Checkup, output: &OutputFlags) -> Result<()> {
    let findings = &checkup.findings;
    Listing::default()
        .text("place", findings.iter().map(|finding| Some(finding.place.clone())))
        .text("problem", findings.iter().map(|finding| Some(finding.problem.clone())))
        .text("remedy", findings.iter().map(|finding| Some(finding.remedy.clone())))
        .write(context, output)
        .map(drop)
}

/// What is not wrong, but good to know.
fn note(context: &Context, lake: &Lake, checkup: &Checkup) {
    let leftovers = checkup.leftovers;
    if leftovers.files > 0 {
        context.say(format_args!(
            "in `{2}`, {0} ({1}) of no commit: a stopped command left them, or one is writing them now; they do no harm, \
             and `bywash gc` deletes them",
            counted(leftovers.files, "file"),
            format_bytes(leftovers.bytes),
            lake.warehouse().root().display()
        ));
    }
    if !checkup.foreign.is_empty() {
        context.warn(format_args!(
            "{} record the place from which the lake was moved: {}; it lies in `{}` now, and other engines than Bywash \
             do not find them",
            tables_text(&checkup.foreign),
            places_text(&checkup.foreign),
            lake.warehouse().root().display()
        ));
        context.say_next("bywash doctor --relocate   writes the new place into them");
    }
}

async fn copy(context: &Context, workspace: &Workspace, target: &str, output: &OutputFlags) -> Result<()> {
    let place = PostgresPlace::parse(target)?;
    if place.has_password() {
        return Err(Error::new(
            Code::WrongUsage,
            "the address of the target holds a password, which others can see here",
        )
        .hint("take it out of the address, and give it as `PGPASSWORD` or in `~/.pgpass`"));
    }
    let copied = copy_catalog(&workspace.project.lake_place(), &place, workspace.patience()).await?;
    Listing::default()
        .text("rows of", copied.iter().map(|table| Some(table.name.to_owned())))
        .number("copied", copied.iter().map(|table| i64::try_from(table.rows).ok()))
        .write(context, output)?;
    context
        .say(format_args!("`{place}` has everything that the catalog has, compared row by row; nothing uses it yet"));
    context.say_next(format_args!(
        "write this into {FILE_NAME}, before anybody changes the lake again:\n\n[lake]\ncatalog = \"{target}\"\n"
    ));
    Ok(())
}

async fn relocate(context: &Context, lake: &Lake, arguments: &DoctorArguments) -> Result<()> {
    let foreign = if arguments.dry_run { lake.foreign_tables().await? } else { lake.relocate().await? };
    if foreign.is_empty() {
        context.say("every table of a branch or tag records where it lies: there is nothing to relocate");
        return Ok(());
    }
    Listing::default()
        .text("table", foreign.iter().map(|table| Some(table.name.clone())))
        .text("ref", foreign.iter().map(|table| Some(table.reference.clone())))
        .text("recorded", foreign.iter().map(|table| Some(table.recorded.clone())))
        .write(context, &arguments.output)?;
    let here = lake.warehouse().root().display();
    if arguments.dry_run {
        context.say(format_args!("would write `{here}` into {}", tables_text(&foreign)));
        context.say_next("bywash doctor --relocate");
        return Ok(());
    }
    context.say(format_args!("wrote `{here}` into {}, with a commit on each branch and tag", tables_text(&foreign)));
    context.say("older commits keep the old place: Bywash reads them, other engines do not");
    context.say_next("bywash table show NAME   gives lines for other engines");
    Ok(())
}

fn tables_text(foreign: &[ForeignTable]) -> String {
    let count = foreign.iter().map(|table| &table.metadata).collect::<BTreeSet<_>>().len();
    counted(count as u64, "table")
}

fn places_text(foreign: &[ForeignTable]) -> String {
    let places: BTreeSet<_> = foreign.iter().map(|table| format!("`{}`", table.recorded)).collect();
    places.into_iter().collect::<Vec<_>>().join(", ")
}
