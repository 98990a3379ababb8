//! Rows that are made as they are read, as a table of the planner.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bywash_core::{Error, Result};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::datasource::TableProvider;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::StreamExt;

use super::resolver::StreamTable;

/// The table of a stream.
pub(super) fn provider(table: StreamTable) -> Result<Arc<dyn TableProvider>> {
    let schema = Arc::clone(&table.schema);
    let table = StreamingTable::try_new(schema, vec![Arc::new(Opener(table))])
        .map_err(|error| Error::bug("a stream of rows cannot be planned").caused_by(error))?;
    Ok(Arc::new(table))
}

struct Opener(StreamTable);

impl fmt::Debug for Opener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("StreamTable")
    }
}

impl PartitionStream for Opener {
    fn schema(&self) -> &SchemaRef {
        &self.0.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = (self.0.open)().map(|batch| batch.map_err(|error| DataFusionError::External(Box::new(error))));
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.0.schema), rows))
    }
}
