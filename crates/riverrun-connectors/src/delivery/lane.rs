//! Lanes: the numbered writers of a sink, the logs they hold, and both in a checkpoint.
//!
//! ```text
//! version │ length of the head │ head: name, generation, epoch, token, columns, restarts, logs (JSON) │ Arrow IPC stream of each log
//! ```

use crate::connector::SinkSpec;
use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{Field, Int64Type, Schema};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use riverrun_core::{Epoch, Error, Result, RowBatch};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The version of a lane's part.
const VERSION: u8 = 1;

/// The column that holds the weights in a log.
const WEIGHTS: &str = "\u{0}weight";

/// Names a lane for good: its token is kept under this name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LaneName {
    /// The job's id.
    pub job: String,
    /// The sink's name within the job, or whatever names its lanes to the system.
    pub sink: String,
    /// The number of the worker that opened it.
    pub lane: u32,
}

impl fmt::Display for LaneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lane {} of sink '{}', job {}", self.lane, self.sink, self.job)
    }
}

/// The rows of one epoch that are not known to be written.
#[derive(Clone, Debug)]
pub struct EpochLog {
    /// The epoch that they came in.
    pub epoch: Epoch,
    /// The rows, in the order in which they came.
    pub batches: Vec<RowBatch>,
    /// Their size in memory.
    pub bytes: usize,
}

impl EpochLog {
    /// A log without rows.
    pub fn new(epoch: Epoch) -> EpochLog {
        EpochLog { epoch, batches: Vec::new(), bytes: 0 }
    }

    /// Appends rows.
    pub fn push(&mut self, batch: RowBatch) {
        self.bytes += batch.num_bytes();
        self.batches.push(batch);
    }
}

/// The names and types of a table's columns, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns(pub(super) Vec<(String, String)>);

impl Columns {
    /// Those of the rows that come to a sink.
    pub fn of(sink: &SinkSpec) -> Columns {
        let physical = sink.schema.fields.iter().map(|field| (field.name.clone(), field.data_type.kind.to_string()));
        let metadata = sink.metadata.iter().map(|(name, data_type)| (name.clone(), data_type.kind.to_string()));
        Columns(physical.chain(metadata).collect())
    }

    /// Refuses rows of other columns than a table has now. `table` is its name.
    pub fn check(&self, part: &LanePart, table: &str) -> Result<()> {
        // Earlier versions did not say.
        if part.columns == *self || part.columns.0.is_empty() {
            return Ok(());
        }
        Err(Error::input(format!("table '{table}' has other columns than the rows that are still to be written to it"))
            .detail(format!("the checkpoint has rows of {}, the table is {self}", part.columns))
            .hint("run the statements as they were until these rows are written: a savepoint with --stop leaves none"))
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<String> = self.0.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
        write!(f, "({})", columns.join(", "))
    }
}

/// What a checkpoint says of a lane.
#[derive(Clone, Debug)]
pub struct LanePart {
    /// Which one it is.
    pub name: LaneName,
    /// The start of the job that opened it.
    pub generation: u64,
    /// The epoch that the checkpoint ends.
    pub epoch: Epoch,
    /// The last token that is known to stand in the system.
    pub token: Option<Epoch>,
    /// What the rows of the logs consist of.
    pub columns: Columns,
    /// The epochs of the checkpoints that starts have gone on from while logs up to them were still to be written, in order: a key
    /// may have gone into another lane after each of them.
    pub restarts: Vec<Epoch>,
    /// The logs that are not known to be written, in the order of their epochs.
    pub logs: Vec<Arc<EpochLog>>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    name: LaneName,
    generation: u64,
    epoch: u32,
    token: Option<u32>,
    #[serde(default)]
    columns: Columns,
    #[serde(default)]
    restarts: Vec<u32>,
    /// Each log's epoch and the bytes of its stream.
    logs: Vec<(u32, u64)>,
}

