//! The sink: rows encoded on the worker, delivered by the client's own threads.

use super::client::{self, failed};
use super::columns::Layout;
use super::connection::{Connection, Deliveries, KafkaProducer};
use super::options;
use super::records::{MetadataPositions, OutRecord, Partitioner, RecordEncoder};
use super::target::KafkaTarget;
use super::upsert::UpsertWriter;
use crate::connector::{AcceptedChanges, SinkFactory, SinkSpec};
use crate::delivery::{DeliverySpec, DeliveryWriter, Guarantee, Stop};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use riverrun_core::{Epoch, Error, Millis, Result, RowBatch};
use riverrun_runtime::{Sink, SinkContext, SinkState};
use riverrun_state::{OperatorSnapshot, RestoredState};
use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many rows are worth a write before their tick is over.
const GATHERED_ROWS: usize = 10_000;

/// After so long without rows a lane writes its token once more: brokers forget offsets and transactional ids that are idle for 7
/// days, unless they are told otherwise.
const REFRESH: Millis = Millis(6 * 60 * 60 * 1000);

/// How often an answer that may pass is asked for again.
const RETRIES: usize = 20;

/// Makes the writers of one Kafka table.
pub struct KafkaSink {
    spec: SinkSpec,
    layout: Layout,
    connection: Connection,
    guarantee: Guarantee,
    delivery: DeliverySpec,
    partitioner: Partitioner,
    /// Whether the brokers allow transactions to stay open for as long as is asked for.
    checked: Mutex<bool>,
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
                ))
                .hint("name one topic in 'topic', and leave 'topic-pattern' out"));
            }
        };
        let partitioner = match options.text(&options::PARTITIONER).unwrap_or_default().to_ascii_lowercase().as_str() {
            "fixed" => Partitioner::Fixed,
            "round-robin" => Partitioner::RoundRobin,
            _ => Partitioner::Client,
        };
        let delivery = DeliverySpec::new(&spec, GATHERED_ROWS, RETRIES)?;
        let connection = Connection { table: spec.table.clone(), topic, options: spec.options.clone() };
        connection.check()?;
        let guarantee = delivery.guarantee;
        Ok(KafkaSink { guarantee, spec, layout, connection, delivery, partitioner, checked: Mutex::new(false) })
    }

    /// Asks once; no worker begins a transaction before the answer is there.
    fn check_transaction_timeout(&self) -> Result<()> {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if !*checked {
            self.connection.check_transaction_timeout()?;
            *checked = true;
        }
        Ok(())
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
        self.guarantee.check(&self.connection.table, &self.spec.options, &context)?;
        if self.guarantee == Guarantee::ExactlyOnce {
            self.check_transaction_timeout()?;
        }
        // Asked in any case: a broker that can't be reached shows now, and not when the first records time out.
        let partitions = self.connection.partition_count()?;
        let position = |key: &str| {
            let position = self.spec.metadata.iter().position(|(name, _)| name == key);
            position.map(|position| self.spec.schema.len() + position)
        };
        let metadata = MetadataPositions { timestamp: position("timestamp"), headers: position("headers") };
        let encoder = RecordEncoder::new(&self.layout, metadata, self.partitioner, partitions, context.worker)?;
        let connection = self.connection.clone();
        let key = if self.layout.upsert { self.spec.primary_key.clone() } else { Vec::new() };
        if context.job.checkpoints {
            let stop = Stop::default();
            let target = KafkaTarget { connection, encoder, key, stop: stop.clone(), producer: None };
            let mut delivery = DeliverySpec { refresh: Some(REFRESH), ..self.delivery.clone() };
            let own = format!("riverrun-{}", context.job.id);
            let prefix = self.spec.options.text(&options::TRANSACTIONAL_ID_PREFIX).unwrap_or(&own);
            // A job may have several sinks of one prefix, into one topic too.
            delivery.lanes = Some(format!("{prefix}-{}", context.id));
            return Ok(Box::new(DeliveryWriter::start(delivery, target, stop, context)?));
        }
        let deliveries = Arc::new(Deliveries::default());
        let producer = self.connection.producer(deliveries.clone(), context.waker.clone(), None)?;
        let awaits_answers = self.guarantee != Guarantee::None;
        let waiting = VecDeque::new();
        let writer = KafkaWriter { connection, encoder, awaits_answers, context, producer, deliveries, waiting };
        match self.layout.upsert {
            true => Ok(Box::new(UpsertWriter::new(writer, key))),
            false => Ok(Box::new(writer)),
        }
    }
}

pub(super) struct KafkaWriter {
    connection: Connection,
    encoder: RecordEncoder,
    /// Whether a tick is over only when its records are acknowledged; at the end all are waited for.
    awaits_answers: bool,
    context: SinkContext,
    producer: KafkaProducer,
    deliveries: Arc<Deliveries>,
    /// Records that the client's queue had no room for.
    waiting: VecDeque<OutRecord>,
}

impl KafkaWriter {
    /// Sends what is waiting until the client's queue is full.
    fn send(&mut self) -> Result<()> {
        while let Some(waiting) = self.waiting.front() {
            let record = waiting.base(&self.connection.topic);
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
        let Connection { table, topic, options } = &self.connection;
        failed(&format!("cannot write table '{table}' to topic '{topic}'"), &client::servers(options), error)
    }

    fn check(&self) -> Result<()> {
        let failure = self.deliveries.failure.lock().unwrap_or_else(PoisonError::into_inner);
        match &*failure {
            Some(error) => Err(self.failed(error)),
            None => Ok(()),
        }
    }
}

impl Sink<RowBatch> for KafkaWriter {
    fn ready(&mut self) -> bool {
        self.waiting.is_empty()
    }

    fn write(&mut self, batch: RowBatch) -> Result<()> {
        let before = self.waiting.len();
        self.encoder.encode(&batch, &mut self.waiting)?;
        let bytes = self.waiting.iter().skip(before).map(OutRecord::bytes).sum();
        self.context.metrics.bytes.add(bytes);
        self.send()
    }

    fn poll(&mut self) -> Result<SinkState> {
        self.send()?;
        let under_way = self.awaits_answers && self.deliveries.in_flight.load(Ordering::Acquire) > 0;
        // After the count: the bad answer that makes it zero has been noted by then.
        self.check()?;
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
        self.awaits_answers = true;
        self.send()
    }

    fn restore(&mut self, _state: RestoredState) -> Result<()> {
        Ok(())
    }
}
