//! Rows that are computed once and read many times: on disk like everything that may be larger than memory, or in
//! accounted memory where nothing may be kept on disk.

use std::sync::Arc;

use arrow::array::RecordBatch;
use bywash_core::Result;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::execution::SpillFile;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use super::planned::Planned;
use super::resolver::StreamTable;
use crate::errors::running;

impl Planned {
    /// Runs it to its end and keeps the rows, until the last copy of the table is gone.
    ///
    /// # Errors
    /// Whatever fails while it runs, and rows that fit neither on disk nor in memory.
    pub async fn keep(self) -> Result<StreamTable> {
        let runtime = Arc::clone(self.state.runtime_env());
        let kept =
            if runtime.disk_manager.tmp_files_enabled() { self.on_disk().await? } else { self.in_memory().await? };
        let (schema, source) = (self.schema(), self.source);
        let open = move || {
            kept.read()
                .map_err({
                    let source = source.clone();
                    move |error| running::explain(&source, error)
                })
                .boxed()
        };
        Ok(StreamTable { schema, open: Arc::new(open) })
    }

    async fn on_disk(&self) -> Result<Kept> {
        let failed = |error| running::explain(&self.source, error);
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let manager = SpillManager::new(Arc::clone(self.state.runtime_env()), metrics, self.schema())
            .with_compression_type(self.state.config_options().execution.spill_compression);
        let mut file = manager.create_in_progress_file("keeping rows that are read more than once").map_err(failed)?;
        let mut rows = self.stream().await?;
        while let Some(batch) = rows.try_next().await? {
            file.append_batch(&batch).map_err(failed)?;
        }
        Ok(Kept::Disk(manager, file.finish().map_err(failed)?))
    }

    async fn in_memory(&self) -> Result<Kept> {
        let reservation = MemoryConsumer::new("KeptRows").register(&self.state.runtime_env().memory_pool);
        let mut rows = self.stream().await?;
        let mut batches = Vec::new();
        while let Some(batch) = rows.try_next().await? {
            let size = get_record_batch_memory_size(&batch);
            reservation.try_grow(size).map_err(|error| running::explain(&self.source, error))?;
            batches.push(batch);
        }
        Ok(Kept::Memory { batches, _reserved: reservation })
    }
}

/// Where the rows are.
enum Kept {
    /// In a file, or nowhere when there are none.
    Disk(SpillManager, Option<Arc<dyn SpillFile>>),
    /// In memory that is reserved as long as they live.
    Memory { batches: Vec<RecordBatch>, _reserved: MemoryReservation },
}

impl Kept {
    fn read(&self) -> BoxStream<'static, datafusion::common::Result<RecordBatch>> {
        match self {
            Self::Disk(_, None) => stream::empty().boxed(),
            Self::Disk(manager, Some(file)) => match manager.read_spill_as_stream(Arc::clone(file), None) {
                Ok(rows) => rows.boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            },
            Self::Memory { batches, .. } => stream::iter(batches.clone().into_iter().map(Ok)).boxed(),
        }
    }
}
