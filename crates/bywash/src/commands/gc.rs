//! `bywash gc`: deletes what no branch, tag or run needs any more (rule T7).

use std::time::Duration;

use bywash_core::{Code, Error, Micros, Result, counted, format_bytes, format_micros, parse_duration};
use bywash_lake::gc::{Amount, Collected, Fate, GcPolicy};
use bywash_pipeline::project::Settings;
use bywash_pipeline::run::{KEEP_RUNS, expired_runs, sweep_runs};

use crate::arguments::GcArguments;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

/// Collects, or says what would be collected.
///
/// # Errors
/// Something that is needed is missing: then nothing is deleted. A file cannot be deleted.
pub async fn run(context: &Context, arguments: GcArguments) -> Result<()> {
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    let settings = &workspace.project.settings;
    let keep_runs = if arguments.all { Duration::ZERO } else { settings.keep_runs.unwrap_or(KEEP_RUNS) };
    let mut policy = policy(settings, &arguments)?;
    if arguments.dry_run {
        let expired = expired_runs(&workspace.lake, keep_runs).await?;
        if !expired.is_empty() {
            context.say(format_args!("would forget the unpublished work of {}", counted(expired.len() as u64, "run")));
        }
        if arguments.all {
            policy.without = expired;
        }
        let found = workspace.lake.collectable(&policy).await?;
        list(context, &arguments, &found)?;
        tell_plan(context, &found, &arguments);
        return Ok(());
    }
    let runs = sweep_runs(&workspace.lake, keep_runs).await?;
    let collected = workspace.lake.collect(&policy).await?;
    if arguments.output.output.is_some() || arguments.output.to.is_some() {
        summary(&collected).write(context, &arguments.output)?;
    }
    tell(context, &collected, runs);
    Ok(())
}

fn policy(settings: &Settings, arguments: &GcArguments) -> Result<GcPolicy> {
    let usual = GcPolicy::default();
    let wrong = |error: Error| {
        Error::new(Code::WrongUsage, format!("--grace: {}", error.message())).maybe_hint(error.hints().first().cloned())
    };
    let grace = arguments.grace.as_deref().map(parse_duration).transpose().map_err(wrong)?;
    let unless_all = |period: Duration| if arguments.all { Duration::ZERO } else { period };
    Ok(GcPolicy {
        grace: grace.or(settings.gc_grace).unwrap_or(usual.grace),
        reflog: unless_all(settings.gc_reflog.unwrap_or(usual.reflog)),
        keep_outputs: unless_all(settings.gc_keep_outputs.unwrap_or(usual.keep_outputs)),
        keep_output_bytes: settings.gc_output_bytes,
        without: Vec::new(),
    })
}

fn list(context: &Context, arguments: &GcArguments, found: &Collected) -> Result<()> {
    let rows = &found.garbage;
    let number = |number: u64| i64::try_from(number).ok();
    Listing::default()
        .text("place", rows.iter().map(|row| Some(row.place.clone())))
        .number("files", rows.iter().map(|row| number(row.amount.files)))
        .number("bytes", rows.iter().map(|row| number(row.amount.bytes)))
        .number("objects", rows.iter().map(|row| number(row.amount.objects)))
        .text("fate", rows.iter().map(|row| Some(fate(row.fate))))
        .text("why", rows.iter().map(|row| Some(row.why.clone())))
        .write(context, &arguments.output)
        .map(drop)
}

fn summary(collected: &Collected) -> Listing {
    let parts = [("deleted", collected.deleted), ("waiting", collected.waiting), ("in use", collected.in_use)];
    let number = |number: u64| i64::try_from(number).ok();
    Listing::default()
        .text("state", parts.iter().map(|(state, _)| Some(*state)))
        .number("files", parts.iter().map(|(_, amount)| number(amount.files)))
        .number("bytes", parts.iter().map(|(_, amount)| number(amount.bytes)))
        .number("objects", parts.iter().map(|(_, amount)| number(amount.objects)))
}

fn fate(fate: Fate) -> String {
    match fate {
        Fate::Delete => "delete".to_owned(),
        Fate::After(time) => format!("delete after {}", to_the_second(time)),
        Fate::InUse => "keep while commands are at work".to_owned(),
    }
}

fn tell(context: &Context, collected: &Collected, runs: usize) {
    let freed = Amount { objects: collected.deleted.objects, ..collected.unlinked };
    match freed.is_empty() {
        true => context.say("nothing was deleted"),
        false => context.say(format_args!("deleted {}", text(freed))),
    }
    if runs > 0 {
        context.say(format_args!("forgot the unpublished work of {}", counted(runs as u64, "run")));
    }
    if collected.outputs > 0 {
        context.say(format_args!("gave up {} kept for reuse", counted(collected.outputs as u64, "output")));
    }
    tell_rest(context, collected);
}

fn tell_plan(context: &Context, found: &Collected, arguments: &GcArguments) {
    if !found.deleted.is_empty() {
        context.say(format_args!("would delete {}", text(found.deleted)));
    }
    if found.outputs > 0 {
        context.say(format_args!("would give up {} kept for reuse", counted(found.outputs as u64, "output")));
    }
    tell_rest(context, found);
    if found.deleted.is_empty() && found.waiting.is_empty() && found.in_use.is_empty() {
        context.say("there is nothing to delete: branches, tags, the reflog or kept outputs reach everything");
        return;
    }
    let all = if arguments.all { " --all" } else { "" };
    let grace = arguments.grace.as_ref().map(|grace| format!(" --grace {grace}")).unwrap_or_default();
    context.say_next(format_args!("bywash gc{all}{grace}"));
}

fn tell_rest(context: &Context, collected: &Collected) {
    if let Some(due) = collected.due.filter(|_| !collected.waiting.is_empty()) {
        context.say(format_args!(
            "{} more can go: the first of it when `bywash gc` runs after {}",
            text(collected.waiting),
            to_the_second(due)
        ));
    }
    if !collected.in_use.is_empty() {
        context
            .say(format_args!("{} stay while commands are at work that may have written them", text(collected.in_use)));
    }
}

fn text(amount: Amount) -> String {
    let mut parts = Vec::new();
    if amount.files > 0 {
        parts.push(format!("{} ({})", counted(amount.files, "file"), format_bytes(amount.bytes)));
    }
    if amount.objects > 0 {
        parts.push(format!("{} of the catalog", counted(amount.objects, "object")));
    }
    parts.join(" and ")
}

fn to_the_second(time: Micros) -> String {
    format_micros(time).chars().take(19).collect::<String>().replace('T', " ")
}
