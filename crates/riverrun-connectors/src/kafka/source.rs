//! The source: what the fetcher brings, decoded on the worker.

use super::client;
use super::columns::{Layout, RecordDecoder};
use super::fetcher::{self, Event, FetchSpec, Fetcher, Record};
use super::gaps::Reset;
use super::offsets::{self, Partition, Place};
use super::options;
use crate::connector::{OnError, SourceFactory, SourceSpec};
use crate::dead_letter::DeadLetters;
use crate::pattern;
use crate::saved;
use crossbeam_channel::TryRecvError;
use riverrun_core::{Epoch, Error, Result, RowBatch};
use riverrun_runtime::{SourceContext, SourceOutput, SourceReader, SourceState, SplitId};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The version of a split's state.
const STATE_VERSION: u8 = 2;

/// The version without the end of a bounded split.
const ENDLESS_VERSION: u8 = 1;

fn encode(((topic, partition), place): (&Partition, &Place)) -> Result<Vec<u8>> {
    saved::encode(STATE_VERSION, &(topic, partition, place.offset, place.end))
}

fn decode(bytes: &[u8]) -> Result<(Partition, Place)> {
    const WHAT: &str = "a Kafka source";
    let (topic, partition, offset, end) = if bytes.first() == Some(&ENDLESS_VERSION) {
        let (topic, partition, offset) = saved::decode(WHAT, ENDLESS_VERSION, bytes)?;
        (topic, partition, offset, None)
    } else {
        saved::decode(WHAT, STATE_VERSION, bytes)?
    };
    Ok(((topic, partition), Place { offset, end }))
}

/// Makes the readers of one Kafka table.
pub struct KafkaSource {
    spec: SourceSpec,
    layout: Layout,
    fetch: FetchSpec,
}

impl KafkaSource {
    /// Checks the options and that the topics can be reached.
    pub fn new(spec: SourceSpec) -> Result<Self> {
        let layout = Layout::new(&spec.table, &spec.schema, &spec.options, spec.time_zone)?;
        KafkaSource::with_layout(spec, layout)
    }

    /// A source of records of this layout.
    pub fn with_layout(spec: SourceSpec, layout: Layout) -> Result<Self> {
        let options = &spec.options;
        let topics: Vec<String> = options
            .text(&options::TOPIC)
            .map(|text| {
                text.split(';').map(|topic| topic.trim().to_owned()).filter(|topic| !topic.is_empty()).collect()
            })
            .unwrap_or_default();
        let pattern = match options.given(options::TOPIC_PATTERN.name) {
            None => None,
            Some(value) => Some(pattern::whole(options::TOPIC_PATTERN.name, &value.text, value.value_place)?),
        };
        if topics.is_empty() == pattern.is_none() {
            let hint = match pattern {
                None => "name the topic: 'topic' = 'orders', or several: 'topic' = 'orders;returns'",
                Some(_) => "leave one of them out",
            };
            let given = options.given(options::TOPIC_PATTERN.name).or_else(|| options.given(options::TOPIC.name));
            return Err(Error::input(format!("table '{}' needs either 'topic' or 'topic-pattern'", spec.table))
                .hint(hint)
                .at(given.and_then(|value| value.key_place)));
        }
        let discovery = options.duration(&options::DISCOVERY)?.filter(|interval| interval.0 > 0);
        let fetch = FetchSpec {
            table: spec.table.clone(),
            options: options.clone(),
            topics,
            pattern,
            startup: offsets::startup(options)?,
            bounded: offsets::bounded(options)?,
            discovery: discovery.map(|interval| Duration::from_millis(interval.0 as u64)),
            worker: 0,
            parallelism: 1,
        };
        Reset::of(options)?;
        fetcher::check(&spec.table, options)?;
        Ok(KafkaSource { spec, layout, fetch })
    }
}

impl SourceFactory for KafkaSource {
    fn bounded(&self) -> bool {
        self.fetch.bounded.is_some()
    }

