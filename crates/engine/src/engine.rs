//! One engine a process: the memory, the disk and the functions that all sessions share.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bywash_core::{Code, Error, Result};
use datafusion::common::config::SpillCompression;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::TrackConsumersPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::prelude::SessionConfig;

use crate::functions::{self, ForeignFunction};
use crate::memory::SharedMemory;
use crate::optimizer;
use crate::session::{Session, TableResolver};
use crate::settings::EngineSettings;
use crate::spill_folder::SpillFolder;

/// How many operators an error about memory names.
const NAMED_CONSUMERS: NonZeroUsize = match NonZeroUsize::new(3) {
    Some(number) => number,
    None => NonZeroUsize::MIN,
};

/// Bytes of decoded Parquet footers that are kept.
const FOOTER_CACHE: usize = 128 << 20;

/// The memory, the disk and the functions that all sessions share. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    settings: Arc<EngineSettings>,
    runtime: Arc<RuntimeEnv>,
    state: Arc<SessionState>,
    _spill: Option<Arc<SpillFolder>>,
}

impl Engine {
    /// An engine within these limits.
    ///
    /// # Errors
    /// The folder for spilling cannot be made.
    pub fn new(settings: EngineSettings) -> Result<Self> {
        let spill = match settings.spill_limit {
            0 => None,
            _ => Some(Arc::new(SpillFolder::new(&settings.spill_folder)?)),
        };
        let runtime = runtime(&settings, spill.as_deref())?;
        let builder = SessionStateBuilder::new_with_default_features()
            .with_config(config(&settings))
            .with_runtime_env(Arc::clone(&runtime));
        let mut state =
            optimizer::rules().into_iter().fold(builder, SessionStateBuilder::with_physical_optimizer_rule).build();
        functions::register(&mut state)?;
        Ok(Self { settings: Arc::new(settings), runtime, state: Arc::new(state), _spill: spill })
    }

    /// The same engine with these functions besides its own.
    ///
    /// # Errors
    /// A function of that name is there already.
    pub fn with_functions(self, functions: Vec<Arc<dyn ForeignFunction>>) -> Result<Self> {
        let mut state = self.state.as_ref().clone();
        for function in functions {
            let name = function.name().to_owned();
            let known = [state.scalar_functions().contains_key(&name), state.aggregate_functions().contains_key(&name)];
            if known.contains(&true) || state.window_functions().contains_key(&name) {
                return Err(Error::new(Code::InvalidName, format!("SQL has a function `{name}` of its own"))
                    .hint("choose another name for yours"));
            }
            let registered = state.register_udf(Arc::new(functions::planned_foreign(function)));
            registered.map_err(|error| Error::bug("a function cannot be registered").caused_by(error))?;
        }
        Ok(Self { state: Arc::new(state), ..self })
    }

    /// A session that finds its tables through `resolver`.
    #[must_use]
    pub fn session(&self, resolver: Arc<dyn TableResolver>) -> Session {
        Session::new(self.clone(), resolver)
    }

    /// The limits.
    #[must_use]
    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// Bytes that queries hold in memory right now.
    #[must_use]
    pub fn memory_in_use(&self) -> u64 {
        self.runtime.memory_pool.reserved() as u64
    }

    /// Bytes that queries have on disk right now.
    #[must_use]
    pub fn spill_in_use(&self) -> u64 {
        self.runtime.disk_manager.used_disk_space()
    }

    /// The settings and functions of one query, whose clock stands at its beginning.
    pub(crate) fn query_state(&self) -> SessionState {
        let mut state = self.state.as_ref().clone();
        state.mark_start_execution();
        state
    }
}

fn runtime(settings: &EngineSettings, spill: Option<&SpillFolder>) -> Result<Arc<RuntimeEnv>> {
    let limit = usize::try_from(settings.memory_limit).unwrap_or(usize::MAX);
    let pool = SharedMemory::new(limit);
    let mode =
        spill.map_or(DiskManagerMode::Disabled, |spill| DiskManagerMode::Directories(vec![spill.path().to_owned()]));
    let disk = DiskManagerBuilder::default().with_mode(mode).with_max_temp_directory_size(settings.spill_limit);
    RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(TrackConsumersPool::new(pool, NAMED_CONSUMERS)))
        .with_disk_manager_builder(disk)
        .with_metadata_cache_limit(FOOTER_CACHE)
        .build_arc()
        .map_err(|error| Error::bug("the engine cannot be set up").caused_by(error))
}

/// Settings that were measured on TPC-H (batch size, thresholds, skipping of partial aggregation, string types), or
/// that avoid a known wrong result (filters stay above the scan). Our tables hold no bloom filters to look at.
fn config(settings: &EngineSettings) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.partitions())
        .with_batch_size(16_384)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    let options = config.options_mut();
    options.optimizer.hash_join_single_partition_threshold = 64 << 20;
    options.optimizer.hash_join_single_partition_threshold_rows = 2_000_000;
    // Without a zone the planner takes `timestamptz` for `timestamp`.
    options.execution.time_zone = Some("UTC".to_owned());
    options.execution.skip_partial_aggregation_probe_ratio_threshold = 0.2;
    options.execution.spill_compression = SpillCompression::Lz4Frame;
    options.execution.sort_spill_reservation_bytes = sort_reservation(settings);
    options.execution.parquet.schema_force_view_types = false;
    options.execution.parquet.max_in_list_size = 150;
    options.execution.parquet.pushdown_filters = false;
    options.execution.parquet.bloom_filter_on_read = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.sql_parser.collect_spans = true;
    config
}

/// Memory that a sort keeps free for merging: 16 MB, but never so much of a small limit that nothing can be sorted.
/// Joins that sort divide their work at least in two, on both sides.
fn sort_reservation(settings: &EngineSettings) -> usize {
    let share = settings.memory_limit / (settings.partitions().max(2) as u64 * 16);
    usize::try_from(share.min(16 << 20)).unwrap_or(usize::MAX)
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").field("settings", &self.settings).finish_non_exhaustive()
    }
}
