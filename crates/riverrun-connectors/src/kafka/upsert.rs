//! `upsert-kafka`: topics whose records are the latest versions of rows, as compacted topics keep them.
//!
//! A record's key is the table's PRIMARY KEY, its value the whole row, and a record without a value deletes the row.
//! Source of the semantics: Flink's "Upsert Kafka SQL Connector". Of the changes that one turn brings to a key only the
//! last is written, so that an update is one record and no tombstone comes before it.

use super::columns::Layout;
use super::options;
use super::sink::{KafkaSink, KafkaWriter};
use super::source::KafkaSource;
use crate::connector::{Connector, MetadataColumn, ProducedChanges, SinkFactory, SinkSpec, SourceFactory, SourceSpec};
use crate::delivery::Guarantee;
use crate::scratch::{Overrides, Scratch, ScratchSpec};
use arrow::array::UInt32Array;
use riverrun_core::{Epoch, Error, OptionDef, OptionType, Options, Result, RowBatch};
use riverrun_runtime::{Sink, SinkState};
use riverrun_state::{KeyEncoder, OperatorSnapshot, RestoredState};
use std::collections::HashMap;
use std::sync::Arc;

const KEY_FORMAT: OptionDef =
    OptionDef::required("key.format", OptionType::Text, "The format of the record's key, which is the PRIMARY KEY.");
const VALUE_FORMAT: OptionDef =
    OptionDef::required("value.format", OptionType::Text, "The format of the record's value.");
const FLUSH_ROWS: OptionDef = OptionDef::new(
    "sink.buffer-flush.max-rows",
    OptionType::Int,
    Some("0"),
    "Accepted for Flink's sake: changes of a key are always brought together, turn by turn.",
);
const FLUSH_INTERVAL: OptionDef = OptionDef::new(
    "sink.buffer-flush.interval",
    OptionType::Duration,
    Some("0 s"),
    "Accepted for Flink's sake: changes of a key are always brought together, turn by turn.",
);

const OPTIONS: &[OptionDef] = &[
    options::TOPIC,
    options::SERVERS,
    options::GROUP,
    options::PROPERTIES,
    KEY_FORMAT,
    VALUE_FORMAT,
    options::VALUE_OPTIONS,
    options::KEY_OPTIONS,
    options::KEY_PREFIX,
    options::VALUE_INCLUDE,
    options::BOUNDED,
    options::BOUNDED_OFFSETS,
    options::BOUNDED_TIMESTAMP,
    options::DISCOVERY,
    options::COMMIT_OFFSETS,
    Guarantee::OPTION,
    Guarantee::MAX_BYTES,
    options::TRANSACTIONAL_ID_PREFIX,
    FLUSH_ROWS,
    FLUSH_INTERVAL,
];

/// The connector.
#[derive(Debug)]
pub struct UpsertKafka;

impl Connector for UpsertKafka {
    fn name(&self) -> &'static str {
        "upsert-kafka"
    }

    fn doc(&self) -> &'static str {
        "Reads and writes topics of Apache Kafka as tables whose rows are updated by key."
    }

    fn options(&self) -> &'static [OptionDef] {
        OPTIONS
    }

    fn takes_format(&self) -> bool {
        true
    }

    fn changes(&self, _options: &Options) -> ProducedChanges {
        ProducedChanges::Upsert
    }

    fn metadata(&self) -> Vec<MetadataColumn> {
        super::Kafka.metadata()
    }

    fn has_scratch(&self) -> bool {
        true
    }

    fn unnoticed(&self) -> Overrides {
        super::Kafka.unnoticed()
    }

    fn scratch(&self, spec: &ScratchSpec) -> Result<Option<Scratch>> {
        super::scratch::scratch(spec, true).map(Some)
    }

    fn source(&self, mut spec: SourceSpec) -> Result<Arc<dyn SourceFactory>> {
        let layout = Layout::upsert(&spec.table, &spec.schema, &spec.options, &spec.primary_key, spec.time_zone)?;
        // The rows that are there are what the records since the beginning have made of them.
        spec.options.set(options::STARTUP.name, "earliest-offset");
        Ok(Arc::new(KafkaSource::with_layout(spec, layout)?))
    }

    fn sink(&self, spec: SinkSpec) -> Result<Arc<dyn SinkFactory>> {
        check_flush(&spec.options)?;
        let layout = Layout::upsert(&spec.table, &spec.schema, &spec.options, &spec.primary_key, spec.time_zone)?;
        Ok(Arc::new(KafkaSink::with_layout(spec, layout)?))
    }
}

