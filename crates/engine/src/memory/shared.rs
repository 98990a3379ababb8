//! The pool that all queries share.
//!
//! Consumers that can spill do so when they get no more; for the others that is the end of the query. So the others
//! come first. What always holds:
//!
//! - What a consumer that cannot spill has held stays free of those that can until it is gone, up to half of the
//!   limit. Such consumers take what is free, first come, first served.
//! - The rest is shared evenly among those that can spill, each with all of its reservations together: a sort that
//!   splits its reservation into one for each run has no second share for it.
//! - A sort has a third part beside its two for merging: it gives its merge buffer back while it writes a run and
//!   needs it again after, and where it merges rows in memory it holds them once more as keys. When it merges runs from
//!   disk it would take whatever there is and makes do with less: it gets no more than its three parts, and of its own
//!   one it is sure: a sort that came earlier may have taken its three when they were larger, and must not starve it.
//! - However many share, groups may hold an eighth of the limit, as far as neither sorts nor those that cannot spill have
//!   a claim on it: they need room for a few batches of rows to write a run at all.
//!
//! `errors/running.rs` reads the words of [`refused`].

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};
use std::sync::{Mutex, MutexGuard, PoisonError};

use datafusion::common::{DataFusionError, Result, resources_datafusion_err};
use datafusion::execution::memory_pool::{
    MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation, human_readable_size,
};

/// What the planner calls a sort, and its merge buffer.
const SORT: &str = "ExternalSorter";
const MERGE_BUFFER: &str = "ExternalSorterMerge";

/// The pool.
#[derive(Debug)]
pub(crate) struct SharedMemory {
    limit: usize,
    accounts: Mutex<Accounts>,
}

impl SharedMemory {
    /// A pool of `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, accounts: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Spills,
    Sort,
    MergeBuffer,
    Other,
}

impl Kind {
    /// Its parts of what is shared.
    const fn parts(self) -> usize {
        match self {
            Self::Spills | Self::Sort => 2,
            Self::MergeBuffer => 1,
            Self::Other => 0,
        }
    }

    fn of(consumer: &MemoryConsumer) -> Self {
        match consumer.can_spill() {
            true if consumer.name().starts_with(SORT) => Self::Sort,
            true => Self::Spills,
            false if consumer.name().starts_with(MERGE_BUFFER) => Self::MergeBuffer,
            false => Self::Other,
        }
    }
}

/// What consumers hold, by their ids, and the sums.
#[derive(Debug, Default)]
struct Accounts {
    by_id: HashMap<usize, Account>,
    /// Into how many parts is divided what is shared.
    parts: usize,
    /// Held by all.
    held: usize,
    /// Held by those that take no part.
    apart: usize,
    /// The most that each of those has held, added up.
    kept: usize,
}

#[derive(Debug)]
struct Account {
    kind: Kind,
    held: usize,
    most: usize,
}

impl Accounts {
    fn held_by(&self, consumer: &MemoryConsumer) -> usize {
        self.by_id.get(&consumer.id()).map_or(0, |account| account.held)
    }

    /// What one part is.
    fn part(&self, limit: usize) -> usize {
        let kept = self.kept.min(limit / 2).max(self.apart);
        limit.saturating_sub(kept) / self.parts.max(1)
    }

    /// What nobody holds, nor has a claim on as a sort or as one that cannot spill.
    fn unclaimed(&self, limit: usize) -> usize {
        let (mut claimed, mut sorts) = (0, 0);
        for account in self.by_id.values() {
            match account.kind {
                Kind::MergeBuffer => (claimed, sorts) = (claimed + 3 * self.part(limit), sorts + account.held),
                Kind::Sort => sorts += account.held,
                Kind::Spills | Kind::Other => {}
            }
        }
        let kept = self.kept.min(limit / 2).saturating_sub(self.apart);
        limit.saturating_sub(self.held + claimed.saturating_sub(sorts) + kept)
    }

    fn grow(&mut self, consumer: &MemoryConsumer, additional: usize) {
        self.held += additional;
        let Some(account) = self.by_id.get_mut(&consumer.id()) else { return };
        account.held += additional;
        if account.kind == Kind::Other {
            self.apart += additional;
            self.kept += account.held.saturating_sub(account.most);
            account.most = account.most.max(account.held);
        }
    }

    fn shrink(&mut self, consumer: &MemoryConsumer, given_back: usize) {
        self.held -= given_back;
        let Some(account) = self.by_id.get_mut(&consumer.id()) else { return };
        account.held -= given_back;
        if account.kind == Kind::Other {
            self.apart -= given_back;
        }
    }
}

impl MemoryPool for SharedMemory {
    fn name(&self) -> &str {
        "shared"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        let kind = Kind::of(consumer);
        let mut accounts = self.lock();
        accounts.parts += kind.parts();
        accounts.by_id.insert(consumer.id(), Account { kind, held: 0, most: 0 });
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        let mut accounts = self.lock();
        if let Some(account) = accounts.by_id.remove(&consumer.id()) {
            accounts.parts -= account.kind.parts();
            accounts.kept -= account.most;
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.lock().grow(reservation.consumer(), additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.lock().shrink(reservation.consumer(), shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let consumer = reservation.consumer();
        let mut accounts = self.lock();
        let held = accounts.held_by(consumer);
        let free = self.limit.saturating_sub(accounts.held);
        let part = accounts.part(self.limit);
        let left = match Kind::of(consumer) {
            Kind::Sort => (2 * part).saturating_sub(held),
            Kind::Spills => {
                let least = (self.limit / 8).saturating_sub(held).min(accounts.unclaimed(self.limit));
                (2 * part).saturating_sub(held).max(least)
            }
            Kind::MergeBuffer => (3 * part).saturating_sub(held).min(free).max(part.saturating_sub(held)),
            Kind::Other => free,
        };
        if additional > left {
            return Err(refused(consumer, held, additional, left, self));
        }
        accounts.grow(consumer, additional);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.lock().held
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

impl Display for SharedMemory {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}(pool_size: {})", self.name(), human_readable_size(self.limit))
    }
}

fn refused(
    consumer: &MemoryConsumer,
    held: usize,
    additional: usize,
    left: usize,
    pool: &SharedMemory,
) -> DataFusionError {
    resources_datafusion_err!(
        "Failed to allocate additional {} for {} with {} already allocated for this reservation - {} remain available \
         for the total memory pool: {}",
        human_readable_size(additional),
        consumer.name(),
        human_readable_size(held),
        human_readable_size(left),
        pool
    )
}
