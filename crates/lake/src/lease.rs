//! Leases: what a command that writes has read and written stays until it ends (rule T7).
//!
//! A lease is a row that a heartbeat renews. What was reachable when it began, and the files that nobody names yet, are
//! not collected while it lives. One whose process is gone, or that was silent for too long, has lapsed: a collection
//! ends it, and from then on its command cannot commit. Nobody ever waits for a lease but garbage collection.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use bywash_core::{Micros, Result, SystemClock};
use tokio::task::JoinHandle;

use crate::store::{LeaseRow, Store};

const HEARTBEAT: Duration = Duration::from_secs(5);

/// A command that has been silent for this long has lapsed, whether or not its process is there.
const SILENCE_MICROS: Micros = 60_000_000;

/// The leases of one open lake: at most one at a time is given out.
pub(crate) struct Leases {
    store: Store,
    current: Mutex<Weak<Lease>>,
    /// Held while a lease begins.
    turn: tokio::sync::Mutex<()>,
}

/// A lease. It ends when this is dropped.
pub(crate) struct Lease {
    number: i64,
    store: Store,
    heartbeat: JoinHandle<()>,
}

impl Leases {
    pub(crate) fn of(store: &Store) -> Arc<Self> {
        Arc::new(Self { store: store.clone(), current: Mutex::default(), turn: tokio::sync::Mutex::default() })
    }

    /// The lease that somebody in this process holds, or a new one.
    pub(crate) async fn hold(&self) -> Result<Arc<Lease>> {
        let _turn = self.turn.lock().await;
        if let Some(lease) = self.lock().upgrade() {
            return Ok(lease);
        }
        let lease = Arc::new(Lease::begin(&self.store).await?);
        *self.lock() = Arc::downgrade(&lease);
        Ok(lease)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Weak<Lease>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    async fn begin(store: &Store) -> Result<Self> {
        let now = SystemClock.now();
        let machine = machine();
        let gone = |lease: &LeaseRow| has_process(lease, &machine) == Some(false);
        let dead: Vec<i64> = store.leases().await?.iter().filter(|lease| gone(lease)).map(|one| one.number).collect();
        let number = store.begin_lease(now, &machine, i64::from(std::process::id()), &dead).await?;
        let beating = store.clone();
        let heartbeat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                // A missed beat does no harm: the next one is on its way. A lapsed lease has no more to say.
                if matches!(beating.renew_lease(number, SystemClock.now()).await, Ok(false)) {
                    return;
                }
            }
        });
        Ok(Self { number, store: store.clone(), heartbeat })
    }

    pub(crate) const fn number(&self) -> i64 {
        self.number
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heartbeat.abort();
        // Best effort: a lease that is left over lapses by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (store, number) = (self.store.clone(), self.number);
            runtime.spawn(async move {
                let _ = store.end_lease(number).await;
            });
        }
    }
}

/// Whether a lease still protects anything.
pub(crate) fn is_alive(lease: &LeaseRow, now: Micros) -> bool {
    now - lease.heartbeat <= SILENCE_MICROS && has_process(lease, &machine()) != Some(false)
}

/// Whether the process of a lease exists; `None` where that cannot be seen from here.
fn has_process(lease: &LeaseRow, machine: &str) -> Option<bool> {
    let is_visible = lease.machine == machine && !machine.is_empty();
    is_visible.then(|| std::path::Path::new(&format!("/proc/{}", lease.process)).exists())
}

/// What processes that see each other have in common: this start of the system and their namespace; empty where the
/// system does not tell.
fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match boot.trim() {
        "" => String::new(),
        boot => format!("{boot} {}", namespace.display()),
    }
}
