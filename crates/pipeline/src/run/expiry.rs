//! Rule R1: the ref of a run that did not publish is kept, and expires.
//!
//! Such a ref names what the run had finished. When it goes, only the name goes: outputs stay kept by their keys.

use std::collections::HashSet;
use std::time::Duration;

use bywash_core::{Result, SystemClock};
use bywash_lake::Lake;
use bywash_lake::store::{RefKind, RefRow, RefSwap, RunRow, Transaction};

use super::log::{may_be_alive, run_ref};

/// The refs of runs that gave their last sign of life before this period.
///
/// # Errors
/// The catalog cannot be read.
pub async fn expired_runs(lake: &Lake, period: Duration) -> Result<Vec<RefRow>> {
    let refs = lake.refs(RefKind::Run).await?;
    if refs.is_empty() {
        return Ok(refs);
    }
    let newest = SystemClock.now() - i64::try_from(period.as_micros()).unwrap_or(i64::MAX);
    let runs = lake.store().runs().await?;
    let gone = |run: &RunRow| run.finished.unwrap_or(run.heartbeat).max(run.heartbeat) < newest && !may_be_alive(run);
    let names: HashSet<String> = runs.iter().filter(|run| gone(run)).map(|run| run_ref(&run.id)).collect();
    Ok(refs.into_iter().filter(|row| names.contains(&row.name)).collect())
}

/// Deletes the refs of runs that gave their last sign of life before this period, in a transaction of its own; the
/// answer is how many there were.
///
/// # Errors
/// The catalog cannot be read or written.
pub async fn sweep_runs(lake: &Lake, period: Duration) -> Result<usize> {
    let expired = expired_runs(lake, period).await?;
    let swap = |own: RefRow| RefSwap {
        message: format!("run {} expired", own.name.trim_start_matches("refs/runs/")),
        name: own.name,
        kind: RefKind::Run,
        expected: Some(own.commit),
        new: None,
        run: None,
    };
    let swaps: Vec<_> = expired.into_iter().map(swap).collect();
    let count = swaps.len();
    if !swaps.is_empty() {
        // Where another run swept at the same time, that run did it.
        lake.transact(&lake.objects(), Transaction { swaps, ..Transaction::default() }).await?;
    }
    Ok(count)
}
