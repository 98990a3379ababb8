//! What one query holds of the shared memory.
//!
//! A statement that starts again with other joins must not begin before its first plan has given everything back:
//! tasks that were stopped end at their next pause, and hold their memory until then.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;

/// How often a query that waits for its memory looks.
const LOOK: Duration = Duration::from_millis(5);
/// How many looks it waits for a task that makes no pause: half a minute.
const MOST_LOOKS: usize = 6_000;

/// The shared pool, and how much of it one query holds.
#[derive(Debug)]
pub(crate) struct QueryMemory {
    shared: Arc<dyn MemoryPool>,
    held: AtomicUsize,
}

impl QueryMemory {
    /// The memory of a query that holds nothing yet.
    pub(crate) fn new(shared: Arc<dyn MemoryPool>) -> Arc<Self> {
        Arc::new(Self { shared, held: AtomicUsize::new(0) })
    }

    /// The same disk, caches and stores, with this query's memory.
    pub(crate) fn runtime(self: &Arc<Self>, shared: &RuntimeEnv) -> Arc<RuntimeEnv> {
        Arc::new(RuntimeEnv { memory_pool: Arc::clone(self) as _, ..shared.clone() })
    }

    /// Waits until the query holds nothing, or has waited long enough.
    pub(crate) async fn given_back(&self) {
        for _ in 0..MOST_LOOKS {
            if self.held.load(Ordering::Relaxed) == 0 {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl MemoryPool for QueryMemory {
    fn name(&self) -> &str {
        self.shared.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.shared.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.shared.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.shared.grow(reservation, additional);
        self.held.fetch_add(additional, Ordering::Relaxed);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.shared.shrink(reservation, shrink);
        self.held.fetch_sub(shrink, Ordering::Relaxed);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.shared.try_grow(reservation, additional)?;
        self.held.fetch_add(additional, Ordering::Relaxed);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.shared.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.shared.memory_limit()
    }
}

impl Display for QueryMemory {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        self.shared.fmt(formatter)
    }
}
