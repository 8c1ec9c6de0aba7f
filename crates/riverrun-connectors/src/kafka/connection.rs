//! A topic that is written: its producers, and what is asked of its brokers.

use super::client::{self, REQUEST_TIMEOUT, failed};
use rdkafka::ClientContext;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, FromClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{Producer, ProducerContext, ThreadedProducer};
use riverrun_core::{Error, Options, Result};
use riverrun_runtime::source::Waker;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, Wake};
use std::time::Duration;

/// How long a transaction may be open where the user says nothing: one is as long as the writing of one epoch takes.
const TRANSACTION_TIMEOUT_MS: u64 = 60_000;

/// A topic and how it is reached.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Our table's name.
    pub table: String,
    /// The topic.
    pub topic: String,
    /// The table's options.
    pub options: Options,
}

/// Which offsets of a group are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Those of transactions that have ended; a group with others is waited for.
    Committed,
    /// The last ones of such, whatever is pending.
    Uncommitted,
}

/// What is under way, as the client's threads see it.
#[derive(Debug, Default)]
pub struct Deliveries {
    /// Records without an answer.
    pub in_flight: AtomicU64,
    /// The first bad answer.
    pub failure: Mutex<Option<KafkaError>>,
}

/// What the client's threads call.
pub struct Context {
    deliveries: Arc<Deliveries>,
    waker: Waker,
    troubles: client::Troubles,
}

impl ClientContext for Context {
    fn error(&self, error: KafkaError, reason: &str) {
        self.troubles.tell(&error, reason);
    }
}

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

/// A producer with threads of its own.
pub type KafkaProducer = ThreadedProducer<Context>;

impl Connection {
    /// A producer; of transactions under this id if one is given.
    pub fn producer(
        &self,
        deliveries: Arc<Deliveries>,
        waker: Waker,
        transactional_id: Option<&str>,
    ) -> Result<KafkaProducer> {
        let config = self.producer_config(transactional_id)?;
        let context = Context { deliveries, waker, troubles: client::Troubles::default() };
        KafkaProducer::from_config_and_context(&config, context)
            .map_err(|error| failed("cannot start a Kafka producer", &client::servers(&self.options), &error))
    }

    /// Refuses properties that a producer does not take, without a connection.
    pub fn check(&self) -> Result<()> {
        let mut config = self.producer_config(None)?;
        config.remove("bootstrap.servers");
        let context =
            Context { deliveries: Arc::default(), waker: Arc::new(|| {}), troubles: client::Troubles::default() };
        let producer = KafkaProducer::from_config_and_context(&config, context);
        producer
            .map(drop)
            .map_err(|error| failed("cannot start a Kafka producer", &client::servers(&self.options), &error))
    }

    fn producer_config(&self, transactional_id: Option<&str>) -> Result<ClientConfig> {
        let mut config = client::config(&self.table, &self.options)?;
        if config.get("linger.ms").is_none() {
            config.set("linger.ms", "5");
        }
        if config.get("enable.idempotence").is_none() && config.get("acks").is_none() {
            // Retries within the client neither double nor reorder records.
            config.set("enable.idempotence", "true");
        }
        if config.get("partitioner").is_none() {
            // The Java client's: a key is in the same partition, whichever client has written it.
            config.set("partitioner", "murmur2_random");
        }
        config.remove("group.id");
        match transactional_id {
            Some(id) => {
                let timeout = self.transaction_timeout().to_string();
                config.set("transactional.id", id).set("transaction.timeout.ms", timeout);
            }
            None => {
                config.remove("transaction.timeout.ms");
            }
        }
        Ok(config)
    }

    /// A consumer of this group that assigns and commits nothing by itself.
    pub fn consumer(&self, group: &str, isolation: Isolation) -> Result<BaseConsumer> {
        let isolation = match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        };
        let mut config = client::config(&self.table, &self.options)?;
        config.set("group.id", group).set("enable.auto.commit", "false").set("isolation.level", isolation);
        BaseConsumer::from_config(&config)
            .map_err(|error| failed("cannot start a Kafka consumer", &client::servers(&self.options), &error))
    }

    /// How many partitions the topic has.
    pub fn partition_count(&self) -> Result<i32> {
        let producer = self.producer(Arc::new(Deliveries::default()), Arc::new(|| {}), None)?;
        let metadata = producer.client().fetch_metadata(Some(&self.topic), REQUEST_TIMEOUT).map_err(|error| {
            let servers = client::servers(&self.options);
            producer.client().context().troubles.unreachable(&self.table, &servers, &error)
        })?;
        Ok(metadata.topics().first().map_or(1, |topic| topic.partitions().len().max(1) as i32))
    }

    fn transaction_timeout(&self) -> u64 {
        let given = self.options.given("properties.transaction.timeout.ms");
        given.and_then(|value| value.text.trim().parse().ok()).unwrap_or(TRANSACTION_TIMEOUT_MS)
    }

    /// Refuses a transaction timeout that the brokers don't allow, where they say what they allow.
    pub fn check_transaction_timeout(&self) -> Result<()> {
        let servers = client::servers(&self.options);
        let mut config = client::config(&self.table, &self.options)?;
        config.remove("group.id");
        config.remove("transaction.timeout.ms");
        let refused =
            |error: KafkaError| failed(&format!("cannot reach Kafka for table '{}'", self.table), &servers, &error);
        let admin: AdminClient<DefaultClientContext> = AdminClient::from_config(&config).map_err(refused)?;
        let metadata = admin.inner().fetch_metadata(None, REQUEST_TIMEOUT).map_err(refused)?;
        let Some(broker) = metadata.brokers().first() else { return Ok(()) };
        // Busy brokers are waited for: what they don't say now is refused in the middle of the job.
        let options = AdminOptions::new().request_timeout(Some(REQUEST_TIMEOUT * 3));
        let brokers = [ResourceSpecifier::Broker(broker.id())];
        let asked = admin.describe_configs(&brokers, &options);
        // Who may not ask will hear of it when the transactions begin.
        let Ok(answers) = block_on(asked) else { return Ok(()) };
        let entry = answers.into_iter().flatten().flat_map(|resource| resource.entries);
        let most = entry.filter(|entry| entry.name == "transaction.max.timeout.ms").find_map(|entry| entry.value);
        let Some(most) = most.and_then(|text| text.parse::<u64>().ok()) else { return Ok(()) };
        let wanted = self.transaction_timeout();
        if wanted <= most {
            return Ok(());
        }
        let place = self.options.given("properties.transaction.timeout.ms").and_then(|value| value.value_place);
        Err(Error::input(format!(
            "table '{}': a transaction may stay open for {most} ms at the most, and {wanted} ms are asked for",
            self.table
        ))
        .hint("lower 'properties.transaction.timeout.ms', or raise transaction.max.timeout.ms of the brokers")
        .at(place))
    }
}

/// Waits for the client's answer to a question of administration, which its own thread brings.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut context = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => std::thread::park_timeout(Duration::from_millis(100)),
        }
    }
}
