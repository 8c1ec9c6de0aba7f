//! The thread that talks to the brokers for one worker's partitions.

use super::client::{self, REQUEST_TIMEOUT, failed};
use super::gaps::{self, Reset};
use super::offsets::{self, Bound, Partition, Place};
use super::passed::{self, Passed};
use crate::delivery::{Outcome, Trouble};
use crate::threads;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message, Timestamp};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientContext, Statistics};
use regex::Regex;
use riverrun_core::{Error, Options, Result};
use riverrun_runtime::source::Waker;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How many hand-overs may wait for the worker.
const WAITING: usize = 8;
/// How many messages one hand-over has at the most.
const MESSAGES: usize = 4096;
/// How long to wait for the first message of a hand-over before looking at commits and the stop flag.
const PATIENCE: Duration = Duration::from_millis(50);

/// A message, copied out of the client.
#[derive(Debug)]
pub struct Record {
    pub topic: Arc<str>,
    pub partition: i32,
    pub offset: i64,
    pub timestamp: i64,
    pub timestamp_type: &'static str,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Vec<u8>)>,
}

/// What the thread tells the worker, in order.
#[derive(Debug)]
pub enum Event {
    /// These partitions are read from now on, from these offsets up to these.
    Assigned(Vec<(Partition, Place)>),
    /// Messages.
    Records(Vec<Record>),
    /// A bounded partition has been read to its end.
    Finished(Partition),
    /// The brokers said no.
    Failed(Error),
}

/// What a fetcher is to read.
#[derive(Clone, Debug)]
pub struct FetchSpec {
    pub table: String,
    pub options: Options,
    pub topics: Vec<String>,
    pub pattern: Option<Regex>,
    pub startup: Bound,
    pub bounded: Option<Bound>,
    pub discovery: Option<Duration>,
    pub worker: usize,
    pub parallelism: usize,
}