    fn reader(&self, context: SourceContext) -> Result<Box<dyn SourceReader<RowBatch>>> {
        let fetch = FetchSpec { worker: context.worker, parallelism: context.parallelism, ..self.fetch.clone() };
        let has_group = self.spec.options.given(options::GROUP.name).is_some();
        Ok(Box::new(KafkaReader {
            decoder: RecordDecoder::new(&self.layout, &self.spec.projection, &self.spec.fields, &self.spec.metadata)?,
            dead: DeadLetters::new(self.spec.table.clone(), context.clock.clone()),
            commits: has_group && self.spec.options.bool(&options::COMMIT_OFFSETS)?,
            spec: self.spec.clone(),
            fetch,
            context,
            fetcher: None,
            restored: BTreeMap::new(),
            places: BTreeMap::new(),
            splits: BTreeMap::new(),
            waiting: VecDeque::new(),
            assigned: false,
            snapshots: VecDeque::new(),
        }))
    }
}

/// The partitions that a worker reads, and from where, for a log.
fn assigned(partitions: &[(Partition, Place)]) -> String {
    let named = |((topic, partition), place): &(Partition, Place)| {
        let end = place.end.map_or_else(String::new, |end| format!(" up to {end}"));
        format!("{topic}-{partition} from offset {}{end}", place.offset)
    };
    match partitions {
        [] => "no partitions for this worker".to_owned(),
        partitions => partitions.iter().map(named).collect::<Vec<_>>().join(", "),
    }
}

struct KafkaReader {
    spec: SourceSpec,
    fetch: FetchSpec,
    context: SourceContext,
    decoder: RecordDecoder,
    dead: DeadLetters,
    fetcher: Option<Fetcher>,
    /// What was gone on from, until it is known which partitions are this worker's: a checkpoint may come before that.
    restored: BTreeMap<Partition, Place>,
    /// Where each partition stands that is not finished, or was.
    places: BTreeMap<Partition, Place>,
    /// The partitions that are being read.
    splits: BTreeMap<Partition, SplitId>,
    /// Records that the worker has not come to.
    waiting: VecDeque<Record>,
    assigned: bool,
    commits: bool,
    /// The offsets of the epochs that are not complete yet.
    snapshots: VecDeque<BTreeMap<Partition, i64>>,
}

impl KafkaReader {
    fn fail(&self, record: &Record, reason: &str) -> Error {
        Error::failure(format!(
            "table '{}', topic '{}', partition {}, offset {}: {reason}",
            self.spec.table, record.topic, record.partition, record.offset
        ))
        .hint("set 'on-error' = 'skip', or to the name of a table for broken records")
    }

    fn broken(&mut self, record: &Record, reason: &str) -> Result<()> {
        match self.spec.on_error {
            OnError::Fail => return Err(self.fail(record, reason)),
            OnError::Skip => self.context.metrics.skipped.add(1),
            OnError::Table(_) => {
                let split = format!("{}-{}", record.topic, record.partition);
                self.dead.push(record.value.as_deref().unwrap_or_default(), reason, &split, record.offset);
                self.context.metrics.dead.add(1);
            }
        }
        Ok(())
    }