/// Brings together what a turn changes of each key, and writes what is left of it.
pub(super) struct UpsertWriter {
    writer: KafkaWriter,
    changes: KeyChanges,
}

impl UpsertWriter {
    /// A writer of rows with this key.
    pub(super) fn new(writer: KafkaWriter, primary_key: Vec<usize>) -> UpsertWriter {
        UpsertWriter { writer, changes: KeyChanges::new(primary_key) }
    }

    fn flush(&mut self) -> Result<()> {
        self.changes.take()?.into_iter().try_for_each(|batch| self.writer.write(batch))
    }
}

impl Sink<RowBatch> for UpsertWriter {
    fn ready(&mut self) -> bool {
        self.writer.ready()
    }

    fn write(&mut self, batch: RowBatch) -> Result<()> {
        self.changes.add(batch)
    }

    fn poll(&mut self) -> Result<SinkState> {
        let state = self.writer.poll()?;
        Ok(if self.changes.batches.is_empty() { state } else { SinkState::Pending(None) })
    }

    fn on_tick(&mut self) -> Result<()> {
        self.flush()
    }

    fn snapshot(&mut self, epoch: Epoch) -> Result<OperatorSnapshot> {
        self.writer.snapshot(epoch)
    }

    fn on_epoch_complete(&mut self, epoch: Epoch) -> Result<()> {
        self.writer.on_epoch_complete(epoch)
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        self.writer.finish()
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        self.writer.restore(state)
    }
}

/// The last change of each key, of a turn or an epoch. A row that is added takes the place of its key's, and where a row is taken
/// back its key has none.
#[derive(Default)]
pub(super) struct KeyChanges {
    primary_key: Vec<usize>,
    batches: Vec<RowBatch>,
    keys: KeyEncoder,
    /// Of each key the batch and the row in it.
    last: HashMap<Box<[u8]>, (usize, u32)>,
}

impl KeyChanges {
    pub(super) fn new(primary_key: Vec<usize>) -> KeyChanges {
        KeyChanges { primary_key, ..KeyChanges::default() }
    }

    pub(super) fn add(&mut self, batch: RowBatch) -> Result<()> {
        let columns = batch.columns.project(&self.primary_key)?;
        let keys = self.keys.encode(columns.columns(), batch.num_rows())?;
        let number = self.batches.len();
        for (index, key) in keys.iter().enumerate().filter(|(index, _)| batch.weight(*index) != 0) {
            match self.last.get_mut(key) {
                Some(last) => *last = (number, index as u32),
                None => drop(self.last.insert(key.into(), (number, index as u32))),
            }
        }
        self.batches.push(batch);
        Ok(())
    }

    /// One change per key that has any: its row, or with weight −1 the row that is gone.
    pub(super) fn take(&mut self) -> Result<Vec<RowBatch>> {
        let batches = std::mem::take(&mut self.batches);
        let mut left: Vec<Vec<u32>> = vec![Vec::new(); batches.len()];
        std::mem::take(&mut self.last).into_values().for_each(|(batch, row)| left[batch].push(row));
        let mut changes = Vec::new();
        for (batch, mut rows) in batches.into_iter().zip(left) {
            if rows.is_empty() {
                continue;
            }
            rows.sort_unstable();
            let weights = Some(rows.iter().map(|row| batch.weight(*row as usize).signum()).collect());
            let columns = batch.take(&UInt32Array::from(rows))?.columns;
            changes.push(RowBatch { columns, weights });
        }
        Ok(changes)
    }
}

/// `sink.buffer-flush.*` must be given together, as in Flink.
pub(super) fn check_flush(options: &Options) -> Result<()> {
    let given = |definition: &OptionDef| options.given(definition.name);
    match (given(&FLUSH_ROWS), given(&FLUSH_INTERVAL)) {
        (Some(one), None) | (None, Some(one)) => {
            Err(Error::input("'sink.buffer-flush.max-rows' and 'sink.buffer-flush.interval' go together")
                .hint("set both, or neither: changes of a key are brought together anyway")
                .at(one.key_place))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
