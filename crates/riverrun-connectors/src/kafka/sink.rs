//! The sink: rows encoded on the worker, delivered by the client's own threads.

use super::client::{self, failed};
use super::columns::Layout;
use super::options;
use super::upsert::UpsertWriter;
use crate::connector::{AcceptedChanges, SinkFactory, SinkSpec};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMillisecondType;
use rdkafka::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};
use riverrun_core::{Epoch, Error, Result, RowBatch};
use riverrun_formats::{EncodedRows, Encoder};
use riverrun_runtime::source::Waker;
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Makes the writers of one Kafka table.
pub struct KafkaSink {
    spec: SinkSpec,
    layout: Layout,
    topic: String,
    partitioner: Partitioner,
    acknowledged: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Partitioner {
    Client,
    Fixed,
    RoundRobin,
}

impl KafkaSink {
    /// Checks the options.
    pub fn new(spec: SinkSpec) -> Result<Self> {
        let layout = Layout::new(&spec.table, &spec.schema, &spec.options, spec.time_zone)?;
        KafkaSink::with_layout(spec, layout)
    }

    /// A sink of records of this layout.
    pub fn with_layout(spec: SinkSpec, layout: Layout) -> Result<Self> {
        let options = &spec.options;
        let topic = match options.text(&options::TOPIC) {
            Some(topic) if !topic.contains(';') && options.given(options::TOPIC_PATTERN.name).is_none() => {
                topic.to_owned()
            }
            _ => {
                return Err(Error::input(format!(
                    "table '{}' is written, so it needs exactly one 'topic'",
                    spec.table
                )));
            }
        };
        let partitioner = match options.text(&options::PARTITIONER).unwrap_or_default().to_ascii_lowercase().as_str() {
            "fixed" => Partitioner::Fixed,
            "round-robin" => Partitioner::RoundRobin,
            _ => Partitioner::Client,
        };
        let acknowledged = match options.text(&options::GUARANTEE).unwrap_or_default().to_ascii_lowercase().as_str() {
            "none" => false,
            "exactly-once" => {
                let place = options.given(options::GUARANTEE.name).and_then(|value| value.value_place);
                return Err(Error::unsupported("'sink.delivery-guarantee' = 'exactly-once'")
                    .detail("it needs durable checkpoints")
                    .hint("use 'at-least-once' or 'none'")
                    .at(place));
            }
            _ => true,
        };
        // Refuses unknown properties now, without a connection.
        drop(producer(&spec, Arc::new(Deliveries::default()), Arc::new(|| {}))?);
        Ok(KafkaSink { spec, layout, topic, partitioner, acknowledged })
    }
}

impl SinkFactory for KafkaSink {
    fn accepts(&self) -> AcceptedChanges {
        match self.layout.value.format.is_changelog() {
            _ if self.layout.upsert => AcceptedChanges::Upsert,
            true => AcceptedChanges::All,
            false => AcceptedChanges::Append,
        }
    }

