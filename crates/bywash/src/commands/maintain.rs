//! `bywash table compact | expire | rewrite-manifests`: plans with a preview, and what was gained.

use bywash_core::{RefName, Result, TableName, format_bytes, format_count};
use bywash_pipeline::maintenance::{Gain, Maintenance};

use crate::arguments::{MaintenanceFlags, OutputFlags};
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::{Workspace, table_name};

/// Small files into larger ones.
///
/// # Errors
/// No such table, or its rows were changed meanwhile.
pub async fn compact(context: &Context, typed: &str, flags: &MaintenanceFlags) -> Result<()> {
    let (work, name) = open(context, typed, flags).await?;
    let gain = if flags.dry_run { work.plan_compaction(&name).await? } else { work.compact(&name).await? };
    let Some(gain) = gain else {
        context.say(format_args!("`{name}` has no small files that are worth bringing together"));
        return Ok(());
    };
    tell(context, flags, (&name, &work.branch), &gain, "compact")?;
    if gain.commit.is_some() {
        context.say("its rows are what they were, so nothing runs again; earlier commits keep the earlier files");
    }
    Ok(())
}

/// Old snapshots out of the table's own metadata.
///
/// # Errors
/// No such table.
pub async fn expire(context: &Context, typed: &str, keep: usize, flags: &MaintenanceFlags) -> Result<()> {
    let (work, name) = open(context, typed, flags).await?;
    let gain = if flags.dry_run { work.plan_expiry(&name, keep).await? } else { work.expire(&name, keep).await? };
    let Some(gain) = gain else {
        context.say(format_args!("the metadata of `{name}` has no more than {} snapshots", format_count(keep as u64)));
        return Ok(());
    };
    tell(context, flags, (&name, &work.branch), &gain, "expire")?;
    context.say("other engines see only these snapshots; commits, branches, tags and times still have every version");
    Ok(())
}

/// Few manifests in place of many.
///
/// # Errors
/// No such table.
pub async fn rewrite_manifests(context: &Context, typed: &str, flags: &MaintenanceFlags) -> Result<()> {
    let (work, name) = open(context, typed, flags).await?;
    let gain = if flags.dry_run { work.plan_manifests(&name).await? } else { work.rewrite_manifests(&name).await? };
    let Some(gain) = gain else {
        context.say(format_args!("the manifests of `{name}` are as few as they can be"));
        return Ok(());
    };
    tell(context, flags, (&name, &work.branch), &gain, "rewrite-manifests")
}

async fn open(context: &Context, typed: &str, flags: &MaintenanceFlags) -> Result<(Maintenance, TableName)> {
    let workspace = Workspace::open_lake(context, &flags.project).await?;
    let branch = workspace.branch(&flags.reference)?;
    let resolver = workspace.resolver(workspace.lake.branch(&branch).await?);
    let name = table_name(&resolver, typed).await?;
    Ok((Maintenance { lake: workspace.lake, engine: workspace.engine, branch }, name))
}

fn tell(
    context: &Context,
    flags: &MaintenanceFlags,
    (name, branch): (&TableName, &RefName),
    gain: &Gain,
    verb: &str,
) -> Result<()> {
    if asks(&flags.output) {
        let number = |number: u64| [i64::try_from(number).ok()];
        Listing::default()
            .text("table", [Some(name.to_string())])
            .text("what", [Some(gain.what)])
            .number("before", number(gain.before.count))
            .number("bytes_before", number(gain.before.bytes))
            .number("after", number(gain.after.count))
            .number("bytes_after", number(gain.after.bytes))
            .text("commit", [gain.commit.map(|commit| commit.to_string())])
            .write(context, &flags.output)?;
    }
    let (before, after) = (gain.before, gain.after);
    let counts = format!("{} {} → {}", format_count(before.count), gain.what, format_count(after.count));
    let Some(commit) = gain.commit else {
        context.say(format_args!("`{name}`: {counts} ({} now)", format_bytes(before.bytes)));
        context.say_next(format_args!("bywash table {verb} {name}"));
        return Ok(());
    };
    context.say(format_args!(
        "`{name}`: {counts}, {} → {} in {}",
        format_bytes(before.bytes),
        format_bytes(after.bytes),
        commit.short()
    ));
    let undo = match verb {
        "compact" => format!("   (undo: bywash revert {} --ref {branch})", commit.short()),
        _ => String::new(),
    };
    context.say_next(format_args!("bywash gc   deletes what no commit needs any more{undo}"));
    Ok(())
}

const fn asks(output: &OutputFlags) -> bool {
    output.output.is_some() || output.to.is_some()
}