/// The worker's end of the thread.
pub struct Fetcher {
    pub events: Receiver<Event>,
    commits: Sender<BTreeMap<Partition, i64>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Fetcher {
    /// Starts the thread. `restored` are places to go on from.
    pub fn start(spec: FetchSpec, restored: BTreeMap<Partition, Place>, waker: Waker) -> Result<Fetcher> {
        let (sender, events) = bounded(WAITING);
        let (commits, to_commit) = unbounded();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let at_end = waker.clone();
        let run = move || {
            let tell = |event| {
                let sent = sender.send(event).is_ok();
                waker();
                sent
            };
            if let Err(error) = fetch(&spec, &restored, &to_commit, &stopped, &tell) {
                tell(Event::Failed(error));
            }
        };
        let thread = threads::spawn("kafka-fetch", at_end, run)
            .map_err(|error| Error::failure(format!("cannot start a thread: {error}")))?;
        Ok(Fetcher { events, commits, stop, thread: Some(thread) })
    }

    /// Commits these offsets to the group, soon.
    pub fn commit(&self, offsets: BTreeMap<Partition, i64>) {
        // A thread that has ended has said why; there is nobody left to commit.
        let _ = self.commits.send(offsets);
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Emptying the channel lets a thread that waits to hand over see the flag.
        let (_, nothing) = bounded(0);
        self.events = nothing;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Takes what the client says by itself.
#[derive(Default)]
pub struct Listener {
    troubles: client::Troubles,
    passed: Passed,
}

impl ClientContext for Listener {
    fn error(&self, error: KafkaError, reason: &str) {
        self.troubles.tell(&error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        self.passed.note(&statistics);
    }
}

impl ConsumerContext for Listener {
    fn commit_callback(&self, result: KafkaResult<()>, _: &TopicPartitionList) {
        if let Err(error) = result {
            // The offsets in the group are for others to see; the job itself goes by its snapshots.
            self.troubles.tell(&error, &format!("cannot commit offsets to the group: {error}"));
        }
    }
}

/// A consumer that reports what happens to a [`Listener`].
pub type Client = BaseConsumer<Listener>;

fn consumer(spec: &FetchSpec) -> Result<Client> {
    let mut config = consumer_config(&spec.table, &spec.options)?;
    if spec.bounded.is_some() {
        config.set("statistics.interval.ms", passed::INTERVAL_MS);
    }
    client_of(&config, &spec.options)
}

/// Refuses properties that a consumer does not take, without a connection.
pub fn check(table: &str, options: &Options) -> Result<()> {
    let mut config = consumer_config(table, options)?;
    config.remove("bootstrap.servers");
    client_of(&config, options).map(drop)
}

fn client_of(config: &ClientConfig, options: &Options) -> Result<Client> {
    Client::from_config_and_context(config, Listener::default())
        .map_err(|error| failed("cannot start a Kafka consumer", &client::servers(options), &error))
}

fn consumer_config(table: &str, options: &Options) -> Result<ClientConfig> {
    let mut config = client::config(table, options)?;
    config
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true");
    if config.get("group.id").is_none() {
        // librdkafka wants a name even of a consumer that commits nothing.
        config.set("group.id", "riverrun-without-group");
    }
    if config.get("queued.max.messages.kbytes").is_none() {
        config.set("queued.max.messages.kbytes", "16384");
    }
    // What is gone is not passed over by the client, which would not say so.
    config.set("auto.offset.reset", "error");
    Ok(config)
}

/// Hears what the client has to say, which waits until it is fetched as records are. Not where there may be records.
fn hear(consumer: &Client) {
    if consumer.assignment().is_ok_and(|assigned| assigned.count() == 0) {
        // Why there is no answer may be told a moment after it has failed to come.
        let end = Instant::now() + Duration::from_secs(1);
        let waits = || Instant::now() < end && !consumer.context().troubles.is_refused();
        while consumer.poll(Duration::from_millis(20)).is_some() || waits() {}
    }
}

/// The partitions of a table's topics; an error if a named topic does not exist.
fn partitions(consumer: &Client, spec: &FetchSpec) -> Outcome<Vec<Partition>> {
    let servers = client::servers(&spec.options);
    let ask = |topic: Option<&str>| {
        consumer.fetch_metadata(topic, REQUEST_TIMEOUT).map_err(|error| {
            hear(consumer);
            client::trouble(consumer.context().troubles.unreachable(&spec.table, &servers, &error), &error)
        })
    };
    let mut found = Vec::new();
    if let Some(pattern) = &spec.pattern {
        for topic in ask(None)?.topics().iter().filter(|topic| pattern.is_match(topic.name())) {
            found.extend(topic.partitions().iter().map(|partition| (topic.name().to_owned(), partition.id())));
        }
    }
    for name in &spec.topics {
        let metadata = ask(Some(name))?;
        for topic in metadata.topics() {
            if let Some(code) = topic.error() {
                let error = KafkaError::MetadataFetch(RDKafkaErrorCode::from(code));
                return Err(client::trouble(failed(&format!("cannot read topic '{name}'"), &servers, &error), &error));
            }
            found.extend(topic.partitions().iter().map(|partition| (topic.name().to_owned(), partition.id())));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The worker that reads a partition: the partitions of a topic in turn, topics starting at different workers.
pub fn owner((topic, partition): &Partition, parallelism: usize) -> usize {
    let start = riverrun_state::hash_key(topic.as_bytes()) as usize % parallelism;
    (start + *partition as usize) % parallelism
}

fn fetch(
    spec: &FetchSpec,
    restored: &BTreeMap<Partition, Place>,
    to_commit: &Receiver<BTreeMap<Partition, i64>>,
    stop: &AtomicBool,
    tell: &dyn Fn(Event) -> bool,
) -> Result<()> {
    let consumer = consumer(spec)?;
    let mut reading = Reading::default();
    let mut started = false;
    let mut next_discovery = Instant::now();
    loop {
        if !started || spec.discovery.is_some_and(|_| Instant::now() >= next_discovery) {
            match discover(spec, restored, &consumer, &mut reading, started, tell) {
                Err(Trouble::Away(error)) if started => {
                    tracing::warn!("table '{}': new partitions are looked for later: {error}", spec.table);
                }
                found => found.map_err(Trouble::into_error)?,
            }
            started = true;
            next_discovery = Instant::now() + spec.discovery.unwrap_or_default();
        }
        // The newest ones stand for those before them.
        if let Some(offsets) = to_commit.try_iter().last() {
            commit(&consumer, &offsets, &spec.table);
        }
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut records = Vec::new();
        let mut finished = Vec::new();
        let mut patience = PATIENCE;
        while records.len() < MESSAGES {
            match consumer.poll(patience) {
                None => break,
                Some(Ok(message)) => reading.take(&message, &mut records, &mut finished),
                Some(Err(KafkaError::PartitionEOF(_))) => reading.at_end(&consumer, &mut finished),
                Some(Err(error)) => match error.rdkafka_error_code() {
                    // The client reconnects by itself, and the listener tells of it; the job waits.
                    Some(code) if client::is_away(code) => {}
                    Some(RDKafkaErrorCode::AutoOffsetReset) => reading.pass_gaps(spec, &consumer, &error)?,
                    _ => return Err(unread(spec, &error)),
                },
            }
            patience = Duration::ZERO;
        }
        reading.past_end(&consumer.context().passed, &mut finished);
        leave(&consumer, &finished).map_err(|error| unread(spec, &error))?;
        if !records.is_empty() && !tell(Event::Records(records)) {
            return Ok(());
        }
        for partition in finished {
            if !tell(Event::Finished(partition)) {
                return Ok(());
            }
        }
    }
}

fn unread(spec: &FetchSpec, error: &KafkaError) -> Error {
    failed(&format!("cannot read table '{}'", spec.table), &client::servers(&spec.options), error)
}

/// What a thread knows of its partitions.
#[derive(Default)]
struct Reading {
    /// The first offset that is not read, of bounded partitions.
    ends: BTreeMap<Partition, i64>,
    /// All partitions seen so far, other workers' too.
    known: BTreeSet<Partition>,
    /// Those that are being read, and the next offset of each.
    open: BTreeMap<Partition, i64>,
}

impl Reading {
    fn take(&mut self, message: &BorrowedMessage<'_>, records: &mut Vec<Record>, finished: &mut Vec<Partition>) {
        let partition = (message.topic().to_owned(), message.partition());
        let Some(next) = self.open.get_mut(&partition) else { return };
        *next = message.offset() + 1;
        let end = self.ends.get(&partition).copied().unwrap_or(i64::MAX);
        if message.offset() < end {
            records.push(record(message));
        }
        if message.offset() + 1 >= end {
            self.open.remove(&partition);
            finished.push(partition);
        }
    }

    /// Finishes partitions whose ends have been come to, whatever was found there.
    fn past_end(&mut self, passed: &Passed, finished: &mut Vec<Partition>) {
        for (partition, end) in &self.ends {
            if passed.end_of(partition).is_some_and(|passed| passed >= *end) && self.open.remove(partition).is_some() {
                finished.push(partition.clone());
            }
        }
    }

    /// A partition has no more to read now: transaction markers may fill it up to its end.
    fn at_end(&mut self, consumer: &Client, finished: &mut Vec<Partition>) {
        let Ok(positions) = consumer.position() else { return };
        for element in positions.elements() {
            let partition = (element.topic().to_owned(), element.partition());
            if let (Offset::Offset(position), Some(&end)) = (element.offset(), self.ends.get(&partition))
                && position >= end
                && self.open.remove(&partition).is_some()
            {
                finished.push(partition);
            }
        }
    }

    /// Goes on behind records that the client has not found, as far as that is wanted.
    fn pass_gaps(&mut self, spec: &FetchSpec, consumer: &Client, cause: &KafkaError) -> Result<()> {
        let mut list = TopicPartitionList::new();
        for (partition, next) in &mut self.open {
            let offset = gaps::passed(consumer, (&spec.table, &spec.options), partition, *next);
            let offset = offset.map_err(Trouble::into_error)?;
            if offset != *next {
                *next = offset;
                add(&mut list, partition, offset).map_err(|error| unread(spec, &error))?;
            }
        }
        if list.count() == 0 {
            return Err(unread(spec, cause));
        }
        let assigned = consumer.incremental_unassign(&list).and_then(|()| consumer.incremental_assign(&list));
        assigned.map_err(|error| unread(spec, &error))
    }
}

/// Reads no more of these.
fn leave(consumer: &Client, finished: &[Partition]) -> KafkaResult<()> {
    let mut list = TopicPartitionList::new();
    for (topic, partition) in finished {
        list.add_partition(topic, *partition);
    }
    if list.count() == 0 { Ok(()) } else { consumer.incremental_unassign(&list) }
}

fn add(list: &mut TopicPartitionList, (topic, partition): &Partition, offset: i64) -> KafkaResult<()> {
    list.add_partition_offset(topic, *partition, Offset::Offset(offset))
}

fn discover(
    spec: &FetchSpec,
    restored: &BTreeMap<Partition, Place>,
    consumer: &Client,
    reading: &mut Reading,
    started: bool,
    tell: &dyn Fn(Event) -> bool,
) -> Outcome<()> {
    let servers = client::servers(&spec.options);
    let fresh: BTreeSet<Partition> =
        partitions(consumer, spec)?.into_iter().filter(|partition| !reading.known.contains(partition)).collect();
    let mine: Vec<Partition> =
        fresh.iter().filter(|partition| owner(partition, spec.parallelism) == spec.worker).cloned().collect();
    if mine.is_empty() {
        reading.known.extend(fresh);
        if !started {
            tell(Event::Assigned(Vec::new()));
        }
        return Ok(());
    }
    // Partitions that appear while the job runs, or that a restored run did not know, are read from their beginning.
    let bound = if started || !restored.is_empty() { &Bound::Earliest } else { &spec.startup };
    let unknown: Vec<Partition> = mine.iter().filter(|partition| !restored.contains_key(*partition)).cloned().collect();
    let latest = Reset::of(&spec.options)? == Reset::Latest;
    let mut starts = offsets::resolve(consumer, bound, &unknown, latest, &servers)?;
    for partition in &mine {
        if let Some(place) = restored.get(partition) {
            starts.insert(partition.clone(), place.offset);
        }
    }
    let mut ends = BTreeMap::new();
    if let Some(end) = &spec.bounded {
        let fixed = |partition: &Partition| restored.get(partition)?.end;
        ends = mine.iter().filter_map(|partition| Some((partition.clone(), fixed(partition)?))).collect();
        let endless: Vec<Partition> = mine.iter().filter(|partition| fixed(partition).is_none()).cloned().collect();
        ends.extend(offsets::resolve(consumer, end, &endless, latest, &servers)?);
    }
    let is_read = |partition: &Partition, offset: i64| ends.get(partition).is_some_and(|end| offset >= *end);
    let named = matches!(bound, Bound::Group | Bound::Specific(_));
    for (partition, offset) in &mut starts {
        // Of an offset that the brokers have not just named it is not known that it is there.
        if (named || restored.contains_key(partition)) && !is_read(partition, *offset) {
            *offset = gaps::passed(consumer, (&spec.table, &spec.options), partition, *offset)?;
        }
    }
    let (done, open): (Vec<_>, Vec<_>) =
        starts.clone().into_iter().partition(|(partition, offset)| is_read(partition, *offset));
    let mut list = TopicPartitionList::new();
    for (partition, offset) in &open {
        add(&mut list, partition, *offset).map_err(|error| failed("cannot assign a partition", &servers, &error))?;
    }
    consumer.incremental_assign(&list).map_err(|error| failed("cannot assign partitions", &servers, &error))?;
    let place = |(partition, offset): (Partition, i64)| {
        let end = ends.get(&partition).copied();
        (partition, Place { offset, end })
    };
    tell(Event::Assigned(starts.into_iter().map(place).collect()));
    reading.open.extend(open);
    reading.ends.extend(ends);
    // Only now: where an answer has failed to come they are as new the next time.
    reading.known.extend(fresh);
    for (partition, _) in done {
        tell(Event::Finished(partition));
    }
    Ok(())
}

/// Asks for a commit of the group's offsets; the listener hears what has become of it.
fn commit(consumer: &Client, offsets: &BTreeMap<Partition, i64>, table: &str) {
    let mut list = TopicPartitionList::new();
    let added = offsets.iter().try_for_each(|(partition, offset)| add(&mut list, partition, *offset));
    let asked = added.and_then(|()| if list.count() > 0 { consumer.commit(&list, CommitMode::Async) } else { Ok(()) });
    if let Err(error) = asked {
        tracing::warn!(table, "cannot commit offsets to the group: {error}");
    }
}

fn record(message: &BorrowedMessage<'_>) -> Record {
    let (timestamp, timestamp_type) = match message.timestamp() {
        Timestamp::CreateTime(time) => (time, "CreateTime"),
        Timestamp::LogAppendTime(time) => (time, "LogAppendTime"),
        Timestamp::NotAvailable => (-1, "NoTimestampType"),
    };
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|header| (header.key.to_owned(), header.value.unwrap_or_default().to_vec())).collect()
    });
    Record {
        topic: message.topic().into(),
        partition: message.partition(),
        offset: message.offset(),
        timestamp,
        timestamp_type,
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}