    fn writer(&self, context: SinkContext) -> Result<Box<dyn Sink<RowBatch>>> {
        let deliveries = Arc::new(Deliveries::default());
        let producer = producer(&self.spec, deliveries.clone(), context.waker.clone())?;
        let part = |part: &super::columns::Part| {
            part.format.encoder(&part.spec((0..part.columns.len()).collect(), self.layout.time_zone))
        };
        let partitions = match self.partitioner {
            Partitioner::Client => 0,
            _ => partition_count(&producer, &self.topic, &self.spec)?,
        };
        let writer = KafkaWriter {
            upsert: self.layout.upsert,
            key: self.layout.key.as_ref().map(&part).transpose()?,
            value: part(&self.layout.value)?,
            key_columns: self.layout.key.as_ref().map(|key| key.columns.clone()).unwrap_or_default(),
            value_columns: self.layout.value.columns.clone(),
            timestamp: metadata_position(&self.spec, "timestamp"),
            headers: metadata_position(&self.spec, "headers"),
            servers: client::servers(&self.spec.options),
            table: self.spec.table.clone(),
            topic: self.topic.clone(),
            partitioner: self.partitioner,
            acknowledged: self.acknowledged,
            partitions,
            next: context.worker as i32,
            context,
            producer,
            deliveries,
            waiting: VecDeque::new(),
        };
        match self.layout.upsert {
            true => Ok(Box::new(UpsertWriter::new(writer, self.spec.primary_key.clone()))),
            false => Ok(Box::new(writer)),
        }
    }
}

fn metadata_position(spec: &SinkSpec, key: &str) -> Option<usize> {
    spec.metadata.iter().position(|(name, _)| name == key).map(|position| spec.schema.len() + position)
}

/// What is under way, as the client's threads see it.
#[derive(Debug, Default)]
struct Deliveries {
    in_flight: AtomicU64,
    failure: Mutex<Option<KafkaError>>,
}

struct Context {
    deliveries: Arc<Deliveries>,
    waker: Waker,
}

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let mut failure = self.deliveries.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert_with(|| error.clone());
        }
        // The worker waits for zero, or for room in the client's queue.
        let left = self.deliveries.in_flight.fetch_sub(1, Ordering::AcqRel) - 1;
        if left.is_multiple_of(1024) {
            (self.waker)();
        }
    }
}

type KafkaProducer = ThreadedProducer<Context>;

fn producer(spec: &SinkSpec, deliveries: Arc<Deliveries>, waker: Waker) -> Result<KafkaProducer> {
    let mut config = client::config(&spec.table, &spec.options)?;
    if config.get("linger.ms").is_none() {
        config.set("linger.ms", "5");
    }
    if config.get("enable.idempotence").is_none() && config.get("acks").is_none() {
        // Retries within the client neither double nor reorder records.
        config.set("enable.idempotence", "true");
    }
    config.remove("group.id");
    KafkaProducer::from_config_and_context(&config, Context { deliveries, waker })
        .map_err(|error| failed("cannot start a Kafka producer", &client::servers(&spec.options), &error))
}

fn partition_count(producer: &KafkaProducer, topic: &str, spec: &SinkSpec) -> Result<i32> {
    let servers = client::servers(&spec.options);
    let metadata = producer
        .client()
        .fetch_metadata(Some(topic), client::REQUEST_TIMEOUT)
        .map_err(|error| failed(&format!("cannot reach Kafka for table '{}'", spec.table), &servers, &error))?;
    Ok(metadata.topics().first().map_or(1, |topic| topic.partitions().len().max(1) as i32))
}

/// A record that the client's queue had no room for.
struct Waiting {
    key: Option<Vec<u8>>,
    /// Nothing: a tombstone.
    value: Option<Vec<u8>>,
    partition: Option<i32>,
    timestamp: Option<i64>,
    headers: Option<OwnedHeaders>,
}

pub(super) struct KafkaWriter {
    /// Whether a row that is taken back is a tombstone.
    upsert: bool,
    table: String,
    topic: String,
    servers: String,
    key: Option<Box<dyn Encoder>>,
    value: Box<dyn Encoder>,
    key_columns: Vec<usize>,
    value_columns: Vec<usize>,
    timestamp: Option<usize>,
    headers: Option<usize>,
    partitioner: Partitioner,
    acknowledged: bool,
    partitions: i32,
    next: i32,
    context: SinkContext,
    producer: KafkaProducer,
    deliveries: Arc<Deliveries>,
    waiting: VecDeque<Waiting>,
}

impl KafkaWriter {
    fn partition(&mut self) -> Option<i32> {
        match self.partitioner {
            Partitioner::Client => None,
            Partitioner::Fixed => Some(self.context.worker as i32 % self.partitions),
            Partitioner::RoundRobin => {
                self.next = (self.next + 1) % self.partitions;
                Some(self.next)
            }
        }
    }

