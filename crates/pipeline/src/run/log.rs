//! A run's row in the catalog and its sign of life.

use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Micros, ObjectId, Result, SystemClock};
use bywash_lake::Lake;
use bywash_lake::store::{RunRow, Transaction};
use tokio::task::JoinHandle;

const HEARTBEAT: Duration = Duration::from_secs(5);
/// A run that has been silent for this long is dead.
const SILENCE_MICROS: Micros = 30_000_000;

/// An id for a run that is about to begin; ids sort by time.
#[must_use]
pub fn new_run_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// The name of the ref that holds a run's unpublished work.
#[must_use]
pub fn run_ref(run: &str) -> String {
    format!("refs/runs/{run}")
}

/// A run that has begun. Its heartbeat ends when this is dropped.
pub struct RunLog {
    row: std::sync::Mutex<RunRow>,
    lake: Lake,
    heartbeat: JoinHandle<()>,
}

impl RunLog {
    /// Writes the row of a run that begins.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn begin(lake: &Lake, row: RunRow) -> Result<Arc<Self>> {
        let objects = lake.objects();
        lake.transact(&objects, Transaction { run: Some(row.clone()), ..Transaction::default() }).await?;
        let (store, id) = (lake.store().clone(), row.id.clone());
        let heartbeat = tokio::spawn(async move {
            loop {
                tokio::time::sleep(HEARTBEAT).await;
                // A missed beat does no harm: the next one is on its way.
                let _ = store.heartbeat(&id, SystemClock.now()).await;
            }
        });
        Ok(Arc::new(Self { row: std::sync::Mutex::new(row), lake: lake.clone(), heartbeat }))
    }

    /// The row as it stands.
    #[must_use]
    pub fn row(&self) -> RunRow {
        self.row.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// The row of the run's end, for the transaction that ends it.
    pub fn ended(
        &self,
        status: &str,
        commit: Option<ObjectId>,
        publish: Option<&str>,
        error: Option<String>,
    ) -> RunRow {
        let mut row = self.row.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        status.clone_into(&mut row.status);
        row.commit = commit;
        row.publish = publish.map(str::to_owned);
        row.finished = Some(SystemClock.now());
        row.error = error;
        row.clone()
    }

    /// Counts one more planning on a head.
    pub fn planned(&self) {
        self.row.lock().unwrap_or_else(std::sync::PoisonError::into_inner).plans += 1;
    }

    /// Writes the end of a run that publishes nothing.
    ///
    /// # Errors
    /// The catalog cannot be written.
    pub async fn end(&self, status: &str, commit: Option<ObjectId>, error: Option<String>) -> Result<()> {
        let row = self.ended(status, commit, None, error);
        let objects = self.lake.objects();
        self.lake.transact(&objects, Transaction { run: Some(row), ..Transaction::default() }).await?;
        Ok(())
    }
}

impl Drop for RunLog {
    fn drop(&mut self) {
        self.heartbeat.abort();
    }
}

/// Whether the process of a run that says `running` still lives.
#[must_use]
pub fn is_alive(row: &RunRow) -> bool {
    row.status == "running" && !is_silent(row) && has_process(row) != Some(false)
}

/// Whether a run may go on after all: one that is suspended says nothing, and still has its process.
#[must_use]
pub fn may_be_alive(row: &RunRow) -> bool {
    row.status == "running" && (is_alive(row) || has_process(row) == Some(true))
}

fn is_silent(row: &RunRow) -> bool {
    SystemClock.now() - row.heartbeat > SILENCE_MICROS
}

/// Whether the process of a run exists; `None` where that cannot be seen from here.
fn has_process(row: &RunRow) -> Option<bool> {
    let is_visible = row.host == host() && cfg!(target_os = "linux");
    is_visible.then(|| std::path::Path::new(&format!("/proc/{}", row.process)).exists())
}

/// What became of a run: who is stopped or killed in its middle has written no end of its own.
#[must_use]
pub fn shown_status(row: &RunRow) -> &str {
    if row.status == "running" && !is_alive(row) { "stopped" } else { &row.status }
}

/// This machine's name.
#[must_use]
pub fn host() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}
