//! Random histories on a real lake with faults: the real binary, killed at any durable step, with torn and failed
//! writes, lost answers and jumping clocks; after every command each branch holds what the oracle says.
//!
//! `make torture MINUTES=n` plays others each time, as long as wanted; a dozen are played among the other tests. A
//! failure prints the seed and the history; `BYWASH_TORTURE_SEED` plays one seed again.

mod history;
mod oracle;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use history::History;

/// Played among the other tests, always the same.
const HISTORIES: u64 = 12;

/// What was played, added up.
type Tally = BTreeMap<&'static str, u64>;

fn setting(name: &str) -> Option<u64> {
    std::env::var(format!("BYWASH_TORTURE_{name}")).ok().and_then(|text| text.parse().ok())
}

#[test]
fn random_histories_with_faults_lose_and_double_nothing() {
    if let Some(seed) = setting("SEED") {
        return History::new(seed).play(&mut Tally::new());
    }
    let time = setting("MINUTES").map_or(Duration::MAX, |minutes| Duration::from_secs(60 * minutes));
    let (began, tally) = (Instant::now(), Mutex::new(Tally::new()));
    let first = setting("MINUTES").map_or(1, |_| u64::from(std::process::id()) << 20);
    let last = setting("MINUTES").map_or(HISTORIES, |_| u64::MAX);
    let next = AtomicU64::new(first);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while began.elapsed() < time {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed > last {
                        return;
                    }
                    let mut own = Tally::from([("histories", 1)]);
                    History::new(seed).play(&mut own);
                    let mut all = tally.lock().expect("the tally");
                    own.into_iter().for_each(|(what, count)| *all.entry(what).or_default() += count);
                }
            });
        }
    });
    let tally = tally.into_inner().expect("the tally");
    println!("from seed {first}: {tally:?}; no failure");
    for what in ["merged", "reverted", "altered", "compacted", "killed", "torn", "failed by a fault"] {
        assert!(tally.contains_key(what), "nothing was {what}: {tally:?}");
    }
}