    /// Sends what is waiting until the client's queue is full.
    fn send(&mut self) -> Result<()> {
        while let Some(waiting) = self.waiting.front() {
            let mut record = BaseRecord::<[u8], [u8]>::to(&self.topic);
            if let Some(value) = &waiting.value {
                record = record.payload(value);
            }
            if let Some(key) = &waiting.key {
                record = record.key(key);
            }
            if let Some(partition) = waiting.partition {
                record = record.partition(partition);
            }
            if let Some(timestamp) = waiting.timestamp {
                record = record.timestamp(timestamp);
            }
            if let Some(headers) = &waiting.headers {
                record = record.headers(headers.clone());
            }
            self.deliveries.in_flight.fetch_add(1, Ordering::AcqRel);
            match self.producer.send(record) {
                Ok(()) => {
                    self.waiting.pop_front();
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    self.deliveries.in_flight.fetch_sub(1, Ordering::AcqRel);
                    return Ok(());
                }
                Err((error, _)) => {
                    self.deliveries.in_flight.fetch_sub(1, Ordering::AcqRel);
                    return Err(self.failed(&error));
                }
            }
        }
        Ok(())
    }

    fn failed(&self, error: &KafkaError) -> Error {
        failed(&format!("cannot write table '{}' to topic '{}'", self.table, self.topic), &self.servers, error)
    }

    fn check(&self) -> Result<()> {
        let failure = self.deliveries.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match &*failure {
            Some(error) if self.acknowledged => Err(self.failed(error)),
            _ => Ok(()),
        }
    }
}

impl Sink<RowBatch> for KafkaWriter {
    fn ready(&mut self) -> bool {
        self.waiting.is_empty()
    }

    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let batch = batch.one_by_one()?;
        let rows = batch.num_rows();
        let part = |columns: &[usize]| -> Result<RecordBatch> { Ok(batch.columns.project(columns)?) };
        let (mut keys, mut values) = (EncodedRows::default(), EncodedRows::default());
        let weights = batch.weights.clone().filter(|_| !self.upsert);
        let value = RowBatch { columns: part(&self.value_columns)?, weights };
        self.value.encode_changes(&value, &mut values)?;
        if let Some(encoder) = &mut self.key {
            encoder.encode(&part(&self.key_columns)?, &mut keys)?;
        }
        let times =
            self.timestamp.map(|column| batch.columns.column(column).as_primitive::<TimestampMillisecondType>());
        let headers = self.headers.map(|column| batch.columns.column(column).as_map());
        let mut key_rows = keys.iter();
        for (row, value) in values.iter().enumerate().take(rows) {
            let partition = self.partition();
            let timestamp = times.filter(|times| times.is_valid(row)).map(|times| times.value(row));
            let headers = headers.filter(|headers| headers.is_valid(row)).map(|headers| {
                let entries = headers.value(row);
                let (names, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_binary::<i32>());
                (0..entries.len()).fold(OwnedHeaders::new(), |all, entry| {
                    let value = values.is_valid(entry).then(|| values.value(entry));
                    all.insert(Header { key: names.value(entry), value })
                })
            });
            self.context.metrics.bytes.add(value.len() as u64);
            let key = key_rows.next().map(<[u8]>::to_vec);
            let value = (!self.upsert || batch.weight(row) > 0).then(|| value.to_vec());
            self.waiting.push_back(Waiting { key, value, partition, timestamp, headers });
        }
        self.send()
    }

    fn poll(&mut self) -> Result<SinkState> {
        self.check()?;
        self.send()?;
        let under_way = self.acknowledged && self.deliveries.in_flight.load(Ordering::Acquire) > 0;
        Ok(if self.waiting.is_empty() && !under_way {
            SinkState::Done
        } else {
            SinkState::Pending(Some(Duration::from_millis(20)))
        })
    }

    fn snapshot(&mut self, _epoch: Epoch) -> Result<OperatorSnapshot> {
        // At-least-once: the tick stays open until all is acknowledged, so nothing is in flight at a barrier.
        Ok(OperatorSnapshot::default())
    }

    fn finish(&mut self) -> Result<()> {
        self.send()
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}

impl Drop for KafkaWriter {
    fn drop(&mut self) {
        // Without acknowledgements the client may still hold records: give it a moment.
        if !self.acknowledged {
            let _ = self.producer.flush(Duration::from_secs(5));
        }
    }
}
