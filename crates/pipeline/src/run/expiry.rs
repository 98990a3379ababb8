//! Rule R1: the ref of a run that did not publish is kept, and expires.
//!
//! Such a ref names what the run had finished. When it goes, only the name goes: outputs stay kept by their keys.

use std::time::Duration;

use bywash_core::{Result, SystemClock};
use bywash_lake::Lake;
use bywash_lake::store::{RefKind, RefSwap, RunRow, Transaction};

use super::log::{may_be_alive, run_ref};

/// Deletes the refs of runs that gave their last sign of life before this period, in a transaction of its own.
///
/// # Errors
/// The catalog cannot be read or written.
pub(super) async fn sweep(lake: &Lake, period: Duration) -> Result<()> {
    let refs = lake.refs(RefKind::Run).await?;
    if refs.is_empty() {
        return Ok(());
    }
    let newest = SystemClock.now() - i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
    let runs = lake.store().runs().await?;
    let gone = |run: &&RunRow| run.finished.unwrap_or(run.heartbeat).max(run.heartbeat) < newest && !may_be_alive(run);
    let swaps: Vec<_> = runs
        .iter()
        .filter(gone)
        .filter_map(|run| {
            let own = refs.iter().find(|row| row.name == run_ref(&run.id))?;
            Some(RefSwap {
                name: own.name.clone(),
                kind: RefKind::Run,
                expected: Some(own.commit),
                new: None,
                message: format!("run {} expired", run.id),
                run: None,
            })
        })
        .collect();
    if !swaps.is_empty() {
        // Where another run swept at the same time, that run did it.
        lake.transact(&lake.objects(), Transaction { swaps, ..Transaction::default() }).await?;
    }
    Ok(())
}
