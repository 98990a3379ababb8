//! One file of a load: read on a thread of its own, its rows into data files.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::{Error, Result, TableName};
use bywash_lake::TableShape;
use futures::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::attempt::Attempt;
use super::load::Request;
use super::write::{BytesWritten, Meter, RowWriter, Written, write_sorted};
use crate::source::{RejectedRow, SourceBatch, SourceFile, SourceTypes, Stopped};

/// Batches that may wait between the reading thread and the writer.
const BATCHES_AHEAD: usize = 4;

/// What came of one file.
pub(super) struct FileLoad {
    pub(super) written: Written,
    pub(super) rejected: Vec<RejectedRow>,
    pub(super) warnings: Vec<String>,
}

/// What the reading thread hands over.
enum Handed {
    Rows(SourceBatch),
    /// The file ends here; what a person should know of it.
    End(Vec<String>),
}

impl Attempt {
    pub(super) async fn load_file(
        &self,
        request: &Request<'_>,
        shape: &Arc<TableShape>,
        file: &SourceFile,
        types: &SourceTypes,
        meter: &mut Meter,
    ) -> Result<Result<FileLoad, Misled>> {
        let mut reading = self.read_in_background(request, file, types);
        let (mut rejected, mut warnings) = (Vec::new(), Vec::new());
        let shape = &self.summed(request.node, shape).await?;
        let mut sink = Sink::open(self, &request.node.name, shape, types.schema.clone())?;
        let before = meter.bytes();
        let mut stopped = None;
        while let Some(received) = reading.recv().await {
            let SourceBatch { batch, rejected: bad } = match received {
                Ok(Handed::Rows(rows)) => rows,
                Ok(Handed::End(found)) => {
                    warnings = found;
                    break;
                }
                Err(reason) => {
                    stopped = Some(reason);
                    break;
                }
            };
            rejected.extend(bad);
            meter.tell(|so_far| {
                so_far.rows += batch.num_rows() as u64;
                so_far.bytes = before + sink.bytes();
            });
            if !sink.write(batch).await? {
                break;
            }
        }
        match stopped {
            Some(Stopped::Misfit) => Ok(Err(Misled::Guess)),
            Some(Stopped::Failed(error)) => Err(error),
            None => {
                let written = sink.finish().await?;
                meter.tell(|so_far| so_far.bytes = before + written.bytes);
                Ok(Ok(FileLoad { written, rejected, warnings }))
            }
        }
    }

    fn read_in_background(
        &self,
        request: &Request<'_>,
        file: &SourceFile,
        types: &SourceTypes,
    ) -> mpsc::Receiver<Result<Handed, Stopped>> {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let (sources, file) = (self.runner.sources.clone(), file.clone());
        let (reader, types) = (request.reader.clone(), types.clone());
        tokio::task::spawn_blocking(move || {
            let mut rows = match sources.open(&file, &reader, &types) {
                Ok(rows) => rows,
                Err(error) => return drop(sender.blocking_send(Err(Stopped::Failed(error)))),
            };
            for batch in rows.by_ref() {
                let ends = batch.is_err();
                if sender.blocking_send(batch.map(Handed::Rows)).is_err() || ends {
                    return;
                }
            }
            // Nobody waits for it any more where the load was given up.
            let _ = sender.blocking_send(Ok(Handed::End(rows.warnings())));
        });
        receiver
    }
}

/// Where the rows of a file go: straight into data files, or through a sort for partitioned and clustered tables.
enum Sink {
    Straight(RowWriter),
    Sorted { rows: mpsc::Sender<Result<RecordBatch>>, task: JoinHandle<Result<Written>>, bytes: Arc<BytesWritten> },
}

impl Sink {
    fn open(attempt: &Attempt, name: &TableName, shape: &Arc<TableShape>, schema: SchemaRef) -> Result<Self> {
        let lake = attempt.runner.lake.clone();
        if shape.partition_by.is_empty() && shape.cluster_by.is_empty() {
            return Ok(Self::Straight(RowWriter::new(&lake, shape)?));
        }
        let (rows, incoming) = mpsc::channel(BATCHES_AHEAD);
        let incoming =
            stream::unfold(incoming, async |mut incoming| incoming.recv().await.map(|batch| (batch, incoming)));
        let (engine, shape) = (attempt.runner.engine.clone(), shape.clone());
        let bytes = Arc::new(BytesWritten::default());
        let meter = Meter::new(bytes.clone(), name);
        let task =
            tokio::spawn(async move { write_sorted(&lake, &engine, &shape, schema, incoming.boxed(), meter).await });
        Ok(Self::Sorted { rows, task, bytes })
    }

    /// Bytes written so far, or about to be.
    fn bytes(&self) -> u64 {
        match self {
            Self::Straight(writer) => writer.bytes(),
            Self::Sorted { bytes, .. } => bytes.get(),
        }
    }

    /// Adds rows; false if nobody takes them any more, and `finish` says why.
    async fn write(&mut self, batch: RecordBatch) -> Result<bool> {
        match self {
            Self::Straight(writer) => writer.write(&batch).await.map(|()| true),
            Self::Sorted { rows, .. } => Ok(rows.send(Ok(batch)).await.is_ok()),
        }
    }

    async fn finish(self) -> Result<Written> {
        match self {
            Self::Straight(writer) => writer.finish().await,
            Self::Sorted { rows, task, .. } => {
                drop(rows);
                task.await.map_err(|error| Error::bug("sorting rows ended without a result").caused_by(error))?
            }
        }
    }
}

/// Why the files of a load have to be read in another way.
pub(super) enum Misled {
    /// The guessed types do not fit everything.
    Guess,
}

impl From<Misled> for Error {
    fn from(_: Misled) -> Self {
        Self::bug("a reader called settled types a guess")
    }
}