    /// Decodes one batch of what is waiting: records of one partition.
    fn decode(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<()> {
        let Some(first) = self.waiting.front() else { return Ok(()) };
        let partition: Partition = (first.topic.to_string(), first.partition);
        let mut taken = 0;
        while self.decoder.rows() < self.spec.batch_size && taken < self.spec.batch_size && !self.decoder.is_full() {
            let same = |record: &Record| *record.topic == *partition.0 && record.partition == partition.1;
            if !self.waiting.front().is_some_and(same) {
                break;
            }
            let Some(record) = self.waiting.pop_front() else { break };
            taken += 1;
            self.context.metrics.bytes.add(record.value.as_ref().map_or(0, |value| value.len() as u64));
            if let Some(place) = self.places.get_mut(&partition) {
                place.offset = record.offset + 1;
            }
            if let Err(error) = self.decoder.decode(&record) {
                self.broken(&record, &error.reason)?;
            }
        }
        self.context.metrics.skipped.add(self.decoder.take_skipped());
        let batch = self.decoder.flush()?;
        if let Some(split) = self.splits.get(&partition) {
            out.emit(split.clone(), batch);
        }
        if !self.dead.is_empty() {
            out.reject(self.dead.flush()?);
        }
        Ok(())
    }
}

impl SourceReader<RowBatch> for KafkaReader {
    fn poll(&mut self, out: &mut SourceOutput<RowBatch>) -> Result<SourceState> {
        if self.fetcher.is_none() {
            let (fetch, waker) = (self.fetch.clone(), self.context.waker.clone());
            self.fetcher = Some(Fetcher::start(fetch, self.restored.clone(), waker)?);
        }
        if !self.waiting.is_empty() {
            self.decode(out)?;
            return Ok(SourceState::Ready);
        }
        let Some(fetcher) = &self.fetcher else { return Err(Error::bug("a Kafka reader without its fetcher")) };
        match fetcher.events.try_recv() {
            Ok(Event::Records(mut records)) => {
                // Stable, so that records of a partition keep their order.
                records.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
                self.waiting.extend(records);
                self.decode(out)?;
                Ok(SourceState::Ready)
            }
            Ok(Event::Assigned(partitions)) => {
                self.assigned = true;
                self.restored.clear();
                tracing::info!("table {}: {}", self.spec.table, assigned(&partitions));
                for (partition, place) in partitions {
                    let split: SplitId = format!("{}-{}", partition.0, partition.1).into();
                    out.open_split(split.clone());
                    self.splits.insert(partition.clone(), split);
                    self.places.insert(partition, place);
                }
                Ok(SourceState::Ready)
            }
            Ok(Event::Finished(partition)) => {
                // What has no record may stand before the end; it is read too.
                if let Some(place) = self.places.get_mut(&partition) {
                    place.offset = place.end.map_or(place.offset, |end| end.max(place.offset));
                }
                if let Some(split) = self.splits.remove(&partition) {
                    out.finish_split(split);
                }
                Ok(SourceState::Ready)
            }
            Ok(Event::Failed(error)) => Err(error),
            Err(TryRecvError::Empty) if self.assigned && self.splits.is_empty() && self.fetch.bounded.is_some() => {
                Ok(SourceState::Finished)
            }
            Err(TryRecvError::Empty) => Ok(SourceState::Idle(None)),
            Err(TryRecvError::Disconnected) => {
                Err(Error::failure(format!("lost the fetcher of '{}'", client::servers(&self.spec.options))))
            }
        }
    }

    fn snapshot(&mut self) -> Result<OperatorSnapshot> {
        self.snapshots.push_back(self.places.iter().map(|(at, place)| (at.clone(), place.offset)).collect());
        let union = self.restored.iter().chain(&self.places).map(encode).collect::<Result<_>>()?;
        Ok(OperatorSnapshot { union, ..Default::default() })
    }

    fn restore(&mut self, state: RestoredState) -> Result<()> {
        for bytes in &state.union {
            let (partition, place) = decode(bytes)?;
            let known = self.restored.entry(partition).or_insert(place);
            *known = known.further(place);
        }
        Ok(())
    }

    fn on_epoch_complete(&mut self, _epoch: Epoch) -> Result<()> {
        // Epochs complete in the order of their snapshots.
        if let Some(offsets) = self.snapshots.pop_front()
            && self.commits
            && let Some(fetcher) = &self.fetcher
        {
            fetcher.commit(offsets);
        }
        Ok(())
    }
}

impl std::fmt::Debug for KafkaSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaSource").field("table", &self.spec.table).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
