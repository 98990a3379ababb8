//! `bywash doctor`: is the lake whole? Every ref, commit, snapshot and data file is looked at.

use bywash_core::{Code, Error, Result, format_count};

use crate::arguments::DoctorArguments;
use crate::context::Context;
use crate::render::listing::Listing;
use crate::workspace::Workspace;

/// Examines the lake.
///
/// # Errors
/// Something is wrong with it; the rows name what and how to repair it.
pub async fn run(context: &Context, arguments: DoctorArguments) -> Result<()> {
    if arguments.relocate {
        return Err(Error::new(Code::NotYetSupported, "`bywash doctor --relocate` is not supported yet")
            .hint("Bywash itself reads a moved lake as it is; other engines need the lake in its old place"));
    }
    let workspace = Workspace::open_lake(context, &arguments.project).await?;
    let checkup = workspace.lake.checkup().await?;
    let findings = &checkup.findings;
    if !findings.is_empty() {
        Listing::default()
            .text("place", findings.iter().map(|finding| Some(finding.place.clone())))
            .text("problem", findings.iter().map(|finding| Some(finding.problem.clone())))
            .text("remedy", findings.iter().map(|finding| Some(finding.remedy.clone())))
            .write(context, &arguments.output)?;
        return Err(Error::new(Code::TableCorrupt, format!("{} problems in the lake", findings.len()))
            .hint("what is not named above is whole and can be read"));
    }
    context.say(format_args!(
        "the lake is whole: {} refs, {} commits, {} states of tables, {} data files",
        format_count(checkup.refs as u64),
        format_count(checkup.commits as u64),
        format_count(checkup.tables as u64),
        format_count(checkup.files as u64)
    ));
    Ok(())
}