impl LanePart {
    /// As bytes.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let streams = self.logs.iter().map(|log| write_stream(&log.batches)).collect::<Result<Vec<_>>>()?;
        let head = Head {
            name: self.name.clone(),
            generation: self.generation,
            epoch: self.epoch.0,
            token: self.token.map(|token| token.0),
            columns: self.columns.clone(),
            restarts: self.restarts.iter().map(|epoch| epoch.0).collect(),
            logs: self.logs.iter().zip(&streams).map(|(log, stream)| (log.epoch.0, stream.len() as u64)).collect(),
        };
        let head = serde_json::to_vec(&head).map_err(|error| Error::bug(error.to_string()))?;
        let mut bytes = vec![VERSION];
        bytes.extend((head.len() as u32).to_le_bytes());
        bytes.extend(head);
        streams.iter().for_each(|stream| bytes.extend(stream));
        Ok(bytes)
    }

    /// From bytes.
    pub fn decode(bytes: &[u8]) -> Result<LanePart> {
        let damaged = || Error::failure("the log of a sink in the checkpoint is damaged");
        let Some((&VERSION, rest)) = bytes.split_first() else {
            return Err(Error::failure("the log of a sink in the checkpoint is of a version that is not known"));
        };
        let (length, rest) = rest.split_first_chunk().ok_or_else(damaged)?;
        let (head, mut rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(damaged)?;
        let head: Head = serde_json::from_slice(head).map_err(|error| damaged().detail(error.to_string()))?;
        let mut logs = Vec::new();
        for (epoch, length) in head.logs {
            let (stream, after) = rest.split_at_checked(length as usize).ok_or_else(damaged)?;
            let mut log = EpochLog::new(Epoch(epoch));
            read_stream(stream)?.into_iter().for_each(|batch| log.push(batch));
            logs.push(Arc::new(log));
            rest = after;
        }
        Ok(LanePart {
            name: head.name,
            generation: head.generation,
            epoch: Epoch(head.epoch),
            token: head.token.map(Epoch),
            columns: head.columns,
            restarts: head.restarts.into_iter().map(Epoch).collect(),
            logs,
        })
    }

    /// The token that stands in the system when all logs are written; `None` if there is nothing to wait for.
    pub fn goal(&self) -> Option<Epoch> {
        self.logs.last().map(|log| log.epoch)
    }
}

/// Batches of one schema as an Arrow IPC stream; nothing without batches.
fn write_stream(batches: &[RowBatch]) -> Result<Vec<u8>> {
    let Some(first) = batches.first() else { return Ok(Vec::new()) };
    let weighted = batches.iter().any(|batch| batch.weights.is_some());
    let mut fields: Vec<_> = first.schema().fields().iter().cloned().collect();
    if weighted {
        fields.push(Arc::new(Field::new(WEIGHTS, arrow::datatypes::DataType::Int64, false)));
    }
    let schema = Arc::new(Schema::new(fields));
    let mut writer = StreamWriter::try_new(Vec::new(), &schema)?;
    for batch in batches {
        let mut columns = batch.columns.columns().to_vec();
        if weighted {
            let weights: ArrayRef = match &batch.weights {
                Some(weights) => Arc::new(Int64Array::new(weights.clone(), None)),
                None => Arc::new(Int64Array::from(vec![1; batch.num_rows()])),
            };
            columns.push(weights);
        }
        writer.write(&RecordBatch::try_new(schema.clone(), columns)?)?;
    }
    writer.finish()?;
    Ok(writer.into_inner()?)
}

fn read_stream(bytes: &[u8]) -> Result<Vec<RowBatch>> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let read = |batch: RecordBatch| -> Result<RowBatch> {
        let weights = batch.schema().fields().iter().position(|field| field.name() == WEIGHTS);
        let Some(position) = weights else { return Ok(RowBatch::append(batch)) };
        let weights = batch.column(position).as_primitive::<Int64Type>().values().clone();
        let columns: Vec<usize> = (0..batch.num_columns()).filter(|column| *column != position).collect();
        Ok(RowBatch { columns: batch.project(&columns)?, weights: Some(weights) })
    };
    StreamReader::try_new(bytes, None)?.map(|batch| read(batch?)).collect()
}
